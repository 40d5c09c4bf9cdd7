/* What is asked of peers: requests, and what becomes of those that the state machine wanted, one a
 * lane.
 *
 * Thread: gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_CALL_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_CALL_PRIVATE_H

#include "gossip/gossip_private.h"

/* Sends it, and tells who owns it of the answer, once; beside whatever else is asked of the peer.
 * While the peer is looked for at most PEER_ADDRESSES_MOST_WAITING wait, more are in vain. The link
 * stays until then. The answer's took_ms is that of the call, apart from finding the peer. */
void peer_call_send(struct peer_link *link, const struct peer_request *request);

/* Posts lane->body (taken) to the path. */
void peer_call_post(struct peer_lane *lane, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *answered);

/* What it shows of the link that the events in its body arrived. */
void peer_call_note_sent(struct peer_lane *lane, const struct http_answer *answer);

/* Ends what the state machine asked for. */
void peer_call_conclude(struct peer_lane *lane, const struct gossip_outcome *outcome);

/* The same, in vain, as soon as the answer is read. `answer` is what can't be used of the peer's;
 * NULL: it is not to blame. */
void peer_call_fail(struct peer_lane *lane, enum result result, struct http_answer *answer);

/* Logs what is wrong with an answer that can't be used; that a peer is off or refuses is not. */
void peer_call_report(struct peer_link *link, enum result result, const struct http_answer *answer);

/* An answer of /sync/v1/events. */
struct peer_acknowledgement {
    enum result result; /* RESULT_OK; RESULT_INVALID: not understood; else as foreign_text.h says */
    int64_t accepted;   /* events; -1: it does not say */
    char (*rejected)[ULID_TEXT_BYTES]; /* event ids */
    size_t rejected_count;
    json_t *events;            /* what the peer adds of its own; may be taken out; NULL: nothing */
    struct foreign_text *text; /* … with what pays for it */
};
typedef void peer_acknowledged(struct peer_lane *lane, struct http_answer *answer,
                               struct peer_acknowledgement *acknowledgement);

/* Has one (taken) read by a reader that came with 200, while the lane stays busy. */
void peer_call_read(struct peer_lane *lane, struct http_answer *answer, peer_acknowledged *done);

#endif
