/* The set is a function of the events (§6, §7): `shuffled_histories [FIRST-SEED COUNT]`.
 *
 * Each seed makes a history: a community that grows, promotes, demotes and revokes, people who are
 * invited several times and join again, manifests, messages (some twice, with one client_id),
 * receipts, two events with one id, events of people who join later or were shut out before. It is
 * given to several logs in other orders, in batches, with repetitions; what a log refuses for now
 * is offered again, as reconciliation does. All must end with the same set, membership and views,
 * and with what a naive reading of the law says (support/naive_membership.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/co_signature.h"
#include "protocol/community_manifest.h"
#include "store/history.h"
#include "store/maintenance.h"
#include "support/log_describe.h"
#include "support/naive_membership.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { MOST_EVENTS = 64, PEOPLE = 5, ORDERS = 3 };

struct sent {
    char event_id[ULID_TEXT_BYTES];
    char client_id[16];
    uint8_t author;
    uint8_t recipient;
};

struct offer {
    char event_id[ULID_TEXT_BYTES];
    uint8_t invitee;
};

struct history {
    uint64_t random;
    struct verified_event *events[MOST_EVENTS];
    size_t count;
    struct offer offers[MOST_EVENTS];
    size_t offer_count;
    struct sent messages[MOST_EVENTS];
    size_t message_count;
    int64_t expires_at[PEOPLE + 1]; /* of whoever's invitation for them */
    int64_t lamport;
};

static unsigned below(struct history *history, unsigned most)
{
    return shuffle_below(&history->random, most);
}

static uint8_t anybody(struct history *history)
{
    return (uint8_t)(1 + below(history, PEOPLE));
}

/* Now and then with the id of an earlier event of somebody, or as one that was written long before
 * and is heard of late. */
static const struct event *add(struct history *history, uint8_t author, struct event_draft draft)
{
    char event_id[ULID_TEXT_BYTES];
    int64_t lamport = history->lamport;
    if (lamport > 3 && below(history, 4) == 0) {
        lamport = 2 + below(history, (unsigned)lamport - 2);
    }
    const struct signing_key key = test_key(author);
    if (history->count > 3 && below(history, 12) == 0) {
        const struct event *other =
            event_verified_get(history->events[1 + below(history, (unsigned)history->count - 1)]);
        memcpy(event_id, other->event_id, sizeof event_id);
    } else {
        (void)test_ulid(below(history, 1000) * 100U + (unsigned)history->count, event_id);
    }
    history->events[history->count++] = test_event(draft, &key, test_id(1), event_id, lamport);
    return event_verified_get(history->events[history->count - 1]);
}

static void invite(struct history *history, uint8_t author, uint8_t target)
{
    const struct event *event =
        add(history, author,
            event_draft_invited(test_id(target), "Invited",
                                below(history, 2) ? LEVEL_MEMBER : LEVEL_TRUSTED,
                                history->expires_at[target]));
    struct offer *offer = &history->offers[history->offer_count++];
    memcpy(offer->event_id, event->event_id, ULID_TEXT_BYTES);
    offer->invitee = target;
}

static json_t *next_manifest(const struct history *history, uint8_t author)
{
    char name[16];
    const struct signing_key key = test_key(author);
    (void)snprintf(name, sizeof name, "Name %zu", history->count);
    return test_manifest(&key, name, (uint16_t)(7000 + history->count));
}

/* With any of the invitations for them, the first time or again. */
static void join(struct history *history, uint8_t target)
{
    size_t from = history->offer_count == 0 ? 0 : below(history, (unsigned)history->offer_count);
    for (size_t i = 0; i < history->offer_count; i++) {
        const struct offer *offer = &history->offers[(from + i) % history->offer_count];
        if (offer->invitee == target) {
            json_t *manifest = next_manifest(history, target);
            (void)add(history, target, event_draft_joined(offer->event_id, manifest));
            json_decref(manifest);
            return;
        }
    }
}

static void update_manifest(struct history *history, uint8_t author)
{
    json_t *manifest = next_manifest(history, author);
    (void)add(history, author, event_draft_manifest(manifest));
    json_decref(manifest);
}

static void update_policy(struct history *history)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = 1 + below(history, 3);
    policy.min_signatures_to_demote = 1 + below(history, 3);
    policy.default_member_can_invite = below(history, 4) > 0;
    struct event_draft draft = {.type = EVENT_POLICY_UPDATED,
                                .data = json_pack("{s:o}", "policy", policy_to_json(&policy))};
    (void)add(history, 1, draft);
}

/* The author's signature and that of some others. */
static json_t *sign_statement(struct history *history, uint8_t author, json_t *statement)
{
    json_t *signers = json_array();
    for (int signer = 1; signer <= PEOPLE; signer++) {
        if (signer == author || below(history, 3) == 0) {
            const struct signing_key key = test_key((uint8_t)signer);
            (void)json_array_append_new(signers, co_signature_make(&key, json_incref(statement)));
        }
    }
    json_decref(statement);
    return signers;
}

