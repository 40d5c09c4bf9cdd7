#include "gossip/inviter.h"

#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "gossip/address_book.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/number.h"
#include "protocol/wall_clock.h"

enum { USUAL_WAIT_MS = 1000, LONGEST_WAIT_MS = 60000, WAITS_MS = 300000, LOOK_EVERY_MS = 100 };

enum { MOST_TRIES = 2 };

enum {
    OK = 200,
    BAD_REQUEST = 400,
    UNAUTHORIZED = 401,
    REVOKED = 403,
    NOT_FOUND = 404,
    GONE = 410,
    TOO_MANY = 429
};

static bool is_cancelled(const struct inviter *inviter)
{
    return atomic_load(inviter->cancelled) ||
           clock_monotonic_ms(inviter->clock) >= inviter->until_ms;
}

static void wait_ms(const struct inviter *inviter, int64_t time_ms)
{
    int64_t until_ms = clock_monotonic_ms(inviter->clock) + time_ms;
    struct lock *lock = lock_create();
    lock_take(lock);
    while (!is_cancelled(inviter) && clock_monotonic_ms(inviter->clock) < until_ms) {
        (void)lock_wait(lock, LOOK_EVERY_MS);
    }
    lock_release(lock);
    lock_destroy(&lock);
}

static int64_t read_wait(const json_t *answer)
{
    int64_t asked_ms = USUAL_WAIT_MS;
    (void)json_members_integer(answer, "retry_after_ms", 1, LONGEST_WAIT_MS, &asked_ms);
    return asked_ms;
}

/* One call: its status, and its JSON if it is some. */
static enum result call_once(struct inviter *inviter, const char *path, const struct buffer *body,
                             long *status_out, json_t **answer_out)
{
    struct http_answer answer = {0};
    foreign_text_close(&inviter->text);
    int64_t left_ms = inviter->until_ms - clock_monotonic_ms(inviter->clock);
    left_ms = left_ms > 0 ? left_ms : 1;
    char *url = memory_format("%s%s", inviter->base, path);
    struct http_call call = {.url = url,
                             .method = body == NULL ? "GET" : "POST",
                             .body = body == NULL ? NULL : body->data,
                             .body_bytes = body == NULL ? 0 : body->length_bytes,
                             .peer = &inviter->invite->inviter,
                             .account = inviter->account,
                             .total_ms = left_ms < HTTP_CLIENT_TOTAL_MS ? left_ms : 0,
                             .identity = inviter->identity,
                             .cancelled = inviter->cancelled};
    enum result result = http_client_wait(inviter->client, &call, &answer);
    *status_out = answer.status;
    *answer_out = NULL;
    if (result == RESULT_OK) {
        (void)foreign_text_read(&inviter->text, inviter->account, &answer.body,
                                CANONICAL_MOST_NESTING_REQUEST, answer_out, NULL);
    }
    http_client_deinit_answer(&answer);
    memory_free(url);
    return result;
}

/* Perhaps for a few packets, on a bad wire; each call may be made twice. */
static bool is_lost(enum result result)
{
    return result == RESULT_UNREACHABLE || result == RESULT_TIMEOUT;
}

/* RESULT_OK for any status but 429; no JSON in the answer: NULL. */
static enum result call(struct inviter *inviter, const char *path, const struct buffer *body,
                        long *status_out, json_t **answer_out, struct error *error)
{
    int64_t waited_ms = 0;
    enum result result = call_once(inviter, path, body, status_out, answer_out);
    for (int tries = 1; tries < MOST_TRIES && is_lost(result) && !is_cancelled(inviter); tries++) {
        result = call_once(inviter, path, body, status_out, answer_out);
    }
    while (result == RESULT_OK && *status_out == TOO_MANY && waited_ms < WAITS_MS &&
           !is_cancelled(inviter)) {
        int64_t asked_ms = read_wait(*answer_out);
        json_decref(*answer_out);
        wait_ms(inviter, asked_ms);
        waited_ms += asked_ms;
        result = call_once(inviter, path, body, status_out, answer_out);
    }
    if (atomic_load(inviter->cancelled)) {
        result = error_set(error, RESULT_UNREACHABLE,
                           "This node is stopping; join again when it is back.");
    } else if (result != RESULT_OK) {
        result = error_set(error, RESULT_UNREACHABLE,
                           "The inviter's node can't be reached. Is it running, and are both "
                           "devices in the same network?");
    } else if (*status_out == TOO_MANY) {
        result = error_set(error, RESULT_UNREACHABLE,
                           "The inviter's node is busy; try again in a few minutes.");
    }
    if (result != RESULT_OK) {
        json_decref(*answer_out);
        *answer_out = NULL;
    }
    return result;
}

