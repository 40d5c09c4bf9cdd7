#include "protocol/invite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/pasted_text.h"
#include "protocol/wall_clock.h"

static const char invite_prefix[] = "hearthnet://v1/";
static const char id_prefix[] = "hearthnet-id://v1/";

/* Consumes the object. */
static char *encode(const char *prefix, json_t *object)
{
    struct buffer canonical;
    struct buffer text;
    buffer_init(&canonical);
    buffer_init(&text);
    (void)canonical_write(object, &canonical);
    buffer_append_text(&text, prefix);
    base64url_encode(canonical.data, canonical.length_bytes, &text);
    buffer_deinit(&canonical);
    json_decref(object);
    return buffer_take(&text);
}

/* What is in the text, wherever that is. */
static json_t *decode(const char *prefix, const char *text, struct error *error)
{
    json_t *object = NULL;
    struct buffer canonical;
    size_t prefix_bytes = strlen(prefix);
    char *found = pasted_text_find(text, prefix, INVITE_MOST_TEXT_BYTES);
    buffer_init(&canonical);
    if (found == NULL) {
        (void)error_set(error, RESULT_INVALID, "Nothing in it begins with %s.", prefix);
    } else if (base64url_decode(found + prefix_bytes, strlen(found) - prefix_bytes, &canonical) !=
               RESULT_OK) {
        (void)error_set(error, RESULT_INVALID,
                        "It is cut off or has foreign characters in it; copy the whole text.");
    } else if (canonical_parse(buffer_text(&canonical), canonical.length_bytes,
                               CANONICAL_MOST_NESTING, &object, NULL) != RESULT_OK) {
        (void)error_set(error, RESULT_INVALID, "It is damaged; copy the whole text.");
    }
    buffer_deinit(&canonical);
    memory_free(found);
    return object;
}

static json_t *describe_token(const struct invite *invite)
{
    char *text = invite_format_token(invite->token);
    json_t *token = json_build_text(text);
    memory_free(text);
    return token;
}

char *invite_make(const struct invite *invite, const struct signing_key *inviter_key)
{
    char community_id[NODE_ID_TEXT_BYTES];
    char inviter[NODE_ID_TEXT_BYTES];
    char invitee[NODE_ID_TEXT_BYTES];
    char expires_at[WALL_CLOCK_TEXT_BYTES];
    node_id_format(&invite->community_id, community_id);
    node_id_format(&invite->inviter, inviter);
    node_id_format(&invite->invitee, invitee);
    wall_clock_format(invite->expires_at, expires_at);
    json_t *object = json_build_pack(
        "{s:i,s:s,s:s,s:s,s:s?,s:s,s:o,s:s,s:s?}", "schema_version", 1, "community_id",
        community_id, "community_name", invite->community_name, "inviter_node_id", inviter,
        "invitee_node_id", invite->is_open ? NULL : invitee, "initial_level",
        member_level_name(invite->initial_level), "bootstrap_endpoints",
        node_manifest_endpoints_to_json(&invite->bootstrap_endpoints), "expires_at", expires_at,
        "invite_event_id", invite->invite_event_id[0] == '\0' ? NULL : invite->invite_event_id);
    if (invite->is_open) {
        (void)json_object_set_new(object, "token", describe_token(invite));
    }
    (void)signing_sign_object(inviter_key, object);
    return encode(invite_prefix, object);
}

/* null: its member comes back. */
static bool read_event_id(const json_t *object, struct invite *invite)
{
    const char *event_id = "";
    if (!json_is_null(json_object_get(object, "invite_event_id")) &&
        (!json_members_string(object, "invite_event_id", &event_id, NULL) ||
         !ulid_is_valid(event_id))) {
        return false;
    }
    (void)snprintf(invite->invite_event_id, sizeof invite->invite_event_id, "%s", event_id);
    return true;
}

/* For whom it is: one device, or whoever holds its token. */
static bool read_guest(const json_t *object, struct invite *invite)
{
    const char *token = NULL;
    if (!invite->is_open) {
        return json_members_node_id(object, "invitee_node_id", &invite->invitee) &&
               read_event_id(object, invite);
    }
    return json_is_null(json_object_get(object, "invitee_node_id")) &&
           json_is_null(json_object_get(object, "invite_event_id")) &&
           json_members_string(object, "token", &token, NULL) &&
           invite_parse_token(token, invite->token);
}

