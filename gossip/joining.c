#include "gossip/joining.h"

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/event_batch.h"
#include "gossip/inviter.h"
#include "protocol/json_members.h"
#include "store/data_directory.h"
#include "store/event_reader.h"
#include "store/log_wait.h"

enum { MOST_PAGES = 100000 };

struct joining {
    const struct joining_request *request;
    const struct invite *invite;
    struct inviter inviter;
    struct clock clock; /* as the inviter's shows the time: it is the one that judges the invite */
    struct event_log *log;
    struct error *error;
};

static int64_t inviters_wall_ms(void *context)
{
    const struct joining *joining = context;
    return clock_wall_ms(joining->request->clock) + joining->inviter.ahead_ms;
}

static int64_t own_monotonic_ms(void *context)
{
    const struct joining *joining = context;
    return clock_monotonic_ms(joining->request->clock);
}

static enum result tell_cant_write(const struct joining *joining)
{
    return error_set(joining->error, RESULT_IO,
                     "The community's log can't be written here: is the disk full? Make room, then "
                     "join again with the same invite.");
}

static enum result receive(struct joining *joining, const json_t *events)
{
    struct event_batch batch;
    size_t accepted = 0;
    enum result result = RESULT_OK;
    event_batch_read(joining->log, events, &joining->invite->community_id, &batch);
    if (batch.count > 0) {
        result = log_wait_receive(joining->log, batch.events, batch.count,
                                  &joining->invite->inviter, &accepted, NULL);
        batch.events = NULL;
    }
    event_batch_deinit(&batch);
    return result == RESULT_OK ? RESULT_OK : tell_cant_write(joining);
}

static int64_t last_lamport(const json_t *events, int64_t otherwise)
{
    int64_t lamport = otherwise;
    size_t count = json_array_size(events);
    if (count > 0) {
        (void)json_members_integer(json_array_get(events, count - 1), "lamport", 1, INT64_MAX,
                                   &lamport);
    }
    return lamport;
}

struct standing {
    bool founded;
    bool invited;
    bool member;
};

/* What the log proves by now. */
static struct standing look(struct joining *joining)
{
    const struct node_id *self = &joining->request->key->node_id;
    const struct log_snapshot *snapshot = log_snapshot_acquire(joining->log);
    const struct membership *membership = snapshot->membership;
    struct standing standing = {
        .founded = membership->name != NULL,
        .invited =
            membership_find_invitation(membership, joining->inviter.invite_event_id, self) != NULL,
        .member = membership_find(membership, self) != NULL};
    log_snapshot_release(joining->log, &snapshot);
    return standing;
}

static bool is_enough(struct joining *joining)
{
    struct standing standing = look(joining);
    return standing.founded && (joining->inviter.knows_member ? standing.member : standing.invited);
}

/* Up to the head that the inviter's node named when we began. Pages of the membership alone are
 * few, and have everybody's addresses; of a node that gives all there is no more is taken than is
 * needed. */
static enum result pull(struct joining *joining)
{
    enum result result = RESULT_OK;
    int64_t head = 0;
    bool more = true;
    int most_pages = joining->request->unasked ? LIMITS_RETURN_PAGES : MOST_PAGES;
    for (int page = 0; more && result == RESULT_OK && page < most_pages; page++) {
        json_t *answer = NULL;
        result = inviter_page(&joining->inviter, head, &answer, joining->error);
        if (result == RESULT_OK) {
            const json_t *events = json_object_get(answer, "events");
            int64_t reached = last_lamport(events, head);
            result = receive(joining, events);
            more = json_is_true(json_object_get(answer, "more")) && reached > head &&
                   reached < joining->inviter.head &&
                   !(joining->inviter.is_plain && is_enough(joining));
            head = reached;
        }
        json_decref(answer);
    }
    return result;
}

static bool add_text(void *context, int64_t seq, int64_t lamport, const char *text,
                     size_t length_bytes)
{
    (void)seq;
    (void)lamport;
    return event_batch_add(context, text, length_bytes);
}

static enum result push(struct joining *joining, int64_t seq)
{
    struct event_batch_writer writer;
    event_batch_begin(&writer, &joining->invite->community_id);
    enum result result = event_reader_by_seq(joining->log, &seq, 1, add_text, &writer);
    event_batch_end(&writer, -1);
    result = result == RESULT_OK
                 ? inviter_push(&joining->inviter, &writer.body, joining->error)
                 : error_set(joining->error, result, "The community's log can't be read here.");
    buffer_deinit(&writer.body);
    return result;
}

