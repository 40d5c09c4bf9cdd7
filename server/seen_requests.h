/* Which request ids each caller used lately, so that a signed request counts once (§9).
 *
 * Thread: any; one lock. create/destroy: startup.
 * Limits: LIMITS_REQUEST_IDS in all, LIMITS_REQUEST_IDS_OF_CALLER of one: what can't be remembered
 * is refused, for it could be sent again.
 */
#ifndef HEARTHCHAT_SERVER_SEEN_REQUESTS_H
#define HEARTHCHAT_SERVER_SEEN_REQUESTS_H

#include <stdint.h>

#include "core/result.h"
#include "protocol/node_id.h"

struct seen_requests;

struct seen_requests *seen_requests_create(void);
void seen_requests_destroy(struct seen_requests **seen);

/* RESULT_EXISTS: used within LIMITS_REQUEST_ID_MS. RESULT_FULL: no room. `request_id` is a ULID. */
enum result seen_requests_add(struct seen_requests *seen, const struct node_id *from,
                              const char *request_id, int64_t now_ms);

#endif
