#include "gossip/joining.h"

#include <string.h>

#include "core/memory.h"
#include "gossip/event_batch.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "store/data_directory.h"
#include "store/event_reader.h"
#include "store/log_wait.h"

enum { MOST_URL_BYTES = 320, MOST_ROUNDS = 100000 };

struct joining {
    const struct joining_request *request;
    struct invite invite;
    char base[MOST_URL_BYTES]; /* of the endpoint that answered */
    struct event_log *log;
    struct error *error;
};

static enum result call(struct joining *joining, const char *base, const char *path,
                        const struct buffer *body, json_t **answer_out)
{
    struct http_answer answer = {0};
    char *url = memory_format("%s%s", base, path);
    struct http_call call = {.url = url,
                             .method = body == NULL ? "GET" : "POST",
                             .body = body == NULL ? NULL : body->data,
                             .body_bytes = body == NULL ? 0 : body->length_bytes,
                             .peer = &joining->invite.inviter,
                             .identity = joining->request->identity,
                             .cancelled = joining->request->cancelled};
    enum result result = http_client_call(&call, &answer);
    if (atomic_load(joining->request->cancelled)) {
        result = error_set(joining->error, RESULT_UNREACHABLE,
                           "This node is stopping; join again when it is back.");
    } else if (result != RESULT_OK) {
        result = error_set(joining->error, RESULT_UNREACHABLE,
                           "The inviter's node can't be reached. Is it running, and are both "
                           "devices in the same network?");
    } else if (answer.status == 401 || answer.status == 403) {
        result = error_set(joining->error, RESULT_UNAUTHORIZED,
                           "The inviter's node does not let this device in: the invite was used up "
                           "or withdrawn. Ask for a new one.");
    } else if (answer.status != 200 ||
               canonical_parse(buffer_text(&answer.body), answer.body.length_bytes,
                               CANONICAL_MOST_NESTING_REQUEST, answer_out, NULL) != RESULT_OK) {
        result = error_set(joining->error, RESULT_UNREACHABLE,
                           "The inviter's node answered with status %ld; try again later.",
                           answer.status);
    }
    http_client_deinit_answer(&answer);
    memory_free(url);
    return result;
}

static enum result find_bootstrap(struct joining *joining)
{
    struct node_id served;
    enum result result =
        error_set(joining->error, RESULT_UNREACHABLE, "The invite names no address to join at.");
    for (size_t i = 0; i < joining->invite.bootstrap_endpoints.count; i++) {
        json_t *manifest = NULL;
        node_manifest_format_url(&joining->invite.bootstrap_endpoints.list[i], joining->base,
                                 sizeof joining->base);
        enum result tried = call(joining, joining->base, "/community/manifest", NULL, &manifest);
        bool same = tried == RESULT_OK && json_members_node_id(manifest, "community_id", &served) &&
                    node_id_equal(&served, &joining->invite.community_id);
        json_decref(manifest);
        if (same) {
            return RESULT_OK;
        }
        result = tried == RESULT_OK
                     ? error_set(joining->error, RESULT_INVALID,
                                 "The inviter's node belongs to another community by now.")
                     : tried;
        if (tried == RESULT_UNAUTHORIZED) {
            break;
        }
    }
    return result;
}

