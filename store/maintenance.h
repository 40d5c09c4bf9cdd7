/* Looking after a log: verify, rebuild, backup (§22).
 *
 * Thread: any; blocks. verify and backup work beside a running node: they read one moment of the
 * log. rebuild needs the data directory for itself (data_directory_lock()).
 */
#ifndef HEARTHCHAT_STORE_MAINTENANCE_H
#define HEARTHCHAT_STORE_MAINTENANCE_H

#include "store/event_log.h"

struct maintenance_report {
    int64_t events;
    int64_t aside;          /* of them, kept for audit alone */
    int64_t damaged;        /* events whose text, hash, signature or columns are not right */
    char differing[128];    /* tables that a fresh derivation makes otherwise; "" when none */
    bool database_is_sound; /* SQLite's own check */
};

/* Checks every hash and signature, and the views against a fresh derivation from a copy.
 * `directory`: the community's. RESULT_OK when it could be checked, whatever was found. RESULT_IO.
 */
enum result maintenance_verify(const char *directory, const struct node_id *community_id,
                               const struct signing_key *key, const struct clock *clock,
                               struct maintenance_report *report_out, struct error *error);

/* Derives everything again, in one transaction. */
enum result maintenance_rebuild(const char *directory, const struct node_id *community_id,
                                const struct signing_key *key, const struct clock *clock,
                                struct error *error);

/* Writes a tar of the data directory; unpacked, it is a data directory. `file` must not exist:
 * RESULT_EXISTS. RESULT_IO: there is no file then either. */
enum result maintenance_backup(const char *data_directory, const char *file, struct error *error);

#endif