static void change_standing(struct history *history, uint8_t author, uint8_t target)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    json_t *signers = NULL;
    if (below(history, 2) == 0) {
        co_signature_client_id(test_id(target), "other", client_id);
        signers = sign_statement(
            history, author, event_data_revocation_statement(client_id, "other", test_id(target)));
        (void)add(history, author,
                  event_draft_revoked(client_id, test_id(target), "other", signers));
    } else {
        enum member_level level = (enum member_level)below(history, 3);
        signers =
            sign_statement(history, author, event_data_level_statement(level, test_id(target)));
        (void)add(history, author,
                  event_draft_level(below(history, 2) == 0, test_id(target), level, signers));
    }
    json_decref(signers);
}

/* Now and then with the client_id of an earlier one: a sender that was restored from a backup. */
static void write_message(struct history *history, uint8_t author, uint8_t recipient)
{
    char body[16];
    struct sent sent = {.author = author, .recipient = recipient};
    (void)snprintf(body, sizeof body, "%zu", history->count);
    memcpy(sent.client_id, body, sizeof body);
    if (history->message_count > 0 && below(history, 6) == 0) {
        sent = history->messages[below(history, (unsigned)history->message_count)];
        sent.recipient =
            below(history, 8) == 0 && recipient != sent.author ? recipient : sent.recipient;
    }
    const struct event *event =
        add(history, sent.author,
            event_draft_message(sent.client_id, test_id(sent.recipient), body, NULL));
    memcpy(sent.event_id, event->event_id, ULID_TEXT_BYTES);
    history->messages[history->message_count++] = sent;
}

static void write_receipt(struct history *history)
{
    size_t target = below(history, (unsigned)history->message_count);
    uint8_t author =
        below(history, 10) == 0 ? anybody(history) : history->messages[target].recipient;
    const char *event_id = history->messages[target].event_id;
    (void)add(history, author,
              below(history, 2) == 0 ? event_draft_delivered(event_id, history->lamport)
                                     : event_draft_read(event_id, history->lamport));
}

static void take_turn(struct history *history)
{
    uint8_t author = anybody(history);
    uint8_t target = anybody(history);
    unsigned draw = below(history, 32);
    if (draw < 7 && author != target) {
        invite(history, history->count < 8 ? 1 : author, target);
    } else if (draw < 14) {
        join(history, target);
    } else if (draw < 18 && author != target) {
        change_standing(history, below(history, 2) ? 1 : author, target);
    } else if (draw < 20) {
        update_manifest(history, author);
    } else if (draw < 21) {
        update_policy(history);
    } else if (draw < 28 && author != target) {
        write_message(history, author, target);
    } else if (history->message_count > 0) {
        write_receipt(history);
    }
}

static void make_history(struct history *history, uint64_t seed)
{
    struct policy policy = policy_default();
    *history = (struct history){.random = seed, .lamport = 1};
    policy.min_signatures_to_revoke = 1 + below(history, 3);
    policy.min_signatures_to_demote = 1 + below(history, 3);
    for (int i = 1; i <= PEOPLE; i++) {
        history->expires_at[i] =
            below(history, 8) == 0 ? 1800000010 + below(history, 20) : 1900000000;
    }
    (void)add(history, 1, event_draft_created("Street", test_id(1), &policy));
    for (uint8_t i = 2; i <= 3; i++) {
        history->lamport++;
        invite(history, 1, (uint8_t)i);
        join(history, (uint8_t)i);
    }
    size_t most = 16 + below(history, 44);
    while (history->count < most) {
        history->lamport += below(history, 3); /* several events of one lamport, too */
        take_turn(history);
    }
}

/* Everything that must not depend on the order, as text; the caller frees. */
static char *describe(struct event_log *log)
{
    struct buffer text;
    const struct signing_key key = test_key(1);
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    json_t *community = community_manifest_make(snapshot->membership, snapshot->head, &key);
    buffer_init(&text);
    (void)canonical_write(community, &text);
    json_decref(community);
    buffer_append_text(&text, "\n");
    log_describe_members(snapshot->membership, &text);
    log_snapshot_release(log, &snapshot);
    char *parts[] = {log_describe_set(log), log_describe_accepted(log),
                     log_describe_conversations(log, true)};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buffer_append_format(&text, "%s\n", parts[i]);
        memory_free(parts[i]);
    }
    return buffer_take(&text);
}

/* The messages that `self` is shown by the law (§5, §6): of twins the one with the smaller hash,
 * then of those with one author, client_id and recipient the first in replay order. */

static bool is_hidden_twin(const struct naive_outcome *outcome, const struct event *event)
{
    for (size_t i = 0; i < outcome->count; i++) {
        const struct event *other = event_verified_get(outcome->sorted[i]);
        if (outcome->accepted[i] && node_id_equal(&other->author, &event->author) &&
            strcmp(other->event_id, event->event_id) == 0 &&
            memcmp(other->hash, event->hash, sizeof event->hash) < 0) {
            return true;
        }
    }
    return false;
}