static bool read_members(const json_t *object, struct invite *invite)
{
    static const char *const members[] = {"token", /* of an open one alone */
                                          "schema_version",
                                          "community_id",
                                          "community_name",
                                          "inviter_node_id",
                                          "invitee_node_id",
                                          "initial_level",
                                          "bootstrap_endpoints",
                                          "expires_at",
                                          "invite_event_id",
                                          "signature",
                                          NULL};
    int64_t version = 0;
    const char *level = NULL;
    const char *expires_at = NULL;
    const char *name = NULL;
    invite->is_open = json_object_get(object, "token") != NULL;
    if (!json_members_are(object, invite->is_open ? members : members + 1) ||
        !json_members_integer(object, "schema_version", 1, 1, &version) ||
        !json_members_node_id(object, "community_id", &invite->community_id) ||
        !json_members_node_id(object, "inviter_node_id", &invite->inviter) ||
        !json_members_string(object, "community_name", &name, NULL) ||
        !json_members_string(object, "initial_level", &level, NULL) ||
        !member_level_parse(level, &invite->initial_level) ||
        node_manifest_parse_endpoints(json_object_get(object, "bootstrap_endpoints"),
                                      &invite->bootstrap_endpoints) != RESULT_OK ||
        !json_members_string(object, "expires_at", &expires_at, NULL) ||
        wall_clock_parse(expires_at, &invite->expires_at) != RESULT_OK ||
        !read_guest(object, invite)) {
        return false;
    }
    invite->community_name = memory_duplicate_string(name);
    return true;
}

enum result invite_parse(const char *text, struct invite *invite_out, struct error *error)
{
    struct error reason = {""};
    struct invite invite = {0};
    enum result result = RESULT_INVALID;
    json_t *object = decode(invite_prefix, text, &reason);
    if (object == NULL) {
        (void)error_set(error, RESULT_INVALID, "This is no invite. %s", reason.message);
    } else if (!read_members(object, &invite)) {
        (void)error_set(error, RESULT_INVALID,
                        "This invite is incomplete or from another version; ask for a new one.");
    } else if (signing_verify_object(&invite.inviter, object) != RESULT_OK) {
        (void)error_set(error, RESULT_INVALID,
                        "The invite's signature is wrong: it was changed on its way. Ask again.");
    } else {
        *invite_out = invite;
        invite.community_name = NULL;
        result = RESULT_OK;
    }
    invite_deinit(&invite);
    json_decref(object);
    return result;
}

char *invite_format_token(const uint8_t token[static INVITE_TOKEN_BYTES])
{
    struct buffer text;
    buffer_init(&text);
    base64url_encode(token, INVITE_TOKEN_BYTES, &text);
    return buffer_take(&text);
}

bool invite_parse_token(const char *text, uint8_t token_out[static INVITE_TOKEN_BYTES])
{
    return base64url_decode_exact(text, token_out, INVITE_TOKEN_BYTES);
}

void invite_deinit(struct invite *invite)
{
    memory_free(invite->community_name);
    invite->community_name = NULL;
}

char *invite_make_id_text(const struct node_id *node_id, const char *display_name)
{
    char text[NODE_ID_TEXT_BYTES];
    node_id_format(node_id, text);
    return encode(id_prefix,
                  json_build_pack("{s:s,s:s}", "node_id_full", text, "display_name", display_name));
}

enum result invite_parse_id_text(const char *text, struct node_id *node_id_out,
                                 char **display_name_out)
{
    const char *name = "";
    json_t *object = decode(id_prefix, text, NULL);
    enum result result = RESULT_INVALID;
    if (object != NULL && json_members_node_id(object, "node_id_full", node_id_out)) {
        (void)json_members_string(object, "display_name", &name, NULL);
        *display_name_out = memory_duplicate_string(name);
        result = RESULT_OK;
    }
    json_decref(object);
    return result;
}