static enum result append_joined(struct joining *joining)
{
    struct append_answer appended;
    struct event_draft draft =
        event_draft_joined(joining->inviter.invite_event_id, joining->request->manifest);
    enum result result = log_wait_append(joining->log, &draft, &appended);
    if (result == RESULT_IO || result == RESULT_FULL) {
        return tell_cant_write(joining);
    }
    if (result != RESULT_OK) {
        return error_set(joining->error, RESULT_EXPIRED,
                         "The invitation is not valid any more; ask for a new one.");
    }
    return push(joining, appended.seq);
}

/* What the inviter's node says counts as far as the log proves it. */
static enum result take_place(struct joining *joining)
{
    struct standing standing = look(joining);
    if (!standing.founded) {
        return error_set(joining->error, RESULT_INVALID,
                         "The inviter's node has no proof that this community was founded; ask "
                         "another member for an invite.");
    }
    if (joining->inviter.knows_member) {
        return standing.member
                   ? log_caught_up_await(joining->log)
                   : error_set(joining->error, RESULT_INVALID,
                               "The inviter's node calls this device a member and has no proof of "
                               "it; ask another member for an invite.");
    }
    if (!standing.invited) {
        return error_set(joining->error, RESULT_INVALID,
                         "The community's log does not hold this invitation; ask for a new one.");
    }
    return append_joined(joining);
}

/* Where nobody answers, our own clock is the only one to ask. */
static enum result reach(struct joining *joining)
{
    int64_t now = clock_wall_ms(joining->request->clock) / 1000;
    enum result result = inviter_reach(&joining->inviter, joining->error);
    if (result == RESULT_UNREACHABLE && joining->invite->expires_at <= now &&
        !atomic_load(joining->request->cancelled)) {
        return error_set(joining->error, RESULT_EXPIRED,
                         "The inviter's node can't be reached, and by this device's clock the "
                         "invite has expired: start that node, or ask for a new invite.");
    }
    if (result == RESULT_OK && !joining->inviter.knows_member &&
        joining->inviter.invite_event_id[0] == '\0') {
        return error_set(joining->error, RESULT_UNAUTHORIZED,
                         "This text lets a member come back, and the inviter's node knows no "
                         "member with this device's key; ask for an invite.");
    }
    return result;
}

static enum result build_log(struct joining *joining)
{
    char *path = data_directory_joining_path(joining->request->data_directory);
    struct event_log_options options = {.directory = path,
                                        .community_id = joining->invite->community_id,
                                        .key = joining->request->key,
                                        .clock = &joining->clock,
                                        /* What we write comes after all that was. */
                                        .least_clock = joining->inviter.head};
    enum result result = event_log_open(&options, &joining->log, joining->error);
    if (result == RESULT_OK) {
        result = pull(joining);
    } else if (result == RESULT_FULL) {
        result = tell_cant_write(joining);
    }
    if (result == RESULT_OK) {
        result = take_place(joining);
    }
    event_log_close(&joining->log);
    memory_free(path);
    return result;
}

enum result joining_run(const struct joining_request *request, bool *returned_out,
                        struct error *error)
{
    struct joining joining = {.request = request, .invite = request->invite, .error = error};
    struct account_key inviters = account_key_of_node(request->invite->inviter.key);
    joining.clock = (struct clock){inviters_wall_ms, own_monotonic_ms, &joining};
    joining.inviter = (struct inviter){
        .invite = request->invite,
        .self = &request->key->node_id,
        .display_name = "",
        .identity = request->identity,
        .account = account_open(request->accounts, &inviters),
        .client = http_client_create(LIMITS_OUTWARD_TRIES, NULL),
        .clock = request->clock,
        .cancelled = request->cancelled,
        .until_ms =
            request->unasked ? clock_monotonic_ms(request->clock) + LIMITS_RETURN_MS : INT64_MAX};
    (void)json_members_string(request->manifest, "display_name", &joining.inviter.display_name,
                              NULL);
    enum result result =
        request->invite->is_open || node_id_equal(&request->invite->invitee, &request->key->node_id)
            ? reach(&joining)
            : error_set(error, RESULT_MISMATCH,
                        "This invite is for another device. Give your own id to the inviter.");
    if (result == RESULT_OK) {
        data_directory_discard_joining(request->data_directory);
        result = build_log(&joining);
        if (result == RESULT_OK) {
            result = data_directory_adopt_joining(
                request->data_directory, &request->invite->community_id, request->clock, error);
        }
        data_directory_discard_joining(request->data_directory);
    }
    http_client_destroy(&joining.inviter.client);
    foreign_text_close(&joining.inviter.text);
    account_close(&joining.inviter.account);
    *returned_out = joining.inviter.knows_member;
    return result;
}