static enum result explain_status(const struct inviter *inviter, long status, struct error *error)
{
    char expired_at[WALL_CLOCK_TEXT_BYTES];
    int64_t expires_at = inviter->invite->expires_at;
    if (status == REVOKED) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "This device was shut out of the community; with a new key, in another "
                         "data directory, it can be invited.");
    }
    if (status != UNAUTHORIZED) {
        return error_set(error, RESULT_UNREACHABLE,
                         "The inviter's node answered with status %ld; try again later.", status);
    }
    if (expires_at <= (clock_wall_ms(inviter->clock) + inviter->ahead_ms) / 1000) {
        wall_clock_format(expires_at, expired_at);
        return error_set(error, RESULT_EXPIRED,
                         "This invite expired at %s by the inviter's clock, and this device is no "
                         "member yet; ask for a new one.",
                         expired_at);
    }
    return error_set(error, RESULT_UNAUTHORIZED,
                     "The inviter's node does not let this device in: it knows it neither as "
                     "invited nor as a member. Ask for a new invite.");
}

/* What only the inviter's node can have signed. */
static bool is_by_inviter(const struct inviter *inviter, const json_t *object, const char *author)
{
    struct node_id node_id;
    return json_members_node_id(object, author, &node_id) &&
           node_id_equal(&node_id, &inviter->invite->inviter) &&
           signing_verify_object(&node_id, object) == RESULT_OK;
}

static enum result read_clock(struct inviter *inviter, struct error *error)
{
    long status = 0;
    json_t *manifest = NULL;
    const char *issued_at = NULL;
    int64_t shown = 0;
    enum result result = call(inviter, "/manifest", NULL, &status, &manifest, error);
    if (result == RESULT_OK && status != OK) {
        result = explain_status(inviter, status, error);
    } else if (result == RESULT_OK &&
               (!is_by_inviter(inviter, manifest, "node_id") ||
                !json_members_string(manifest, "issued_at", &issued_at, NULL) ||
                wall_clock_parse(issued_at, &shown) != RESULT_OK)) {
        result = error_set(error, RESULT_INVALID,
                           "What answers at the inviter's address shows no manifest of its node.");
    }
    if (result == RESULT_OK) {
        inviter->ahead_ms = shown * 1000 - clock_wall_ms(inviter->clock);
    }
    json_decref(manifest);
    return result;
}

static bool is_among(const json_t *members, const struct node_id *self)
{
    size_t index;
    const json_t *member;
    struct node_id node_id;
    json_array_foreach(members, index, member)
    {
        if (json_members_node_id(member, "node_id", &node_id) && node_id_equal(&node_id, self)) {
            return true;
        }
    }
    return false;
}

