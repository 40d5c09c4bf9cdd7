/* The set is a function of the events (§6, §7): `shuffled_histories [FIRST-SEED COUNT]`.
 *
 * Each seed makes a history: a community that grows, promotes, demotes and revokes, messages,
 * receipts, two events with one id, events of people who join later or were shut out before. It is
 * given to several logs in other orders, in batches, with repetitions; what a log refuses for now
 * is offered again, as reconciliation does. All must end with the same set, membership and views.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/co_signature.h"
#include "protocol/community_manifest.h"
#include "store/history.h"
#include "store/log_wait.h"
#include "store/maintenance.h"
#include "support/test_support.h"

enum { MOST_EVENTS = 64, PEOPLE = 5, ORDERS = 3 };

struct history {
    uint64_t random;
    struct verified_event *events[MOST_EVENTS];
    size_t count;
    char invitations[PEOPLE + 1][ULID_TEXT_BYTES]; /* "" when not invited yet */
    char messages[MOST_EVENTS][ULID_TEXT_BYTES];
    uint8_t recipients[MOST_EVENTS];
    size_t message_count;
    int64_t lamport;
};

static unsigned below(struct history *history, unsigned most)
{
    uint64_t mixed = history->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (unsigned)((mixed ^ (mixed >> 31)) % most);
}

static uint8_t anybody(struct history *history)
{
    return (uint8_t)(1 + below(history, PEOPLE));
}

/* Now and then with the id of an earlier event of somebody. */
static const struct event *add(struct history *history, uint8_t author, struct event_draft draft)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    if (history->count > 3 && below(history, 12) == 0) {
        const struct event *other =
            event_verified_get(history->events[1 + below(history, (unsigned)history->count - 1)]);
        memcpy(event_id, other->event_id, sizeof event_id);
    } else {
        (void)test_ulid(below(history, 1000) * 100U + (unsigned)history->count, event_id);
    }
    history->events[history->count++] =
        test_event(draft, &key, test_id(1), event_id, history->lamport);
    return event_verified_get(history->events[history->count - 1]);
}

static void invite(struct history *history, uint8_t author, uint8_t target)
{
    const struct event *event =
        add(history, author,
            event_draft_invited(test_id(target), "",
                                below(history, 2) ? LEVEL_MEMBER : LEVEL_TRUSTED, 4000000000));
    memcpy(history->invitations[target], event->event_id, ULID_TEXT_BYTES);
}

static void join(struct history *history, uint8_t target)
{
    const struct signing_key key = test_key(target);
    json_t *manifest = test_manifest(&key, "", (uint16_t)(7000 + target));
    (void)add(history, target, event_draft_joined(history->invitations[target], manifest));
    json_decref(manifest);
}

static void change_standing(struct history *history, uint8_t author, uint8_t target)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    const struct signing_key key = test_key(author);
    json_t *signers = json_array();
    if (below(history, 2) == 0) {
        co_signature_client_id(test_id(target), "other", client_id);
        (void)json_array_append_new(
            signers, co_signature_make(&key, event_data_revocation_statement(client_id, "other",
                                                                             test_id(target))));
        (void)add(history, author,
                  event_draft_revoked(client_id, test_id(target), "other", signers));
    } else {
        enum member_level level = (enum member_level)below(history, 3);
        (void)json_array_append_new(
            signers, co_signature_make(&key, event_data_level_statement(level, test_id(target))));
        (void)add(history, author,
                  event_draft_level(below(history, 2) == 0, test_id(target), level, signers));
    }
    json_decref(signers);
}

static void write_message(struct history *history, uint8_t author, uint8_t recipient)
{
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "%zu", history->count);
    const struct event *event =
        add(history, author, event_draft_message(client_id, test_id(recipient), client_id, NULL));
    memcpy(history->messages[history->message_count], event->event_id, ULID_TEXT_BYTES);
    history->recipients[history->message_count++] = recipient;
}

static void write_receipt(struct history *history)
{
    size_t target = below(history, (unsigned)history->message_count);
    uint8_t author = below(history, 10) == 0 ? anybody(history) : history->recipients[target];
    const char *event_id = history->messages[target];
    (void)add(history, author,
              below(history, 2) == 0 ? event_draft_delivered(event_id, history->lamport)
                                     : event_draft_read(event_id, history->lamport));
}

static void make_history(struct history *history, uint64_t seed)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    *history = (struct history){.random = seed, .lamport = 1};
    (void)add(history, 1, event_draft_created("Street", test_id(1), &policy));
    size_t most = 12 + below(history, 36);
    while (history->count < most) {
        uint8_t author = anybody(history);
        uint8_t target = anybody(history);
        history->lamport += below(history, 3); /* several events of one lamport, too */
        history->lamport += history->lamport == 1 ? 1 : 0;
        unsigned draw = below(history, 20);
        if (history->invitations[target][0] == '\0' && target != 1 && author != target) {
            invite(history, history->count < 6 ? 1 : author, target);
        } else if (draw < 4 && target != 1 && history->invitations[target][0] != '\0') {
            join(history, target);
        } else if (draw < 6 && author != target) {
            change_standing(history, below(history, 2) ? 1 : author, target);
        } else if (draw < 13 && author != target) {
            write_message(history, author, target);
        } else if (history->message_count > 0) {
            write_receipt(history);
        }
    }
}

