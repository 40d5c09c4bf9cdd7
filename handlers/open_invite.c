#include "handlers/open_invite.h"

#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/handlers.h"
#include "handlers/invite_text.h"
#include "protocol/display_text.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/log_open_invites.h"

/* An invite by us; its community's name is the caller's (invite_deinit). */
static struct invite begin_invite(const struct node_parts *parts, struct event_log *log)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    struct invite invite = {
        .community_id = snapshot->membership->community_id,
        .inviter = parts->key->node_id,
        .community_name = memory_duplicate_string(snapshot->membership->name),
    };
    log_snapshot_release(log, &snapshot);
    return invite;
}

static void refuse_busy(struct request *request)
{
    request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                        "Too much is being written at once; try again in a second.");
}

/* An open invite, or a guest's invitation, that waits to be on disk. */
struct waiting {
    struct appending base; /* first: the one pointer becomes the other */
    struct redeem_answer redeemed;
    struct invite invite;
};

static void end_waiting(struct waiting *waiting)
{
    signing_wipe(waiting->invite.token, sizeof waiting->invite.token);
    invite_deinit(&waiting->invite);
    memory_free(waiting);
}

static void on_made(struct appending *base)
{
    struct waiting *waiting = (struct waiting *)base;
    const struct append_answer *answer = &base->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        invite_text_reply(base->request, base->parts, &waiting->invite);
    }
    end_waiting(waiting);
}

/* False, and answered, when it is not what can be asked for. */
static bool read_wish(struct request *request, const struct node_parts *parts,
                      struct open_invite *open_out)
{
    const json_t *body = request->body;
    const char *level = "member";
    int64_t ttl_seconds = INVITE_TEXT_DEFAULT_TTL_SECONDS;
    size_t known = 1;
    bool open = false;
    *open_out = (struct open_invite){.uses = 1};
    known += json_members_string(body, "initial_level", &level, NULL);
    known +=
        json_members_integer(body, "ttl_seconds", 1, INVITE_TEXT_MOST_TTL_SECONDS, &ttl_seconds);
    known += json_members_integer(body, "uses", 1, LOG_OPEN_INVITES_MOST_USES, &open_out->uses);
    if (!json_members_boolean(body, "open", &open) || !open || known != json_object_size(body) ||
        !member_level_parse(level, &open_out->level) || open_out->level == LEVEL_ANCHOR) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Beside \"open\":true there may be initial_level, member or trusted; "
                            "ttl_seconds, 1 to 31536000; and uses, 1 to 256.");
        return false;
    }
    open_out->expires_at = clock_wall_ms(parts->clock) / 1000 + ttl_seconds;
    signing_random(open_out->token, sizeof open_out->token);
    return true;
}

void open_invite_make(struct request *request, const struct node_parts *parts)
{
    struct endpoints endpoints;
    struct open_invite open;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !read_wish(request, parts, &open) ||
        !invite_text_endpoints(request, parts, &endpoints)) {
        return;
    }
    if (endpoints.count > OPEN_INVITE_MOST_ENDPOINTS) {
        endpoints.count = OPEN_INVITE_MOST_ENDPOINTS;
    }
    struct waiting *waiting = memory_allocate(1, sizeof *waiting);
    waiting->base = (struct appending){.request = request, .parts = parts, .then = on_made};
    waiting->invite = begin_invite(parts, log);
    waiting->invite.is_open = true;
    waiting->invite.initial_level = open.level;
    waiting->invite.expires_at = open.expires_at;
    waiting->invite.bootstrap_endpoints = endpoints;
    memcpy(waiting->invite.token, open.token, sizeof open.token);
    if (log_open_invites_add(log, &open, appending_done, waiting) != RESULT_OK) {
        end_waiting(waiting);
        refuse_busy(request);
    }
    signing_wipe(&open, sizeof open);
}

static void reply_redeemed(struct request *request, void *context)
{
    struct waiting *waiting = context;
    const struct redeem_answer *answer = &waiting->redeemed;
    struct invite *invite = &waiting->invite;
    if (answer->result != RESULT_OK) {
        request_reply_error(request, wire_code_of_join(answer->result), answer->error.message);
    } else {
        invite->initial_level = answer->level;
        invite->expires_at = answer->expires_at;
        memcpy(invite->invite_event_id, answer->invite_event_id, ULID_TEXT_BYTES);
        char *text = invite_make(invite, waiting->base.parts->key);
        request_reply_json(request, 200, json_build_pack("{s:s}", "invite", text));
        memory_free(text);
    }
    end_waiting(waiting);
}

static void on_redeemed(void *context, const struct redeem_answer *answer)
{
    struct waiting *waiting = context;
    waiting->redeemed = *answer;
    waiting->base.request->go_on(waiting->base.request, reply_redeemed, waiting);
}

/* False, and answered, when it is not {"token","display_name"}. */
static bool read_redeem(struct request *request, uint8_t token_out[static INVITE_TOKEN_BYTES],
                        const char **display_name_out)
{
    static const char *const members[] = {"token", "display_name", NULL};
    const char *token = NULL;
    if (!json_members_are(request->body, members) ||
        !json_members_string(request->body, "token", &token, NULL) ||
        !json_members_string(request->body, "display_name", display_name_out, NULL) ||
        display_text_count_characters(*display_name_out) > EVENT_DATA_MOST_NAME_CHARACTERS ||
        display_text_has_control_character(*display_name_out)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"token\",\"display_name\"}, the name of at most 64 "
                            "characters.");
        return false;
    }
    if (!invite_parse_token(token, token_out)) {
        request_reply_error(request, WIRE_INVITE_INVALID,
                            "A token is 16 bytes in base64url; copy the whole invite.");
        return false;
    }
    return true;
}

void open_invite_redeem_handle(struct request *request, const struct node_parts *parts)
{
    uint8_t token[INVITE_TOKEN_BYTES];
    const char *display_name = NULL;
    const struct node_id *guest = &request->caller.node_id;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !read_redeem(request, token, &display_name)) {
        return;
    }
    struct waiting *waiting = memory_allocate(1, sizeof *waiting);
    waiting->base = (struct appending){.request = request, .parts = parts};
    waiting->invite = begin_invite(parts, log);
    waiting->invite.invitee = *guest;
    parts->endpoints(parts->node, &waiting->invite.bootstrap_endpoints);
    if (log_open_invites_redeem(log, token, guest, display_name, on_redeemed, waiting) !=
        RESULT_OK) {
        end_waiting(waiting);
        refuse_busy(request);
    }
    signing_wipe(token, sizeof token);
}