static bool is_shown(const struct naive_outcome *outcome, size_t index, const struct node_id *self)
{
    const struct event *event = event_verified_get(outcome->sorted[index]);
    const struct message_sent *message = &event->data.message;
    if (!outcome->accepted[index] || event->type != EVENT_MESSAGE_SENT ||
        (!node_id_equal(&event->author, self) && !node_id_equal(&message->recipient, self)) ||
        is_hidden_twin(outcome, event)) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        const struct event *other = event_verified_get(outcome->sorted[i]);
        if (outcome->accepted[i] && other->type == EVENT_MESSAGE_SENT &&
            node_id_equal(&other->author, &event->author) &&
            node_id_equal(&other->data.message.recipient, &message->recipient) &&
            strcmp(other->data.message.client_id, message->client_id) == 0 &&
            !is_hidden_twin(outcome, other)) {
            return false;
        }
    }
    return true;
}

struct showing {
    const struct naive_outcome *outcome;
    const struct node_id *self;
    size_t shown;
    size_t wrong;
};

/* Bodies are unlike each other, so one names its event. */
static void check_message(void *context, const struct history_message *message)
{
    struct showing *showing = context;
    showing->shown++;
    for (size_t i = 0; i < showing->outcome->count; i++) {
        const struct event *event = event_verified_get(showing->outcome->sorted[i]);
        if (event->type == EVENT_MESSAGE_SENT && strcmp(event->event_id, message->event_id) == 0 &&
            strcmp(event->data.message.body, message->body) == 0) {
            showing->wrong += is_shown(showing->outcome, i, showing->self) ? 0 : 1;
            return;
        }
    }
    showing->wrong++;
}

static void compare_messages(const struct naive_outcome *outcome, struct event_log *log,
                             const struct node_id *self, struct buffer *differences)
{
    bool more = false;
    size_t expected = 0;
    struct showing showing = {.outcome = outcome, .self = self};
    const struct history_query all = {.limit = HISTORY_MOST_LIMIT};
    (void)history_page(log, &all, check_message, &showing, &more);
    for (size_t i = 0; i < outcome->count; i++) {
        expected += is_shown(outcome, i, self) ? 1 : 0;
    }
    if (showing.wrong > 0 || showing.shown != expected) {
        buffer_append_format(differences, "messages: %zu shown, %zu of them wrong, should be %zu\n",
                             showing.shown, showing.wrong, expected);
    }
}

/* What the log of `self` is after one order of the history; appends what is wrong with it: its
 * views are not what its events make, or the law says otherwise. */
static char *outcome(struct history *history, uint8_t self, const char *place,
                     struct buffer *differences)
{
    struct naive_outcome lawful;
    struct event_log *log = NULL;
    struct error error = {""};
    struct maintenance_report report = {0};
    const struct signing_key key = test_key(self);
    struct event_log_options options = {.directory = place,
                                        .community_id = *test_id(1),
                                        .key = &key,
                                        .clock = clock_system(),
                                        .synchronous = true};
    if (event_log_open(&options, &log, &error) != RESULT_OK) {
        abort();
    }
    shuffle_give_all(log, history->events, history->count, 8, &history->random);
    naive_membership_decide(history->events, history->count, test_id(1), &lawful);
    naive_membership_compare(&lawful, log, differences);
    compare_messages(&lawful, log, test_id(self), differences);
    naive_membership_forget(&lawful);
    char *text = describe(log);
    event_log_close(&log);
    if (maintenance_verify(place, test_id(1), &key, clock_system(), &report, &error) != RESULT_OK ||
        report.differing[0] != '\0' || report.damaged > 0) {
        buffer_append_format(differences, "views: %s %s\n", report.differing, error.message);
    }
    return text;
}

static bool play(uint64_t seed)
{
    struct history history;
    char *first = NULL;
    struct buffer differences;
    make_history(&history, seed);
    uint8_t self = anybody(&history);
    buffer_init(&differences);
    for (int order = 0; order < ORDERS && differences.length_bytes == 0; order++) {
        char *place = shuffle_directory();
        char *text = outcome(&history, self, place, &differences);
        if (first != NULL && strcmp(first, text) != 0) {
            buffer_append_format(&differences, "orders: one order:\n%s\n  another:\n%s\n", first,
                                 text);
        }
        if (first == NULL) {
            first = text;
        } else {
            memory_free(text);
        }
        test_remove_directory(&place);
    }
    bool same = differences.length_bytes == 0;
    (void)fputs(buffer_text(&differences), stderr);
    buffer_deinit(&differences);
    memory_free(first);
    for (size_t i = 0; i < history.count; i++) {
        event_verified_destroy(&history.events[i]);
    }
    return same;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 2 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    uint64_t failed = 0;
    (void)log_open("/dev/null", LOG_ERROR,
                   NULL); /* equivocation is what these histories are full of */
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (!play(seed)) {
            (void)fprintf(stderr, "seed %llu failed: shuffled_histories %llu 1\n",
                          (unsigned long long)seed, (unsigned long long)seed);
            failed++;
        }
    }
    (void)printf("[  PASSED  ] %llu test(s).\n", (unsigned long long)(count - failed));
    if (failed > 0) {
        (void)printf("[  FAILED  ] %llu test(s).\n", (unsigned long long)failed);
    }
    return failed == 0 ? 0 : 1;
}
