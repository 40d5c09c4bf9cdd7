/* A history as its authors signed it, to be given to logs again and again, and what logs made of
 * it.
 *
 * Thread: any. People are numbers (see test_key); the community is that of 1. The same calls make
 * the same events, byte for byte.
 */
#ifndef HEARTHCHAT_TESTS_TOLD_H
#define HEARTHCHAT_TESTS_TOLD_H

#include "support/test_support.h"

enum { TOLD_MOST_EVENTS = 4096 };

struct told {
    struct verified_event *events[TOLD_MOST_EVENTS];
    size_t count;
};

/* Each returns the event, borrowed; its event_id is test_ulid(id). */
const struct event *told_add(struct told *told, uint8_t author, struct event_draft draft,
                             unsigned id, int64_t lamport);
const struct event *told_message(struct told *told, uint8_t author, uint8_t recipient,
                                 const char *client_id, unsigned id, int64_t lamport);
const struct event *told_receipt(struct told *told, uint8_t author, bool is_read, unsigned target,
                                 unsigned id, int64_t lamport);
const struct event *told_invitation(struct told *told, uint8_t author, uint8_t invitee,
                                    enum member_level level, unsigned id, int64_t lamport);
const struct event *told_joining(struct told *told, uint8_t author, unsigned invited, unsigned id,
                                 int64_t lamport);
const struct event *told_revocation(struct told *told, uint8_t author, uint8_t target, unsigned id,
                                    int64_t lamport);

/* Founder 1 with 2 … `members`, of whom those from `trusted` on are trusted: ids and lamports 1 to
 * 2 * members - 1. One signature revokes. */
void told_community(struct told *told, uint8_t members, uint8_t trusted);

/* As one batch; the log has them all then, or had them. */
void told_give(struct test_log *test, const struct told *told, size_t from, size_t count);
void told_give_rest(struct test_log *test, const struct told *told, size_t from);

/* The same, whatever the log says of them. */
void told_offer(struct test_log *test, const struct told *told, size_t from, size_t count);

void told_forget(struct told *told);

/* How many accepted events have all of these in their text; NULL: anything. */
size_t told_count(struct event_log *log, const char *one, const char *two, const char *three);

/* verify finds nothing: every table is what a fresh derivation makes. */
void told_assert_whole(const struct test_log *test);

/* The database as it lies on the disk in this moment, with its journal, as a kill would leave it;
 * nobody may be writing. */
void told_copy_database(const char *from_directory, const char *to_directory);

/* A clock of whose time every look takes a while: no slice of anything does more than one turn. */
const struct clock *told_slow_clock(void);

#endif
