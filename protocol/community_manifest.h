/* The community manifest: what membership says, signed by the node that serves it (§8).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_COMMUNITY_MANIFEST_H
#define HEARTHCHAT_PROTOCOL_COMMUNITY_MANIFEST_H

#include <jansson.h>
#include <stdint.h>

#include "protocol/membership.h"
#include "protocol/signing.h"

/* A fresh object; the caller owns it. NULL while the membership knows no community.created. */
json_t *community_manifest_make(const struct membership *membership, int64_t head_lamport,
                                const struct signing_key *key);

#endif
