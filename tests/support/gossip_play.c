#include "support/gossip_play.h"

static uint32_t first_of(void *context, uint32_t below)
{
    (void)context;
    (void)below;
    return 0;
}

struct node_id gossip_play_id(size_t number)
{
    struct node_id node_id = {{0}};
    node_id.key[0] = (uint8_t)(number >> 8);
    node_id.key[1] = (uint8_t)number;
    return node_id;
}

static struct gossip_action action; /* large; one at a time */

struct gossip_state *gossip_play_create(uint8_t count)
{
    struct gossip_state *state = gossip_state_create(first_of, NULL, 0);
    for (uint8_t i = 1; i <= count; i++) {
        gossip_state_add_peer(state, test_id(i), 0, true, 0);
    }
    return state;
}

int gossip_play_settle(struct gossip_state *state, int64_t now_ms, int64_t through,
                       enum gossip_action_kind kind)
{
    int count = 0;
    while (gossip_state_next(state, now_ms, &action)) {
        struct gossip_outcome outcome = {
            .pushed = action.kind == GOSSIP_PUSH, .succeeded = true, .through = through};
        count += action.kind == kind ? 1 : 0;
        if (action.kind == GOSSIP_PUSH || action.kind == GOSSIP_RECONCILE) {
            gossip_state_finished(state, &action.peer, &outcome, now_ms);
        }
    }
    return count;
}

int gossip_play_answer_at(struct gossip_state *state, int64_t now_ms)
{
    int answer = -1;
    while (gossip_state_next(state, now_ms, &action)) {
        if (action.kind == GOSSIP_ANSWER) {
            answer = action.direct ? 1 : 0;
        }
    }
    return answer;
}
