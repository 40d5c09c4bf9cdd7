/* Our calls to peers, of which only so many are under way at once: the others wait for a place, and
 * each urgency has places of its own, so that none waits for those of another. Where calls wait,
 * one of theirs that takes longer than LIMITS_OUTWARD_CALL_MS makes room: peers that are slow,
 * however many, don't keep us from the rest.
 *
 * Thread: gossip. The transport is handed in. Of a call that waits the URL is copied; its body, its
 * peer and its identity are borrowed until `done`.
 * Limits: LIMITS_OUTWARD_CONNECTIONS. How many may wait is bounded by who calls: a push, an
 * exchange, a poll and a few probes a peer, of peers that answer or are one of
 * LIMITS_OUTWARD_TRIES.
 */
#ifndef HEARTHCHAT_GOSSIP_OUTWARD_CALLS_H
#define HEARTHCHAT_GOSSIP_OUTWARD_CALLS_H

#include "core/clock.h"
#include "gossip/http_client.h"
#include "gossip/urgency.h"

struct outward_calls;

typedef void outward_calls_begin(void *context, const struct http_call *call,
                                 http_client_done *done, void *done_context);

/* `places` in all, one an urgency at least. */
struct outward_calls *outward_calls_create(const struct clock *clock, size_t places,
                                           outward_calls_begin *begin, void *context);

/* `done` is not called for what is left; the transport is gone by then. */
void outward_calls_destroy(struct outward_calls **calls);

/* As http_client_send(), now or later. What makes room for another ends as RESULT_TIMEOUT, with
 * what came of its answer. */
void outward_calls_send(struct outward_calls *calls, enum urgency urgency,
                        const struct http_call *call, http_client_done *done, void *context);

/* The call with that context is more urgent than it was, if it still waits. */
void outward_calls_hurry(struct outward_calls *calls, const void *context, enum urgency urgency);

/* Looks who takes too long; begins what there is room for. */
void outward_calls_step(struct outward_calls *calls);

/* Nothing begins any more; what waits is dropped with outward_calls_destroy(). */
void outward_calls_stop(struct outward_calls *calls);

#endif
