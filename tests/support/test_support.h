/* What unit tests share: known answers, keys, events, a log in a temporary directory, requests
 * without sockets.
 *
 * Thread: the test's.
 */
#ifndef HEARTHCHAT_TESTS_SUPPORT_H
#define HEARTHCHAT_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/account.h"
#include "protocol/canonical.h"
#include "protocol/event_draft.h"
#include "protocol/membership.h"
#include "store/event_log.h"
#include "store/search.h"

/* Reads a file of tests/vectors with jansson alone; the caller owns it. */
json_t *test_vectors(const char *name);

/* A key from one repeated byte; the same every time. */
struct signing_key test_key(uint8_t byte);

/* Its NodeID; static storage. */
const struct node_id *test_id(uint8_t byte);

/* Signs an event of a draft; the caller owns it. Fails the test when it can't. */
struct verified_event *test_event(struct event_draft draft, const struct signing_key *key,
                                  const struct node_id *community_id, const char *event_id,
                                  int64_t lamport);

/* Its text, of key 2 in the community of key 1; the caller frees. */
char *test_event_text(struct event_draft draft);

/* A ULID whose last characters are the number. */
const char *test_ulid(unsigned number, char text_out[static ULID_TEXT_BYTES]);

/* A node manifest of that key. */
json_t *test_manifest(const struct signing_key *key, const char *name, uint16_t port);

/* A whole search, a message at a time. */
enum result test_search(struct event_log *log, const struct search_query *query,
                        search_visit *visit, void *context, bool *more_out);

/* As a node has them for its peers. */
struct account_table *test_accounts(void);

/* Where these lie: in memory, for no test waits for a disk; with little room there, on the disk. */
const char *test_place(void);

/* What the names of temporary directories begin with. */
#define TEST_DIRECTORY "hearthchat-test-"

/* A fresh temporary directory, removed with test_remove_directory(). */
char *test_directory(void);
void test_remove_directory(char **path);

/* A log in such a directory, waiting for each of its answers. */
struct test_log {
    char *directory;
    struct signing_key key;
    struct event_log *log;
    struct lock *lock;
    int answers; /* of log_mark_read_up_to() */
    struct append_answer appended;
    size_t accepted;
    enum event_refusal refusals[2 * UINT8_MAX];
    int64_t committed; /* events that on_commit told of */
    int64_t concerning;
    /* Told of each commit too, on the writer's thread; NULL: nobody is. */
    void (*watch)(void *context, const struct committed_event *events, size_t count);
    void *watching;
};

/* A community of `founder` (see test_key), seen from `self`. Holds nothing yet. */
void test_log_open(struct test_log *test, uint8_t founder, uint8_t self);
void test_log_reopen(struct test_log *test, uint8_t founder);

/* Closes it, if it is open, and opens it with what these say of threads, answers and the clock
 * (NULL: the system's); the rest is as always. */
void test_log_reopen_with(struct test_log *test, uint8_t founder,
                          const struct event_log_options *changes);
void test_log_close(struct test_log *test);

/* Appends and waits. */
const struct append_answer *test_log_append(struct test_log *test, struct event_draft draft);

/* Receives events (consumed) as one batch and waits; refusals[] says what became of each. */
void test_log_receive(struct test_log *test, struct verified_event **events, size_t count);

/* The whole chat.history as JSON text; the caller frees. */
char *test_log_history(struct test_log *test);

/* Fails unless the log, a community of `founder`, is what its events make; how many are aside. */
int64_t test_log_verify(struct test_log *test, uint8_t founder);

/* Founder 1 with members 2 … `members`, all signed as they would sign it themselves, received by
 * the log. Returns the next free lamport. */
int64_t test_log_populate(struct test_log *test, uint8_t members);

#endif