static enum result receive(struct joining *joining, const json_t *events, size_t *accepted_out)
{
    struct event_batch batch;
    enum result result = RESULT_OK;
    *accepted_out = 0;
    event_batch_read(joining->log, events, &joining->invite.community_id, &batch);
    if (batch.count > 0) {
        result = log_wait_receive(joining->log, batch.events, batch.count, &joining->invite.inviter,
                                  accepted_out, NULL);
        batch.events = NULL;
    }
    event_batch_deinit(&batch);
    return result == RESULT_OK
               ? RESULT_OK
               : error_set(joining->error, RESULT_IO, "The community's log can't be written here.");
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

/* One pass over the inviter's log by ascending lamport. */
static enum result pull(struct joining *joining, size_t *accepted_out)
{
    enum result result = RESULT_OK;
    int64_t head = 0;
    bool more = true;
    *accepted_out = 0;
    for (int round = 0; more && result == RESULT_OK && round < MOST_ROUNDS; round++) {
        struct event_batch_writer writer;
        json_t *answer = NULL;
        const json_t *events = NULL;
        size_t accepted = 0;
        more = false;
        event_batch_begin(&writer, &joining->invite.community_id);
        event_batch_end(&writer, head);
        result = call(joining, joining->base, "/sync/v1/events", &writer.body, &answer);
        if (result == RESULT_OK && json_members_array(answer, "events", &events)) {
            int64_t reached = last_lamport(events, head);
            result = receive(joining, events, &accepted);
            more = json_is_true(json_object_get(answer, "more")) && reached > head;
            head = reached;
            *accepted_out += accepted;
        }
        json_decref(answer);
        buffer_deinit(&writer.body);
    }
    return result;
}

/* Passes until one brings nothing new: an event may stand before what makes its author a member. */
static enum result pull_all(struct joining *joining)
{
    size_t accepted = 0;
    enum result result = RESULT_OK;
    do {
        result = pull(joining, &accepted);
    } while (result == RESULT_OK && accepted > 0);
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
    json_t *answer = NULL;
    int64_t rejected = 1;
    event_batch_begin(&writer, &joining->invite.community_id);
    enum result result = event_reader_by_seq(joining->log, &seq, 1, add_text, &writer);
    event_batch_end(&writer, -1);
    result = result == RESULT_OK
                 ? call(joining, joining->base, "/sync/v1/events", &writer.body, &answer)
                 : error_set(joining->error, result, "The community's log can't be read here.");
    if (result == RESULT_OK &&
        (!json_members_integer(answer, "rejected", 0, INT64_MAX, &rejected) || rejected != 0)) {
        result = error_set(joining->error, RESULT_UNAUTHORIZED,
                           "The inviter's node did not accept this device; ask for a new invite.");
    }
    json_decref(answer);
    buffer_deinit(&writer.body);
    return result;
}

static enum result append_joined(struct joining *joining)
{
    const struct joining_request *request = joining->request;
    const struct log_snapshot *snapshot = log_snapshot_acquire(joining->log);
    bool founded = snapshot->membership->name != NULL;
    bool invited = membership_find_invitation(snapshot->membership, joining->invite.invite_event_id,
                                              &request->key->node_id) != NULL;
    bool joined = membership_find(snapshot->membership, &request->key->node_id) != NULL;
    log_snapshot_release(joining->log, &snapshot);
    if (!founded || !invited) {
        return error_set(joining->error, RESULT_INVALID,
                         "The community's log does not hold this invitation; ask for a new one.");
    }
    if (joined) {
        return RESULT_OK; /* an earlier try got this far */
    }
    struct append_answer appended;
    struct event_draft draft =
        event_draft_joined(joining->invite.invite_event_id, request->manifest);
    enum result result = log_wait_append(joining->log, &draft, &appended);
    if (result == RESULT_IO || result == RESULT_FULL) {
        return error_set(joining->error, RESULT_IO, "The community's log can't be written here.");
    }
    if (result != RESULT_OK) {
        return error_set(joining->error, RESULT_EXPIRED,
                         "The invitation is not valid any more; ask for a new one.");
    }
    return push(joining, appended.seq);
}

static enum result check_invite(struct joining *joining)
{
    const struct joining_request *request = joining->request;
    enum result result = invite_parse(request->invite_text, &joining->invite, joining->error);
    if (result != RESULT_OK) {
        return result;
    }
    if (!node_id_equal(&joining->invite.invitee, &request->key->node_id)) {
        return error_set(joining->error, RESULT_MISMATCH,
                         "This invite is for another device. Give your own id to the inviter.");
    }
    if (joining->invite.expires_at <= clock_wall_ms(request->clock) / 1000) {
        return error_set(joining->error, RESULT_EXPIRED,
                         "This invite has expired; ask for a new one.");
    }
    return RESULT_OK;
}

static enum result build_log(struct joining *joining)
{
    char *path = data_directory_joining_path(joining->request->data_directory);
    struct event_log_options options = {.directory = path,
                                        .community_id = joining->invite.community_id,
                                        .key = joining->request->key,
                                        .clock = joining->request->clock};
    enum result result = event_log_open(&options, &joining->log, joining->error);
    if (result == RESULT_OK) {
        result = pull_all(joining);
    }
    if (result == RESULT_OK) {
        result = append_joined(joining);
    }
    event_log_close(&joining->log);
    memory_free(path);
    return result;
}

enum result joining_run(const struct joining_request *request, struct node_id *community_id_out,
                        struct error *error)
{
    struct joining joining = {.request = request, .error = error};
    enum result result = check_invite(&joining);
    if (result == RESULT_OK) {
        result = find_bootstrap(&joining);
    }
    if (result == RESULT_OK) {
        data_directory_discard_joining(request->data_directory);
        result = build_log(&joining);
        if (result == RESULT_OK) {
            result = data_directory_adopt_joining(request->data_directory,
                                                  &joining.invite.community_id, error);
        }
        data_directory_discard_joining(request->data_directory);
    }
    *community_id_out = joining.invite.community_id;
    invite_deinit(&joining.invite);
    return result;
}
