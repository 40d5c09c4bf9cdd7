#include "protocol/policy.h"

#include <string.h>

#include "protocol/fields.h"

struct policy policy_default(void)
{
    return (struct policy){.min_signatures_to_invite = 1,
                           .min_signatures_to_demote = 3,
                           .min_signatures_to_revoke = 3,
                           .capability_token_ttl_seconds = 86400,
                           .federation_enabled = true,
                           .default_member_can_invite = true};
}

static enum result set_member(struct policy *policy, const char *name, const json_t *json,
                              struct error *error)
{
    struct {
        const char *name;
        int64_t *integer;
        int64_t most;
        bool *boolean;
    } members[] = {
        {"min_signatures_to_invite", &policy->min_signatures_to_invite, POLICY_MOST_SIGNATURES,
         NULL},
        {"min_signatures_to_demote", &policy->min_signatures_to_demote, POLICY_MOST_SIGNATURES,
         NULL},
        {"min_signatures_to_revoke", &policy->min_signatures_to_revoke, POLICY_MOST_SIGNATURES,
         NULL},
        {"capability_token_ttl_seconds", &policy->capability_token_ttl_seconds,
         POLICY_MOST_TTL_SECONDS, NULL},
        {"federation_enabled", NULL, 0, &policy->federation_enabled},
        {"default_member_can_invite", NULL, 0, &policy->default_member_can_invite},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].name, name) != 0) {
            continue;
        }
        bool fits = members[i].integer != NULL
                        ? fields_integer(json, name, 1, members[i].most, members[i].integer)
                        : fields_boolean(json, name, members[i].boolean);
        return fits ? RESULT_OK
                    : error_set(error, RESULT_INVALID, "The policy's %s has no valid value.", name);
    }
    return error_set(error, RESULT_INVALID, "The policy has no member %.40s.", name);
}

enum result policy_parse_partial(const json_t *json, struct policy *policy_out, struct error *error)
{
    struct policy policy = policy_default();
    if (!json_is_object(json)) {
        return error_set(error, RESULT_INVALID, "The policy is not an object.");
    }
    for (void *at = json_object_iter((json_t *)(uintptr_t)json); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
        enum result result = set_member(&policy, json_object_iter_key(at), json, error);
        if (result != RESULT_OK) {
            return result;
        }
    }
    *policy_out = policy;
    return RESULT_OK;
}

enum result policy_parse(const json_t *json, struct policy *policy_out, struct error *error)
{
    enum result result = policy_parse_partial(json, policy_out, error);
    if (result == RESULT_OK && json_object_size(json) != 6) {
        return error_set(error, RESULT_INVALID, "The policy lacks a member.");
    }
    return result;
}

json_t *policy_to_json(const struct policy *policy)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:b,s:b}", "min_signatures_to_invite",
                     (json_int_t)policy->min_signatures_to_invite, "min_signatures_to_demote",
                     (json_int_t)policy->min_signatures_to_demote, "min_signatures_to_revoke",
                     (json_int_t)policy->min_signatures_to_revoke, "capability_token_ttl_seconds",
                     (json_int_t)policy->capability_token_ttl_seconds, "federation_enabled",
                     (int)policy->federation_enabled, "default_member_can_invite",
                     (int)policy->default_member_can_invite);
}