/* The same event anew: a log consumes what it is given. */
static struct verified_event *copy_event(const struct verified_event *event)
{
    json_t *json = NULL;
    struct event *parsed = NULL;
    struct verified_event *verified = NULL;
    size_t length = 0;
    const char *text = event_verified_text(event, &length);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) != RESULT_OK ||
        event_parse(json, NULL, &parsed) != EVENT_ACCEPTABLE ||
        event_verify(&parsed, &verified) != RESULT_OK) {
        abort();
    }
    json_decref(json);
    return verified;
}

/* One batch of the order; how many were accepted. */
static size_t give(struct event_log *log, const struct history *history, const size_t *order,
                   size_t count)
{
    struct verified_event **events = memory_allocate(count, sizeof(struct verified_event *));
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        events[i] = copy_event(history->events[order[i]]);
    }
    if (log_wait_receive(log, events, count, test_id(9), &accepted, NULL) != RESULT_OK) {
        abort();
    }
    return accepted;
}

static void give_all(struct event_log *log, struct history *history)
{
    size_t order[MOST_EVENTS];
    size_t accepted = 1;
    for (size_t i = 0; i < history->count; i++) {
        order[i] = i;
    }
    while (accepted > 0) {
        accepted = 0;
        for (size_t i = history->count; i > 1; i--) {
            size_t other = below(history, (unsigned)i);
            size_t kept = order[i - 1];
            order[i - 1] = order[other];
            order[other] = kept;
        }
        for (size_t given = 0; given < history->count;) {
            size_t batch = 1 + below(history, 8);
            batch = batch > history->count - given ? history->count - given : batch;
            accepted += give(log, history, order + given, batch);
            given += batch;
        }
    }
}

static void describe_message(void *context, const struct history_message *message)
{
    buffer_append_format(context, "%s %lld %d %s %s %s\n", message->event_id,
                         (long long)message->lamport, (int)message->outgoing, message->body,
                         message->delivered_at == NULL ? "-" : message->delivered_at,
                         message->read_at == NULL ? "-" : message->read_at);
}

static void describe_conversation(void *context, const struct history_conversation *conversation)
{
    char peer[NODE_ID_TEXT_BYTES];
    node_id_format(&conversation->peer, peer);
    buffer_append_format(context, "%s %lld unread\n", peer, (long long)conversation->unread);
}

/* Everything that must not depend on the order, as text; the caller frees. */
static char *describe(struct event_log *log)
{
    struct buffer text;
    bool more = false;
    const struct signing_key key = test_key(1);
    const struct history_query all = {.limit = HISTORY_MOST_LIMIT};
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    json_t *community = community_manifest_make(snapshot->membership, snapshot->head, &key);
    buffer_init(&text);
    for (size_t i = 0; i < sizeof snapshot->fingerprint; i++) {
        buffer_append_format(&text, "%02x", snapshot->fingerprint[i]);
    }
    buffer_append_format(&text, " %llu events\n", (unsigned long long)snapshot->event_count);
    log_snapshot_release(log, &snapshot);
    (void)canonical_write(community, &text);
    json_decref(community);
    (void)history_page(log, &all, describe_message, &text, &more);
    (void)history_conversations(log, describe_conversation, &text);
    return buffer_take(&text);
}

/* What the log of `self` is after one order of the history. NULL: its views are not what its events
 * make. */
static char *outcome(struct history *history, uint8_t self, const char *place)
{
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
    give_all(log, history);
    char *text = describe(log);
    event_log_close(&log);
    if (maintenance_verify(place, test_id(1), &key, clock_system(), &report, &error) != RESULT_OK ||
        report.differing[0] != '\0' || report.damaged > 0) {
        (void)fprintf(stderr, "  views: %s %s\n", report.differing, error.message);
        memory_free(text);
        text = NULL;
    }
    return text;
}

static bool play(uint64_t seed)
{
    struct history history;
    bool same = true;
    char *first = NULL;
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    make_history(&history, seed);
    uint8_t self = anybody(&history);
    for (int order = 0; order < ORDERS && same; order++) {
        char place[64];
        (void)snprintf(place, sizeof place, "%s/hearthchat-shuffle-XXXXXX", base);
        if (mkdtemp(place) == NULL) {
            abort();
        }
        char *text = outcome(&history, self, place);
        same = text != NULL && (first == NULL || strcmp(first, text) == 0);
        if (!same && text != NULL) {
            (void)fprintf(stderr, "  one order:\n%s\n  another:\n%s\n", first, text);
        }
        if (first == NULL) {
            first = text;
        } else {
            memory_free(text);
        }
        char *path = memory_duplicate_string(place);
        test_remove_directory(&path);
    }
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
