/* What is known of a member beside its key and its level: name, addresses, who brought it and when.
 *
 * Thread: read-only once made; shared by counting, from any thread. Limits: a name has at most 64
 * characters, addresses are as many as a manifest has (NODE_MANIFEST_MOST_ENDPOINTS).
 */
#ifndef HEARTHCHAT_PROTOCOL_MEMBER_PROFILE_H
#define HEARTHCHAT_PROTOCOL_MEMBER_PROFILE_H

#include <stdint.h>

#include "core/buffer.h"
#include "protocol/node_manifest.h"
#include "protocol/person_name.h"

struct member_profile;

/* One reference, the caller's. `endpoints`: as member_profile_write_endpoints() writes them. */
struct member_profile *member_profile_create(const char *display_name, int64_t added_at,
                                             const struct node_id *added_by, const char *endpoints);
struct member_profile *member_profile_share(struct member_profile *profile); /* NULL is fine */
void member_profile_release(struct member_profile **profile);

/* The node's own, else the one it was invited by; "" when none is known. Borrowed. */
const char *member_profile_name(const struct member_profile *profile);

/* Of that name. */
struct person_name_keys member_profile_name_keys(struct member_profile *profile);

/* Seconds since 1970, by the clock of who joined. */
int64_t member_profile_added_at(const struct member_profile *profile);
const struct node_id *member_profile_added_by(const struct member_profile *profile);
void member_profile_read_endpoints(const struct member_profile *profile,
                                   struct endpoints *endpoints_out);

/* Endpoints as they are kept: "host:port" and a line break each; appended. */
void member_profile_write_endpoints(const struct endpoints *endpoints, struct buffer *text);

#endif