static enum result read_community(struct inviter *inviter, struct error *error)
{
    long status = 0;
    json_t *manifest = NULL;
    const json_t *members = NULL;
    struct node_id community;
    struct node_id root;
    enum result result = call(inviter, "/community/manifest", NULL, &status, &manifest, error);
    if (result == RESULT_OK && status != OK) {
        result = explain_status(inviter, status, error);
    } else if (result == RESULT_OK && !is_by_inviter(inviter, manifest, "signed_by")) {
        result = error_set(error, RESULT_INVALID,
                           "What the inviter's node says of the community is not signed by it.");
    } else if (result == RESULT_OK &&
               (!json_members_node_id(manifest, "community_id", &community) ||
                !json_members_node_id(manifest, "root_key", &root) ||
                !node_id_equal(&community, &inviter->invite->community_id) ||
                !node_id_equal(&root, &community))) {
        result = error_set(error, RESULT_INVALID,
                           "The inviter's node belongs to another community by now.");
    } else if (result == RESULT_OK &&
               (!json_members_array(manifest, "members", &members) ||
                !json_members_integer(manifest, "head_lamport", 1, NUMBER_SAFE_INTEGER / 2,
                                      &inviter->head))) {
        result = error_set(error, RESULT_INVALID,
                           "What the inviter's node says of the community can't be read.");
    }
    if (result == RESULT_OK) {
        inviter->knows_member = is_among(members, inviter->self);
    }
    json_decref(manifest);
    return result;
}

static enum result explain_redeem(const struct inviter *inviter, long status, const json_t *answer,
                                  struct error *error)
{
    const char *code = "";
    (void)json_members_string(answer, "error", &code, NULL);
    if (status == GONE) {
        return error_set(error, RESULT_EXPIRED,
                         "This invite has expired by the inviter's clock; ask for a new one.");
    }
    if (status == UNAUTHORIZED || status == NOT_FOUND) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "The inviter's node is of a version that knows no open invites; ask for "
                         "one for this device's own id.");
    }
    if (status == BAD_REQUEST && strcmp(code, "invite_invalid") == 0) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "This invite has let in as many as it may, or the inviter's node knows "
                         "it no more; ask for a new one.");
    }
    return explain_status(inviter, status, error);
}

/* Of what an open invite was exchanged for: by the same node, into the same community, for us. */
static bool take_invite(struct inviter *inviter, const char *text)
{
    struct invite invite = {0};
    if (invite_parse(text, &invite, NULL) != RESULT_OK) {
        return false;
    }
    bool is_ours = !invite.is_open && node_id_equal(&invite.inviter, &inviter->invite->inviter) &&
                   node_id_equal(&invite.community_id, &inviter->invite->community_id) &&
                   node_id_equal(&invite.invitee, inviter->self);
    memcpy(inviter->invite_event_id, invite.invite_event_id, sizeof inviter->invite_event_id);
    invite_deinit(&invite);
    return is_ours;
}

static void write_redeem(const struct inviter *inviter, struct buffer *body)
{
    char *token = invite_format_token(inviter->invite->token);
    json_t *json =
        json_build_pack("{s:s,s:s}", "token", token, "display_name", inviter->display_name);
    (void)canonical_write(json, body);
    json_decref(json);
    signing_wipe(token, strlen(token));
    memory_free(token);
}

static enum result redeem(struct inviter *inviter, struct error *error)
{
    long status = 0;
    json_t *answer = NULL;
    const char *text = "";
    struct buffer body;
    buffer_init(&body);
    write_redeem(inviter, &body);
    enum result result = call(inviter, "/join/v1/redeem", &body, &status, &answer, error);
    if (result == RESULT_OK && status != OK) {
        result = explain_redeem(inviter, status, answer, error);
    } else if (result == RESULT_OK && (!json_members_string(answer, "invite", &text, NULL) ||
                                       !take_invite(inviter, text))) {
        result = error_set(error, RESULT_INVALID,
                           "What the inviter's node gives for this invite lets this device in "
                           "nowhere; ask another member.");
    }
    json_decref(answer);
    buffer_deinit(&body);
    return result;
}

/* A member comes back by an open invite, whatever became of that. */
static enum result redeem_or_come_back(struct inviter *inviter, struct error *error)
{
    struct error other = {""};
    enum result result = redeem(inviter, error);
    if (result == RESULT_OK) {
        return read_community(inviter, error);
    }
    return result != RESULT_UNREACHABLE && read_community(inviter, &other) == RESULT_OK &&
                   inviter->knows_member
               ? RESULT_OK
               : result;
}

