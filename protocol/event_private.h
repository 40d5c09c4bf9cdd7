/* What the two ways to read an event share (event.c, event_scan.c).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_PRIVATE_H
#define HEARTHCHAT_PROTOCOL_EVENT_PRIVATE_H

#include <stdbool.h>

#include "protocol/event.h"
#include "protocol/event_kind.h"

/* Room that the signature member takes in the canonical text of the whole event. */
enum { EVENT_SIGNATURE_MEMBER_BYTES = sizeof "\"signature\":\"\"," - 1 + SIGNATURE_TEXT_BYTES - 1 };

/* With the envelope and the signed text in place: reads the data by the rules of its kind (NULL: it
 * is in its place already), checks sizes. False: bad_event. `error` may be NULL. */
bool event_settle(struct event *event, const struct event_kind *kind, const json_t *data,
                  struct error *error);

/* Then: the hashes of those signed texts. */
void event_hash_each(struct event *const *events, size_t count);

#endif
