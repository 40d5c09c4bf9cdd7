/* Gossip's decisions with peers that are played: the test says what becomes of what is decided.
 *
 * Thread: the test's, one state at a time.
 */
#ifndef HEARTHCHAT_TESTS_GOSSIP_PLAY_H
#define HEARTHCHAT_TESTS_GOSSIP_PLAY_H

#include "gossip/gossip_state.h"
#include "support/test_support.h"

/* One of as many as are wanted, who have no keys. */
struct node_id gossip_play_id(size_t number);

/* Peers 1 to `count` (see test_key); wherever chance decides, it takes the first. */
struct gossip_state *gossip_play_create(uint8_t count);

/* Answers every request with success until nothing is left to do; counts the actions of that kind.
 */
int gossip_play_settle(struct gossip_state *state, int64_t now_ms, int64_t through,
                       enum gossip_action_kind kind);

/* The answer that a waiting send gets, or -1 when there is none yet. */
int gossip_play_answer_at(struct gossip_state *state, int64_t now_ms);

#endif
