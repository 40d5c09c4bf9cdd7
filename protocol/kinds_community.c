/* What membership is made of, and what a node says of itself (§5, §7, §8). */
#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/display_text.h"
#include "protocol/event_kind_private.h"
#include "protocol/json_members.h"
#include "protocol/node_manifest.h"
#include "protocol/signing.h"
#include "protocol/ulid.h"

static bool is_name(const json_t *data, const char *name, const char **text_out)
{
    return json_members_string(data, name, text_out, NULL) && (*text_out)[0] != '\0' &&
           display_text_count_characters(*text_out) <= EVENT_DATA_MOST_NAME_CHARACTERS;
}

static bool is_level(const json_t *data, const char *name, enum member_level *level_out)
{
    const char *text = NULL;
    return json_members_string(data, name, &text, NULL) && member_level_parse(text, level_out);
}

static bool decode_created(const json_t *data, const struct node_id *author,
                           const struct node_id *community_id, union event_data *data_out,
                           struct error *error)
{
    struct community_created *out = &data_out->created;
    static const char *const members[] = {"name", "founder_node_id", "policy", NULL};
    struct node_id founder;
    (void)author;
    return json_members_are(data, members) && is_name(data, "name", &out->name) &&
           json_members_node_id(data, "founder_node_id", &founder) &&
           node_id_equal(&founder, community_id) &&
           policy_parse(json_object_get(data, "policy"), &out->policy, error) == RESULT_OK;
}

static bool decode_invited(const json_t *data, const struct node_id *author,
                           const struct node_id *community_id, union event_data *data_out,
                           struct error *error)
{
    struct member_invited *out = &data_out->invited;
    static const char *const members[] = {"invitee_node_id", "display_name", "initial_level",
                                          "expires_at", NULL};
    (void)author;
    (void)community_id;
    (void)error;
    return json_members_are(data, members) &&
           json_members_node_id(data, "invitee_node_id", &out->invitee) &&
           json_members_string(data, "display_name", &out->display_name, NULL) &&
           is_level(data, "initial_level", &out->initial_level) &&
           out->initial_level != LEVEL_ANCHOR &&
           json_members_wall_clock(data, "expires_at", &out->expires_at);
}

static bool is_manifest_of(const json_t *manifest, const struct node_id *author,
                           const struct node_id *community_id)
{
    struct node_manifest decoded;
    return canonical_measure(manifest) <= EVENT_DATA_MOST_MANIFEST_BYTES &&
           node_manifest_parse(manifest, &decoded) == RESULT_OK &&
           node_id_equal(&decoded.node_id, author) &&
           (!decoded.has_community || node_id_equal(&decoded.community_id, community_id));
}

static bool decode_joined(const json_t *data, const struct node_id *author,
                          const struct node_id *community_id, union event_data *data_out,
                          struct error *error)
{
    struct member_joined *out = &data_out->joined;
    static const char *const members[] = {"invite_event_id", "node_manifest", NULL};
    (void)error;
    return json_members_are(data, members) &&
           json_members_string(data, "invite_event_id", &out->invite_event_id, NULL) &&
           ulid_is_valid(out->invite_event_id) &&
           json_members_object(data, "node_manifest", &out->manifest) &&
           is_manifest_of(out->manifest, author, community_id);
}

static bool contains(const struct co_signers *signers, const struct node_id *node_id)
{
    for (size_t i = 0; i < signers->count; i++) {
        if (node_id_equal(&signers->node_ids[i], node_id)) {
            return true;
        }
    }
    return false;
}

static bool read_co_signer(const json_t *entry, struct node_id *node_id_out,
                           struct signature *signature_out)
{
    static const char *const members[] = {"node_id", "signature", NULL};
    const char *text = NULL;
    return json_members_are(entry, members) &&
           json_members_node_id(entry, "node_id", node_id_out) &&
           json_members_string(entry, "signature", &text, NULL) &&
           signing_parse_signature(text, signature_out) == RESULT_OK;
}

/* The shape must be right for all, and the author one of them. */
static bool decode_co_signers(const json_t *data, const struct node_id *author,
                              struct co_signers *out)
{
    size_t index;
    json_t *entry;
    bool by_author = false;
    bool fits = json_members_array(data, "co_signers", &out->claimed) &&
                json_array_size(out->claimed) <= EVENT_DATA_MOST_CO_SIGNERS;
    json_array_foreach(out->claimed, index, entry)
    {
        struct node_id node_id;
        struct signature signature;
        fits = fits && read_co_signer(entry, &node_id, &signature);
        if (!fits) {
            break;
        }
        by_author = by_author || node_id_equal(&node_id, author);
    }
    return fits && by_author;
}

/* Keeps the distinct signers whose signature of `statement` (consumed) holds; the author's must. */
static bool prove_co_signers(struct co_signers *signers, const struct node_id *author,
                             json_t *statement)
{
    struct buffer text;
    size_t index;
    json_t *entry;
    buffer_init(&text);
    bool fits = canonical_write(statement, &text) == RESULT_OK;
    signers->node_ids =
        memory_allocate(json_array_size(signers->claimed), sizeof *signers->node_ids);
    json_array_foreach(signers->claimed, index, entry)
    {
        struct node_id node_id;
        struct signature signature;
        if (read_co_signer(entry, &node_id, &signature) && !contains(signers, &node_id) &&
            signing_verify(&node_id, text.data, text.length_bytes, &signature) == RESULT_OK) {
            signers->node_ids[signers->count++] = node_id;
        }
    }
    buffer_deinit(&text);
    json_decref(statement);
    return fits && contains(signers, author);
}

