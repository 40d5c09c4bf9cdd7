/* A community's policy: how many signatures what takes (§7).
 *
 * Thread: any. Plain values.
 */
#ifndef HEARTHCHAT_PROTOCOL_POLICY_H
#define HEARTHCHAT_PROTOCOL_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define POLICY_MOST_SIGNATURES 256
#define POLICY_MOST_TTL_SECONDS 31536000

struct policy {
    int64_t min_signatures_to_invite;
    int64_t min_signatures_to_demote;
    int64_t min_signatures_to_revoke;
    int64_t capability_token_ttl_seconds;
    bool federation_enabled;
    bool default_member_can_invite;
};

struct policy policy_default(void);

/* Of an event: all six members, within their bounds. Further ones are kept there and mean nothing
 * yet (§7). */
enum result policy_parse(const json_t *json, struct policy *policy_out, struct error *error);

/* What a founder may type: members that are missing keep the default, and one that there is not is
 * an error. */
enum result policy_parse_partial(const json_t *json, struct policy *policy_out,
                                 struct error *error);

json_t *policy_to_json(const struct policy *policy);

#endif
