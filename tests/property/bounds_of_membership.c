/* What one member can pile up (§7), in any order: `bounds_of_membership [FIRST-SEED COUNT]`.
 *
 * Each seed is a community in which a member invites more people than may wait for an answer, and
 * brings more than one may bring: some join with invitations that lapsed, some after others were
 * shut out and made room, some before or after the inviter was promoted or demoted. Given to
 * several logs in other orders, all must say what a naive reading of the law says
 * (support/naive_membership.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/maintenance.h"
#include "support/log_describe.h"
#include "support/naive_membership.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { FOUNDER = 1, INVITER = 2, OTHER = 3, FIRST_GUEST = 4, LAST_GUEST = 220 };
enum { MOST_EVENTS = 1024, ORDERS = 2, MOST_BATCH = 64 };

struct history {
    uint64_t random;
    struct verified_event *events[MOST_EVENTS];
    size_t count;
    int64_t lamport;
    char newest[LAST_GUEST + 1][ULID_TEXT_BYTES]; /* the newest invitation; "": none */
    char oldest[LAST_GUEST + 1][ULID_TEXT_BYTES];
};

static unsigned below(struct history *history, unsigned most)
{
    return shuffle_below(&history->random, most);
}

static const struct event *add(struct history *history, uint8_t author, struct event_draft draft)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    /* Several of one lamport, in an order that only the ids decide. */
    history->lamport += history->count == 0 ? 0 : below(history, 2);
    (void)test_ulid(below(history, 1000) * 10000U + (unsigned)history->count, event_id);
    history->events[history->count++] =
        test_event(draft, &key, test_id(FOUNDER), event_id, history->lamport);
    return event_verified_get(history->events[history->count - 1]);
}

static void invite(struct history *history, uint8_t author, uint8_t guest)
{
    const struct event *event = add(
        history, author, event_draft_invited(test_id(guest), "Guest", LEVEL_MEMBER, 1900000000));
    memcpy(history->newest[guest], event->event_id, ULID_TEXT_BYTES);
    if (history->oldest[guest][0] == '\0') {
        memcpy(history->oldest[guest], event->event_id, ULID_TEXT_BYTES);
    }
}

static void join(struct history *history, uint8_t guest)
{
    const struct signing_key key = test_key(guest);
    const char *invitation =
        below(history, 2) == 0 ? history->newest[guest] : history->oldest[guest];
    if (invitation[0] != '\0') {
        json_t *manifest = test_manifest(&key, "Guest", (uint16_t)(7000 + guest));
        (void)add(history, guest, event_draft_joined(invitation, manifest));
        json_decref(manifest);
    }
}

static void revoke(struct history *history, uint8_t target)
{
    const struct signing_key key = test_key(FOUNDER);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&key, event_data_revocation_statement("r", "other", test_id(target))));
    (void)add(history, FOUNDER, event_draft_revoked("r", test_id(target), "other", signers));
    json_decref(signers);
}

static void change_level(struct history *history, uint8_t target)
{
    const struct signing_key key = test_key(FOUNDER);
    bool promote = below(history, 2) == 0;
    enum member_level level = promote ? LEVEL_TRUSTED : LEVEL_MEMBER;
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers, co_signature_make(&key, event_data_level_statement(level, test_id(target))));
    (void)add(history, FOUNDER, event_draft_level(promote, test_id(target), level, signers));
    json_decref(signers);
}

static uint8_t anybody(struct history *history)
{
    return (uint8_t)(FIRST_GUEST + below(history, LAST_GUEST - FIRST_GUEST + 1));
}

/* Mostly invitations nobody uses, or mostly people who come, by the seed. */
static void take_turn(struct history *history, unsigned joining)
{
    uint8_t guest = anybody(history);
    uint8_t author = below(history, 12) == 0 ? OTHER : INVITER;
    unsigned draw = below(history, 200);
    if (draw == 0 && below(history, 2) == 0) {
        change_level(history, INVITER);
    } else if (draw < 5) {
        revoke(history, guest);
    } else if (draw < joining) {
        join(history, guest);
    } else {
        invite(history, author, guest);
    }
}

