/* How much one call to a peer is to carry in one direction, by what the link has shown: what takes
 * about five seconds (§10). A village's radio link converges, a fast one carries full pages soon.
 *
 * Thread: one at a time. {0}: nothing is known yet.
 */
#ifndef HEARTHCHAT_GOSSIP_PAGE_SIZE_H
#define HEARTHCHAT_GOSSIP_PAGE_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "gossip/event_batch.h"

#define PAGE_SIZE_FIRST_BYTES 8192
#define PAGE_SIZE_LEAST_BYTES 4096 /* one event in any case */
#define PAGE_SIZE_MOST_BYTES EVENT_BATCH_MOST_BYTES
#define PAGE_SIZE_MS 5000 /* what a page is to take */
#define PAGE_SIZE_GROWTH 8

struct page_size {
    size_t bytes;          /* 0: PAGE_SIZE_FIRST_BYTES */
    size_t bytes_a_second; /* as last seen; 0: unknown */
    size_t event_bytes;    /* of an event, lately; 0: unknown */
};

/* Of the next page. */
size_t page_size_next(const struct page_size *size);

/* How many events of the size that they had lately that is: 1 … EVENT_BATCH_MOST_EVENTS. */
size_t page_size_next_events(const struct page_size *size);

/* What is on its way in about a second, so that it does no harm if others send it too. */
size_t page_size_soon(const struct page_size *size);

/* The same, in events of the least size: more are more than that. */
size_t page_size_soon_events(const struct page_size *size);

/* Of an event: as they were lately, or as usual. */
size_t page_size_event_bytes(const struct page_size *size);

/* A call carried so much in that time. What is far below a page tells little of the link, and makes
 * the next one smaller only if it was slow. */
void page_size_carried(struct page_size *size, size_t bytes, int64_t took_ms);

/* So large were so many events together. */
void page_size_note_events(struct page_size *size, size_t bytes, size_t events);

/* A page did not get through. */
void page_size_broke(struct page_size *size);

#endif
