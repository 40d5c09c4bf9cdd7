/* Looking after a log: verify and rebuild (§22).
 *
 * Thread: any; blocks. verify works beside a running node: it reads one moment of the log. rebuild
 * needs the data directory for itself (data_directory_lock()).
 */
#ifndef HEARTHCHAT_STORE_MAINTENANCE_H
#define HEARTHCHAT_STORE_MAINTENANCE_H

#include "store/event_log.h"

#define MAINTENANCE_MOST_NAMED 8

struct maintenance_report {
    int64_t events;
    int64_t aside;      /* of them, kept for audit alone */
    int64_t damaged;    /* events whose text, hash, signature or columns are not right */
    int64_t keys;       /* of sealed messages */
    int64_t wrong_keys; /* of them: not those of their messages */
    char wrong_key_of[MAINTENANCE_MOST_NAMED][ULID_TEXT_BYTES]; /* the first of these messages */
    int64_t unopened;              /* right keys of messages that their authors sealed wrongly */
    int64_t offers;                /* receiving keys that this node offered */
    int64_t offers_without_secret; /* as is right of those that have served */
    bool newest_offer_is_lost;     /* others seal to a secret that is not here */
    char differing[128];    /* tables that a fresh derivation makes otherwise; "" when none */
    bool database_is_sound; /* SQLite's own check */
};

/* Checks every hash and signature, every key, and the views against a fresh derivation from a copy.
 * `directory`: the community's. RESULT_OK when it could be checked, whatever was found. RESULT_IO.
 */
enum result maintenance_verify(const char *directory, const struct node_id *community_id,
                               const struct signing_key *key, const struct clock *clock,
                               struct maintenance_report *report_out, struct error *error);

/* Derives everything again, in one transaction. Keys that are not those of their messages are
 * forgotten: what our secrets don't open then waits, and is asked for. */
enum result maintenance_rebuild(const char *directory, const struct node_id *community_id,
                                const struct signing_key *key, const struct clock *clock,
                                struct error *error);

#endif
