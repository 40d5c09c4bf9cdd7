/* Members of one community, each with its own log in this process, who keep keys and give each
 * other their events.
 *
 * Thread: the test's. People are numbers from 1 (see test_key), and so are their logs; time stands
 * still unless it is moved.
 */
#ifndef HEARTHCHAT_TESTS_NEIGHBOURS_H
#define HEARTHCHAT_TESTS_NEIGHBOURS_H

#include "protocol/receiving_key.h"
#include "store/history.h"
#include "support/test_support.h"

enum { NEIGHBOURS_MOST = 4 };

struct neighbours {
    struct test_log logs[NEIGHBOURS_MOST + 1]; /* from 1 on */
    int count;
    int64_t given[NEIGHBOURS_MOST + 1][NEIGHBOURS_MOST + 1]; /* up to which arrival number */
    int64_t now_ms;
    struct clock clock;
};

void neighbours_begin(struct neighbours *neighbours, int count);

/* And everybody's prekeys are everywhere. */
void neighbours_begin_known(struct neighbours *neighbours, int count);

void neighbours_end(struct neighbours *neighbours);

/* After each of the logs was verified. */
void neighbours_end_whole(struct neighbours *neighbours);

void neighbours_reopen(struct neighbours *neighbours, int who);

/* All that `from` has and did not give to `to` yet, in its order of arrival; backwards, one at a
 * time, the last first. */
void neighbours_give(struct neighbours *neighbours, int from, int to);
void neighbours_give_backwards(struct neighbours *neighbours, int from, int to);

/* The same at once, on a disk that may fail: then nothing of it counts as given. */
enum result neighbours_try_to_give(struct neighbours *neighbours, int from, int to);

/* Until nobody has anything to give; all terms are then what the tables say (support/terms.h). */
void neighbours_exchange(struct neighbours *neighbours);

/* Sends a message; returns its lamport. */
int64_t neighbours_send(struct neighbours *neighbours, int from, int to, const char *text);

/* How many messages in that log have this text and this state. */
int neighbours_count(struct neighbours *neighbours, int who, const char *text,
                     enum message_e2e e2e);

/* The same of those that say that they were delivered. */
int neighbours_count_delivered(struct neighbours *neighbours, int who, const char *text);

/* How many events of that log have all of these in their text; NULL: anything. */
int neighbours_count_events(struct neighbours *neighbours, int who, const char *one,
                            const char *two);

/* A statement on the database, which nobody has open meanwhile. */
void neighbours_change_database(struct neighbours *neighbours, int who, const char *sql);

/* The first column of a statement's first row. */
int64_t neighbours_ask_database(struct neighbours *neighbours, int who, const char *sql);

/* The same of a blob of so many bytes. False: there is no row. */
bool neighbours_ask_bytes(struct neighbours *neighbours, int who, const char *sql, void *bytes_out,
                          size_t length_bytes);

/* Whether those bytes stand in any file of the log's directory. */
bool neighbours_holds_bytes(struct neighbours *neighbours, int who, const void *bytes,
                            size_t length_bytes);

/* Time goes on, and the log has something to do. */
void neighbours_pass(struct neighbours *neighbours, int who, int64_t ms);

/* The prekey that `who` published last, as that log has it. */
struct receiving_key neighbours_prekey(struct neighbours *neighbours, int who);

/* Views are what a fresh derivation makes of log and keyring, and terms are what the tables say. */
void neighbours_verify(struct neighbours *neighbours, int who);
void neighbours_verify_all(struct neighbours *neighbours);

#endif
