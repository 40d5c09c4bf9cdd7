#include "support/searching.h"

#include <stdio.h>

enum { ALICE = 1 };

void searching_open(struct searching *searching, uint8_t members)
{
    *searching = (struct searching){0};
    test_log_open(&searching->log, ALICE, ALICE);
    searching->lamport = test_log_populate(&searching->log, members);
}

void searching_arrive_at(struct searching *searching, uint8_t author, const char *body,
                         json_t *attachments, int64_t lamport, unsigned number)
{
    char id[ULID_TEXT_BYTES];
    char client_id[16];
    const struct signing_key key = test_key(author);
    (void)snprintf(client_id, sizeof client_id, "c%u", ++searching->number);
    struct verified_event *event =
        test_event(event_draft_message(client_id, test_id(ALICE), body, attachments), &key,
                   test_id(ALICE), test_ulid(number, id), lamport);
    json_decref(attachments);
    test_log_receive(&searching->log, &event, 1);
    assert_int_equal(searching->log.accepted, 1);
}

void searching_arrive(struct searching *searching, uint8_t author, const char *body)
{
    searching_arrive_at(searching, author, body, NULL, searching->lamport, 100 + searching->number);
    searching->lamport++;
}

void searching_note(void *context, const struct history_message *message,
                    const struct search_found *where)
{
    struct buffer *found = context;
    (void)where;
    buffer_append_format(found, "[%s]", message->body);
}

void searching_assert_finds_of(struct searching *searching, const char *text,
                               const struct node_id *peer, const char *expected)
{
    struct search_query query = {.text = text, .peer = peer, .limit = 10};
    struct buffer found;
    bool more = true;
    buffer_init(&found);
    assert_int_equal(test_search(searching->log.log, &query, searching_note, &found, &more),
                     RESULT_OK);
    assert_string_equal(buffer_text(&found), expected);
    assert_false(more);
    buffer_deinit(&found);
}

void searching_assert_finds(struct searching *searching, const char *text, const char *expected)
{
    searching_assert_finds_of(searching, text, NULL, expected);
}