/* Link-local addresses on each link (§8). */
static size_t list_candidates(const struct inviter *inviter,
                              struct endpoint list_out[static ADDRESS_BOOK_MOST_CANDIDATES])
{
    struct address_book book = {0};
    struct address_book_self self = {0};
    local_interfaces_read(&self.interfaces);
    address_book_take_manifest(&book, &inviter->invite->bootstrap_endpoints);
    size_t count = address_book_candidates(&book, &self, list_out);
    address_book_deinit(&book);
    return count;
}

enum result inviter_reach(struct inviter *inviter, struct error *error)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES];
    size_t count = list_candidates(inviter, list);
    memcpy(inviter->invite_event_id, inviter->invite->invite_event_id,
           sizeof inviter->invite_event_id);
    enum result result =
        error_set(error, RESULT_UNREACHABLE, "The invite names no address to join at.");
    for (size_t i = 0; i < count && result == RESULT_UNREACHABLE; i++) {
        inviter->endpoint = list[i];
        node_manifest_format_url(&inviter->endpoint, inviter->base, sizeof inviter->base);
        result = read_clock(inviter, error);
        if (result == RESULT_OK) {
            result = inviter->invite->is_open ? redeem_or_come_back(inviter, error)
                                              : read_community(inviter, error);
        }
    }
    return result;
}

static enum result ask_page(struct inviter *inviter, int64_t our_head, long *status_out,
                            json_t **answer_out, struct error *error)
{
    struct buffer body;
    char community[NODE_ID_TEXT_BYTES];
    node_id_format(&inviter->invite->community_id, community);
    buffer_init(&body);
    buffer_append_format(&body, "{\"community_id\":\"%s\",\"events\":[],%s\"our_head\":%lld}",
                         community, inviter->is_plain ? "" : "\"membership\":true,",
                         (long long)our_head);
    enum result result = call(inviter, "/sync/v1/events", &body, status_out, answer_out, error);
    buffer_deinit(&body);
    return result;
}

enum result inviter_page(struct inviter *inviter, int64_t our_head, json_t **answer_out,
                         struct error *error)
{
    long status = 0;
    const json_t *events = NULL;
    enum result result = ask_page(inviter, our_head, &status, answer_out, error);
    if (result == RESULT_OK && status == BAD_REQUEST && !inviter->is_plain) {
        inviter->is_plain = true; /* it knows no such member, and says so */
        json_decref(*answer_out);
        result = ask_page(inviter, our_head, &status, answer_out, error);
    }
    if (result == RESULT_OK && status != OK) {
        result = explain_status(inviter, status, error);
    } else if (result == RESULT_OK && !json_members_array(*answer_out, "events", &events)) {
        result = error_set(error, RESULT_UNREACHABLE,
                           "The inviter's node gives no events; try again later.");
    } else if (result == RESULT_OK) {
        inviter->is_plain = !json_is_true(json_object_get(*answer_out, "membership"));
    }
    if (result != RESULT_OK) {
        json_decref(*answer_out);
        *answer_out = NULL;
    }
    return result;
}

enum result inviter_push(struct inviter *inviter, const struct buffer *body, struct error *error)
{
    long status = 0;
    json_t *answer = NULL;
    int64_t rejected = 1;
    enum result result = call(inviter, "/sync/v1/events", body, &status, &answer, error);
    if (result == RESULT_OK && status != OK) {
        result = explain_status(inviter, status, error);
    } else if (result == RESULT_OK &&
               (!json_members_integer(answer, "rejected", 0, INT64_MAX, &rejected) ||
                rejected != 0)) {
        result = error_set(error, RESULT_UNAUTHORIZED,
                           "The inviter's node did not accept this device: the invitation does "
                           "not count any more. Ask for a new one.");
    }
    json_decref(answer);
    return result;
}
