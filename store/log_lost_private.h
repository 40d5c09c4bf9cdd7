/* Messages that a peer had, and whose keys its device has lost: it says so by asking for them
 * again (§24.8). They are given when this node's owner says so (log_restoring.h), and not before:
 * whoever has a stolen device's key alone could ask, too.
 *
 * Thread: writer; inside a transaction, but for what tells.
 * Limits: what a peer names is remembered once a message.
 */
#ifndef HEARTHCHAT_STORE_LOG_LOST_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_LOST_PRIVATE_H

#include "protocol/payload.h"
#include "store/log_private.h"

/* SQL: how many keys a peer has lost that can still be given; what was deleted since has none.
 * Whether anybody lost any is asked once a statement. */
#define LOG_LOST_COUNT(peer)                                                                       \
    "CASE WHEN EXISTS(SELECT 1 FROM lost) THEN "                                                   \
    "(SELECT count(*) FROM lost l JOIN keyring k ON k.hash=l.hash WHERE l.peer=" peer              \
    " AND k.key IS NOT NULL) ELSE 0 END"

/* What a peer may have of an event's key. */
enum log_lost_claim {
    LOG_LOST_NOTHING, /* it is no message between us; it holds keys; or there is no key to give */
    LOG_LOST_MISSING, /* a message to the peer, which never said to have it */
    LOG_LOST_HAD,     /* at the owner's word: what it said to have, wrote itself, or was given the
                         key of so often that it gets it no more for the asking */
};

/* The key is in *key_in_out for all but LOG_LOST_NOTHING, where it may be: the caller wipes it. */
enum log_lost_claim log_lost_look(struct event_log *log, const struct node_id *peer,
                                  struct payload_key *key_in_out);

/* The peer asks for one that it had; the owner is told. Whether that is known. */
void log_lost_note(struct event_log *log, const struct node_id *peer,
                   const uint8_t hash[static BLAKE3_HASH_BYTES]);
bool log_lost_has(struct event_log *log, const struct node_id *peer,
                  const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* It is given, or can't be. */
void log_lost_forget(struct event_log *log, const struct node_id *peer,
                     const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* After the commit: tells how many that peer has lost, and so that what is kept here of it is to be
 * read again; of what was noted, if anything was (event_log.h). */
void log_lost_tell_of(struct event_log *log, const struct node_id *peer);
void log_lost_tell(struct event_log *log);

#endif
