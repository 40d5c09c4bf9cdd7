/* Which ids no stored event has, known without a look: those above the greatest, and those of one
 * gap, up to which a backlog comes in order. Events with the same hash have the same id, so what
 * has an id of its own is neither held nor a twin.
 *
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_IDS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_IDS_PRIVATE_H

#include "protocol/ulid.h"
#include "store/database_private.h"

/* All "": nothing is known, and looked for. */
struct log_ids {
    char greatest[ULID_TEXT_BYTES]; /* that is stored, aside or not; "": none */
    char above[ULID_TEXT_BYTES];    /* no stored event's id is above this one … */
    char below[ULID_TEXT_BYTES];    /* … and below this one */
};

void log_ids_load(struct log_ids *ids, struct database *database);

/* False when an event with this id may be stored. True: none is, and the caller stores one now, or
 * loads again. */
bool log_ids_take(struct log_ids *ids, struct database *database,
                  const char event_id[static ULID_TEXT_BYTES]);

#endif
