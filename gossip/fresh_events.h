/* The texts of the events that were stored last: passing them on reads nothing from the disk, and
 * waits for no reader.
 *
 * Thread: any; one lock. Bounds: 128 events of 4 KiB. What could change who belongs makes all be
 * forgotten, for events may be kept aside since.
 */
#ifndef HEARTHCHAT_GOSSIP_FRESH_EVENTS_H
#define HEARTHCHAT_GOSSIP_FRESH_EVENTS_H

#include "gossip/event_batch.h"

struct fresh_events;

struct fresh_events *fresh_events_create(void);
void fresh_events_destroy(struct fresh_events **fresh);

/* They were stored, in that order. */
void fresh_events_add(struct fresh_events *fresh, const struct committed_event *events,
                      size_t count);

/* Adds the events of these arrival numbers. False when they are not all there, or don't all fit:
 * then the writer is of no use any more. */
bool fresh_events_write(struct fresh_events *fresh, const int64_t *seqs, size_t count,
                        struct event_batch_writer *writer);

#endif
