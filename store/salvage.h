/* A log out of what is left of a damaged one (§17, §22 `repair`).
 *
 * Each event that can be read and proves itself by hash and signature goes into a log by the usual
 * acceptance; of what no event says (what was read silently, peers, growth, the clock) as much as
 * SQLite can still read. The damaged file is only read.
 * Thread: any; blocks. The data directory is the caller's alone (data_directory_lock()).
 */
#ifndef HEARTHCHAT_STORE_SALVAGE_H
#define HEARTHCHAT_STORE_SALVAGE_H

#include "store/damaged_files.h"
#include "store/event_log.h"

struct salvage_options {
    const char *directory; /* of the community */
    struct node_id community_id;
    const struct signing_key *key;
    const struct clock *clock;
    bool answers_messages; /* as the node that will run on it */
};

struct salvage_report {
    char set_aside[DAMAGED_FILES_NAME_BYTES]; /* the damaged log's name now, or that of its journal,
                                                 the only rest; "" when it was sound */
    int64_t readable;                         /* events that proved themselves */
    int64_t own;                              /* of them, this node's own */
    int64_t kept;                             /* of them, taken into the log: it lacked them */
    int64_t aside;    /* of them, kept for when it is known again that their authors belong */
    int64_t unproven; /* what looks like an event of this community and is not genuine */
    int64_t missing;  /* arrival numbers that nothing readable has; a lower bound */
    char lost[480];   /* what of the rest could not be read, or not all of it; "" when all was */
    bool has_log;     /* there is a log now. Else nothing readable proves the community */
};

/* Whether the log is whole. RESULT_NOT_FOUND: there is none. RESULT_UNSUPPORTED, RESULT_MISMATCH,
 * RESULT_FULL: as event_log_open(). RESULT_IO. */
enum result salvage_check(const struct salvage_options *options, bool *whole_out,
                          struct error *error);

/* With a log that is not whole, or none: sets it aside as "events.sqlite.damaged-<date>", and makes
 * one of it and of everything set aside before. With one that is whole: takes into it what those
 * hold. When it fails nothing is lost, and it can be run again. RESULT_IO, RESULT_FULL. */
enum result salvage_run(const struct salvage_options *options, bool whole,
                        struct salvage_report *report_out, struct error *error);

/* Whether anything was set aside here. */
bool salvage_finds_any(const char *directory);

#endif
