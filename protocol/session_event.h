/* What a member says of its session with another one, read: `e2e.session.established` (§24.1) and
 * `e2e.session.broken` (§24.8). Both offer the other one a new receiving key.
 *
 * Thread: any. Acceptance takes any object: false is of an event that is malformed, or of another
 * type, and means nothing. `events` is borrowed from the event.
 */
#ifndef HEARTHCHAT_PROTOCOL_SESSION_EVENT_H
#define HEARTHCHAT_PROTOCOL_SESSION_EVENT_H

#include "protocol/event.h"
#include "protocol/receiving_key.h"

#define SESSION_EVENT_MOST_HASHES 100 /* that one event names */

struct session_established {
    struct node_id peer; /* never the author */
    struct receiving_key reply;
};

struct session_broken {
    struct node_id peer; /* never the author */
    struct receiving_key reply;
    const json_t *events; /* array of hashes, each well-formed */
    size_t count;         /* 1 to SESSION_EVENT_MOST_HASHES */
};

bool session_event_established(const struct event *event,
                               struct session_established *established_out);
bool session_event_broken(const struct event *event, struct session_broken *broken_out);

/* The `index`-th message that is named, from 0. One may be named twice. */
void session_event_hash(const struct session_broken *broken, size_t index,
                        uint8_t hash_out[static BLAKE3_HASH_BYTES]);

#endif