static bool decode_revoked(const json_t *data, const struct node_id *author,
                           const struct node_id *community_id, union event_data *data_out,
                           struct error *error)
{
    struct member_revoked *out = &data_out->revoked;
    static const char *const members[] = {"client_id", "target_node_id", "reason", "co_signers",
                                          NULL};
    size_t client_id_bytes = 0;
    (void)community_id;
    (void)error;
    return json_members_are(data, members) &&
           json_members_string(data, "client_id", &out->client_id, &client_id_bytes) &&
           client_id_bytes >= 1 && client_id_bytes <= EVENT_DATA_MOST_CLIENT_ID_BYTES &&
           json_members_node_id(data, "target_node_id", &out->target) &&
           json_members_string(data, "reason", &out->reason, NULL) &&
           event_data_is_revocation_reason(out->reason) &&
           decode_co_signers(data, author, &out->co_signers);
}

static bool prove_revoked(union event_data *data, const struct node_id *author)
{
    struct member_revoked *revoked = &data->revoked;
    return prove_co_signers(
        &revoked->co_signers, author,
        event_data_revocation_statement(revoked->client_id, revoked->reason, &revoked->target));
}

static bool decode_level(const json_t *data, const struct node_id *author,
                         const struct node_id *community_id, union event_data *data_out,
                         struct error *error)
{
    struct level_changed *out = &data_out->level;
    static const char *const members[] = {"target_node_id", "new_level", "co_signers", NULL};
    (void)community_id;
    (void)error;
    return json_members_are(data, members) &&
           json_members_node_id(data, "target_node_id", &out->target) &&
           is_level(data, "new_level", &out->new_level) &&
           decode_co_signers(data, author, &out->co_signers);
}

static bool prove_level(union event_data *data, const struct node_id *author)
{
    struct level_changed *level = &data->level;
    return prove_co_signers(&level->co_signers, author,
                            event_data_level_statement(level->new_level, &level->target));
}

static bool decode_policy(const json_t *data, const struct node_id *author,
                          const struct node_id *community_id, union event_data *data_out,
                          struct error *error)
{
    struct policy_updated *out = &data_out->policy;
    static const char *const members[] = {"policy", NULL};
    (void)author;
    (void)community_id;
    return json_members_are(data, members) &&
           policy_parse(json_object_get(data, "policy"), &out->policy, error) == RESULT_OK;
}

static bool decode_manifest(const json_t *data, const struct node_id *author,
                            const struct node_id *community_id, union event_data *data_out,
                            struct error *error)
{
    struct manifest_updated *out = &data_out->manifest;
    static const char *const members[] = {"manifest", NULL};
    (void)error;
    return json_members_are(data, members) &&
           json_members_object(data, "manifest", &out->manifest) &&
           is_manifest_of(out->manifest, author, community_id);
}

static bool prove_joined(union event_data *data, const struct node_id *author)
{
    return signing_verify_object(author, data->joined.manifest) == RESULT_OK;
}

static bool prove_manifest(union event_data *data, const struct node_id *author)
{
    return signing_verify_object(author, data->manifest.manifest) == RESULT_OK;
}

static void release_revoked(union event_data *data)
{
    memory_free(data->revoked.co_signers.node_ids);
}

static void release_level(union event_data *data)
{
    memory_free(data->level.co_signers.node_ids);
}

const struct event_kind event_kind_community_created = {.name = "community.created",
                                                        .type = EVENT_COMMUNITY_CREATED,
                                                        .drives_membership = true,
                                                        .tells_of_members = true,
                                                        .decode = decode_created};

const struct event_kind event_kind_member_invited = {.name = "community.member.invited",
                                                     .type = EVENT_MEMBER_INVITED,
                                                     .drives_membership = true,
                                                     .tells_of_members = true,
                                                     .decode = decode_invited};

const struct event_kind event_kind_member_joined = {.name = "community.member.joined",
                                                    .type = EVENT_MEMBER_JOINED,
                                                    .drives_membership = true,
                                                    .tells_of_members = true,
                                                    .decode = decode_joined,
                                                    .prove = prove_joined};

const struct event_kind event_kind_member_revoked = {.name = "community.member.revoked",
                                                     .type = EVENT_MEMBER_REVOKED,
                                                     .drives_membership = true,
                                                     .tells_of_members = true,
                                                     .decode = decode_revoked,
                                                     .prove = prove_revoked,
                                                     .release = release_revoked};

const struct event_kind event_kind_member_promoted = {.name = "community.member.promoted",
                                                      .type = EVENT_MEMBER_PROMOTED,
                                                      .drives_membership = true,
                                                      .tells_of_members = true,
                                                      .decode = decode_level,
                                                      .prove = prove_level,
                                                      .release = release_level};

const struct event_kind event_kind_member_demoted = {.name = "community.member.demoted",
                                                     .type = EVENT_MEMBER_DEMOTED,
                                                     .drives_membership = true,
                                                     .tells_of_members = true,
                                                     .decode = decode_level,
                                                     .prove = prove_level,
                                                     .release = release_level};

const struct event_kind event_kind_policy_updated = {.name = "community.policy.updated",
                                                     .type = EVENT_POLICY_UPDATED,
                                                     .drives_membership = true,
                                                     .tells_of_members = true,
                                                     .decode = decode_policy};

const struct event_kind event_kind_manifest_updated = {.name = "node.manifest.updated",
                                                       .type = EVENT_MANIFEST_UPDATED,
                                                       .tells_of_members = true,
                                                       .decode = decode_manifest,
                                                       .prove = prove_manifest};
