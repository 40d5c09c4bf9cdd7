/* A log that is searched: Alice's, with what others wrote to her.
 *
 * Thread: the test's. What fails, fails the test.
 */
#ifndef HEARTHCHAT_TESTS_SEARCHING_H
#define HEARTHCHAT_TESTS_SEARCHING_H

#include "support/test_support.h"

struct searching {
    struct test_log log;
    int64_t lamport; /* of what arrives next */
    unsigned number; /* so many have arrived */
};

/* Alice, key 1, and members up to that key; closed by test_log_close() of its log. */
void searching_open(struct searching *searching, uint8_t members);

/* A message to her; `attachments` (may be NULL) is consumed, `number` is its id's. */
void searching_arrive_at(struct searching *searching, uint8_t author, const char *body,
                         json_t *attachments, int64_t lamport, unsigned number);
void searching_arrive(struct searching *searching, uint8_t author, const char *body);

/* A search_visit: appends "[body]" to the buffer that is its context. */
void searching_note(void *context, const struct history_message *message,
                    const struct search_found *where);

/* The bodies that are found are these, "[newest][next]"; of one conversation, or of all. */
void searching_assert_finds_of(struct searching *searching, const char *text,
                               const struct node_id *peer, const char *expected);
void searching_assert_finds(struct searching *searching, const char *text, const char *expected);

#endif