static void make_history(struct history *history, uint64_t seed)
{
    struct policy policy = policy_default();
    *history = (struct history){.random = seed, .lamport = 1};
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    (void)add(history, FOUNDER, event_draft_created("Street", test_id(FOUNDER), &policy));
    history->lamport++;
    for (int guest = INVITER; guest <= OTHER; guest++) {
        history->lamport++;
        invite(history, FOUNDER, (uint8_t)guest);
        history->lamport++;
        join(history, (uint8_t)guest);
        history->lamport++;
    }
    size_t most = 400 + below(history, 150);
    unsigned joining = below(history, 2) == 0 ? 30 : 120;
    while (history->count < most) {
        take_turn(history, joining);
    }
}

static char *describe(struct event_log *log)
{
    struct buffer text;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    buffer_init(&text);
    log_describe_members(snapshot->membership, &text);
    log_snapshot_release(log, &snapshot);
    char *accepted = log_describe_accepted(log);
    buffer_append_text(&text, accepted);
    memory_free(accepted);
    return buffer_take(&text);
}

static char *outcome(struct history *history, const struct naive_outcome *lawful, const char *place,
                     struct buffer *differences)
{
    struct event_log *log = NULL;
    struct error error = {""};
    struct maintenance_report report = {0};
    const struct signing_key key = test_key(FOUNDER);
    struct event_log_options options = {.directory = place,
                                        .community_id = *test_id(FOUNDER),
                                        .key = &key,
                                        .clock = clock_system(),
                                        .synchronous = true};
    if (event_log_open(&options, &log, &error) != RESULT_OK) {
        abort();
    }
    shuffle_give_all(log, history->events, history->count, MOST_BATCH, &history->random);
    naive_membership_compare(lawful, log, differences);
    char *text = describe(log);
    event_log_close(&log);
    if (maintenance_verify(place, test_id(FOUNDER), &key, clock_system(), &report, &error) !=
            RESULT_OK ||
        report.differing[0] != '\0' || report.damaged > 0) {
        buffer_append_format(differences, "views: %s %s\n", report.differing, error.message);
    }
    return text;
}

/* How often a bound was reached, in all seeds. */
static struct {
    size_t lapsed;
    size_t turned_away;
} reached;

static bool play(uint64_t seed)
{
    static struct history history;
    struct naive_outcome lawful;
    struct buffer differences;
    char *first = NULL;
    make_history(&history, seed);
    buffer_init(&differences);
    naive_membership_decide(history.events, history.count, test_id(FOUNDER), &lawful);
    reached.lapsed += lawful.lapsed;
    reached.turned_away += lawful.turned_away;
    for (int order = 0; order < ORDERS; order++) {
        char *place = shuffle_directory();
        char *text = outcome(&history, &lawful, place, &differences);
        if (first != NULL && strcmp(first, text) != 0) {
            buffer_append_text(&differences, "orders: two orders, two outcomes\n");
        }
        memory_free(first);
        first = text;
        test_remove_directory(&place);
    }
    bool same = differences.length_bytes == 0;
    (void)fputs(buffer_text(&differences), stderr);
    buffer_deinit(&differences);
    memory_free(first);
    naive_membership_forget(&lawful);
    for (size_t i = 0; i < history.count; i++) {
        event_verified_destroy(&history.events[i]);
    }
    return same;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 2 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;
    uint64_t failed = 0;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (!play(seed)) {
            (void)fprintf(stderr, "seed %llu failed: bounds_of_membership %llu 1\n",
                          (unsigned long long)seed, (unsigned long long)seed);
            failed++;
        }
    }
    if (count >= 20 && (reached.lapsed == 0 || reached.turned_away == 0)) {
        (void)fprintf(stderr, "no seed reached both bounds: these histories show nothing\n");
        failed++;
    }
    (void)printf("%zu invitations lapsed, %zu joinings were turned away\n", reached.lapsed,
                 reached.turned_away);
    (void)printf("[  PASSED  ] %llu test(s).\n", (unsigned long long)(count - failed));
    if (failed > 0) {
        (void)printf("[  FAILED  ] %llu test(s).\n", (unsigned long long)failed);
    }
    return failed == 0 ? 0 : 1;
}
