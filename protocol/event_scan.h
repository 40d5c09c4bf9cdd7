/* Pages of events in canonical text, read without a parser for what needs none: a first sync reads
 * hundreds of thousands.
 *
 * Thread: any. What is not exactly canonical is left to event_parse(), which says what is wrong: an
 * event that is read here reads there just the same.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_SCAN_H
#define HEARTHCHAT_PROTOCOL_EVENT_SCAN_H

#include "core/buffer.h"
#include "protocol/event.h"
#include "protocol/foreign_text.h"

/* The event whose canonical text begins there. `length_bytes` is what is left of the text;
 * *taken_out is how much of it the event is. False: event_parse() must look at it. */
bool event_scan_one(const char *text, size_t length_bytes, const struct node_id *community_id,
                    struct event **event_out, size_t *taken_out);

/* The events of {"events":[…], …}, at most `most`, into `events_out` (room for so many; the caller
 * destroys them). Of a sealed message neither from nor to `reader` the envelope is checked as of
 * any other, but not given: it is NULL. False: there is something among them for event_parse(), and
 * none is given. */
bool event_scan_page(const struct foreign_text *page, const struct node_id *community_id,
                     const struct node_id *reader, size_t most, struct event **events_out,
                     size_t *count_out);

/* Of {"events":[…], …} that ends somewhere, as an answer that broke off does: a page of those of
 * its events that are whole, into the empty buffer. False: there is none. */
bool event_scan_broken_page(const char *text, size_t length_bytes, struct buffer *page_out);

#endif
