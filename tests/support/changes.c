#include "support/changes.h"

#include <stdio.h>
#include <string.h>

enum { FOUNDER = 1, FIRST_LAMPORT = 100 };

static void note_shown(void *context, const struct history_message *message)
{
    struct shown *shown = context;
    shown->count++;
    if (strcmp(message->event_id, shown->event_id) == 0) {
        shown->found = true;
        shown->e2e = message->e2e;
        shown->edited = message->edited_at != NULL;
        shown->deleted = message->deleted_at != NULL;
        shown->is_reply = message->reply_to != NULL;
        (void)snprintf(shown->body, sizeof shown->body, "%s", message->body);
        (void)snprintf(shown->own_reaction, sizeof shown->own_reaction, "%s",
                       message->own_reaction);
        (void)snprintf(shown->peer_reaction, sizeof shown->peer_reaction, "%s",
                       message->peer_reaction);
        if (shown->is_reply) {
            (void)snprintf(shown->reply_to, sizeof shown->reply_to, "%s", message->reply_to);
        }
    }
}

struct shown changes_look(struct neighbours *street, int who, const char *event_id)
{
    struct shown shown = {.event_id = event_id};
    bool more = false;
    const struct history_query query = {.limit = HISTORY_MOST_LIMIT};
    assert_int_equal(history_page(street->logs[who].log, &query, note_shown, &shown, &more),
                     RESULT_OK);
    assert_true(shown.found);
    return shown;
}

static void count_found(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    (void)message, (void)found;
    ++*(int *)context;
}

int changes_count_search(struct neighbours *street, int who, const char *text)
{
    int count = 0;
    bool more = false;
    const struct search_query query = {.text = text, .limit = 10};
    assert_int_equal(test_search(street->logs[who].log, &query, count_found, &count, &more),
                     RESULT_OK);
    return count;
}

static void keep_answer(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

struct append_answer changes_append(struct neighbours *street, int who,
                                    const struct log_change *change)
{
    struct append_answer answer = {0};
    assert_int_equal(log_append_change(street->logs[who].log, change, keep_answer, &answer),
                     RESULT_OK);
    return answer;
}

struct append_answer changes_say(struct neighbours *street, int who, enum payload_kind kind,
                                 const char *event_id, const char *text)
{
    static unsigned number;
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "change-%u", number++);
    const struct log_change change = {
        .kind = kind, .event_id = event_id, .text = text, .client_id = client_id};
    return changes_append(street, who, &change);
}

struct append_answer changes_send(struct neighbours *street, int from, int to, const char *text,
                                  const char *reply_to)
{
    static unsigned number;
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "text-%u", number++);
    struct event_draft draft = event_draft_message(client_id, test_id((uint8_t)to), text, NULL);
    (void)snprintf(draft.reply_to, sizeof draft.reply_to, "%s", reply_to);
    return *test_log_append(&street->logs[from], draft);
}

static struct verified_event *craft(struct crafting *crafting, int author, struct buffer *payload)
{
    char client_id[16];
    char event_id[ULID_TEXT_BYTES];
    uint8_t ephemeral[HPKE_KEY_BYTES];
    struct envelope_sealing sealing = {
        .to = crafting->prekey, .seq = crafting->made + 1, .ephemeral = ephemeral};
    const struct signing_key key = test_key((uint8_t)author);
    const struct envelope_place place = {.author = test_id((uint8_t)author),
                                         .recipient = test_id((uint8_t)crafting->reader),
                                         .community_id = test_id(FOUNDER),
                                         .client_id = client_id};
    (void)snprintf(client_id, sizeof client_id, "crafted-%u", crafting->made);
    signing_random(ephemeral, sizeof ephemeral);
    signing_random(sealing.key.key, sizeof sealing.key.key);
    struct event_draft draft =
        event_draft_sealed(client_id, place.recipient,
                           envelope_seal(&place, &sealing, payload->data, payload->length_bytes));
    buffer_deinit(payload);
    return test_event(draft, &key, test_id(FOUNDER), test_ulid(5000 + crafting->made++, event_id),
                      crafting->lamport++);
}

struct verified_event *changes_craft_text(struct crafting *crafting, int author, const char *text)
{
    struct buffer payload;
    buffer_init(&payload);
    assert_int_equal(payload_write_text(text, NULL, NULL, &payload), RESULT_OK);
    return craft(crafting, author, &payload);
}

struct verified_event *changes_craft_edit(struct crafting *crafting, int author,
                                          const uint8_t *target, const char *text)
{
    struct buffer payload;
    buffer_init(&payload);
    assert_int_equal(payload_write_edit(target, text, &payload), RESULT_OK);
    return craft(crafting, author, &payload);
}

struct verified_event *changes_craft_delete(struct crafting *crafting, int author,
                                            const uint8_t *target)
{
    struct buffer payload;
    buffer_init(&payload);
    payload_write_delete(target, &payload);
    return craft(crafting, author, &payload);
}

struct verified_event *changes_craft_reaction(struct crafting *crafting, int author,
                                              const uint8_t *target, const char *emoji)
{
    struct buffer payload;
    buffer_init(&payload);
    payload_write_reaction(target, emoji, &payload);
    return craft(crafting, author, &payload);
}

void changes_receive(struct crafting *crafting, struct verified_event *event)
{
    struct test_log *log = &crafting->street->logs[crafting->reader];
    test_log_receive(log, &event, 1);
    assert_int_equal(log->refusals[0], EVENT_ACCEPTABLE);
}

struct crafting changes_craft_for(struct neighbours *street, int reader)
{
    return (struct crafting){.street = street,
                             .reader = reader,
                             .prekey = neighbours_prekey(street, reader),
                             .lamport = FIRST_LAMPORT};
}
