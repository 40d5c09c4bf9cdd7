#include "protocol/policy.h"

#include <string.h>

#include "protocol/json_build.h"
#include "protocol/json_members.h"

struct policy policy_default(void)
{
    return (struct policy){.min_signatures_to_invite = 1,
                           .min_signatures_to_demote = 3,
                           .min_signatures_to_revoke = 3,
                           .capability_token_ttl_seconds = 86400,
                           .federation_enabled = true,
                           .default_member_can_invite = true};
}

static const char *const names[] = {"min_signatures_to_invite", "min_signatures_to_demote",
                                    "min_signatures_to_revoke", "capability_token_ttl_seconds",
                                    "federation_enabled",       "default_member_can_invite"};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

/* Takes the member of that name over; false: it is missing or out of its bounds. */
static bool take_member(struct policy *policy, size_t index, const json_t *json)
{
    const struct {
        int64_t *integer;
        int64_t most;
        bool *boolean;
    } places[NAME_COUNT] = {
        {&policy->min_signatures_to_invite, POLICY_MOST_SIGNATURES, NULL},
        {&policy->min_signatures_to_demote, POLICY_MOST_SIGNATURES, NULL},
        {&policy->min_signatures_to_revoke, POLICY_MOST_SIGNATURES, NULL},
        {&policy->capability_token_ttl_seconds, POLICY_MOST_TTL_SECONDS, NULL},
        {NULL, 0, &policy->federation_enabled},
        {NULL, 0, &policy->default_member_can_invite},
    };
    return places[index].integer != NULL
               ? json_members_integer(json, names[index], 1, places[index].most,
                                      places[index].integer)
               : json_members_boolean(json, names[index], places[index].boolean);
}

static bool is_name(const char *key)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strcmp(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum result policy_parse(const json_t *json, struct policy *policy_out, struct error *error)
{
    struct policy policy = policy_default();
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (!take_member(&policy, i, json)) {
            return error_set(error, RESULT_INVALID, "The policy's %s has no valid value.",
                             names[i]);
        }
    }
    *policy_out = policy;
    return RESULT_OK;
}

enum result policy_parse_partial(const json_t *json, struct policy *policy_out, struct error *error)
{
    struct policy policy = policy_default();
    if (!json_is_object(json)) {
        return error_set(error, RESULT_INVALID, "The policy is not an object.");
    }
    for (void *at = json_object_iter((json_t *)(uintptr_t)json); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
        if (!is_name(json_object_iter_key(at))) {
            return error_set(error, RESULT_INVALID, "The policy has no member %.40s.",
                             json_object_iter_key(at));
        }
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (json_object_get(json, names[i]) != NULL && !take_member(&policy, i, json)) {
            return error_set(error, RESULT_INVALID, "The policy's %s has no valid value.",
                             names[i]);
        }
    }
    *policy_out = policy;
    return RESULT_OK;
}

json_t *policy_to_json(const struct policy *policy)
{
    return json_build_pack("{s:I,s:I,s:I,s:I,s:b,s:b}", "min_signatures_to_invite",
                           (json_int_t)policy->min_signatures_to_invite, "min_signatures_to_demote",
                           (json_int_t)policy->min_signatures_to_demote, "min_signatures_to_revoke",
                           (json_int_t)policy->min_signatures_to_revoke,
                           "capability_token_ttl_seconds",
                           (json_int_t)policy->capability_token_ttl_seconds, "federation_enabled",
                           (int)policy->federation_enabled, "default_member_can_invite",
                           (int)policy->default_member_can_invite);
}
