#include "gossip/page_size.h"

enum { USUAL_EVENT_BYTES = 1024, LEAST_EVENT_BYTES = 256, SECOND_MS = 1000 };

static size_t bounded(size_t value, size_t least, size_t most)
{
    return value < least ? least : value > most ? most : value;
}

size_t page_size_next(const struct page_size *size)
{
    return size->bytes == 0 ? PAGE_SIZE_FIRST_BYTES : size->bytes;
}

size_t page_size_next_events(const struct page_size *size)
{
    return bounded(page_size_next(size) / page_size_event_bytes(size), 1, EVENT_BATCH_MOST_EVENTS);
}

size_t page_size_soon(const struct page_size *size)
{
    return bounded(size->bytes_a_second, PAGE_SIZE_FIRST_BYTES,
                   bounded(page_size_next(size), PAGE_SIZE_FIRST_BYTES, PAGE_SIZE_MOST_BYTES));
}

size_t page_size_soon_events(const struct page_size *size)
{
    return bounded(page_size_soon(size) / LEAST_EVENT_BYTES, 1, EVENT_BATCH_MOST_EVENTS);
}

size_t page_size_event_bytes(const struct page_size *size)
{
    return size->event_bytes == 0 ? USUAL_EVENT_BYTES : size->event_bytes;
}

/* Larger events count at once: a page of them must not take a minute. */
void page_size_note_events(struct page_size *size, size_t bytes, size_t events)
{
    size_t each = events == 0 ? 0 : bytes / events;
    if (each >= LEAST_EVENT_BYTES) {
        size->event_bytes = each > size->event_bytes ? each : (3 * size->event_bytes + each) / 4;
    }
}

void page_size_carried(struct page_size *size, size_t bytes, int64_t took_ms)
{
    size_t ms = took_ms < 1 ? 1 : (size_t)took_ms;
    size_t now = page_size_next(size);
    if (bytes < now / 2 && took_ms <= PAGE_SIZE_MS) {
        return;
    }
    size_t fits = (size_t)((uint64_t)bytes * PAGE_SIZE_MS / ms);
    size->bytes_a_second = (size_t)((uint64_t)bytes * SECOND_MS / ms);
    size->bytes = bounded(bounded(fits, PAGE_SIZE_LEAST_BYTES, now * PAGE_SIZE_GROWTH),
                          PAGE_SIZE_LEAST_BYTES, PAGE_SIZE_MOST_BYTES);
}

void page_size_broke(struct page_size *size)
{
    size->bytes = bounded(page_size_next(size) / 2, PAGE_SIZE_LEAST_BYTES, PAGE_SIZE_MOST_BYTES);
}
