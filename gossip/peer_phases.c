#include "gossip/peer_phases.h"

#include "core/phases.h"

enum { NO = PHASES_NO };

/* clang-format off */
static const uint8_t reaches[REACHES][REACH_EVENTS] = {
                        /* ANSWERED    HEARD        CALLS_ONLY   REFUSED      FAILED            SILENT       LEFT */
    [REACH_NEW]        = {REACH_HERE, REACH_HERE,  NO,          REACH_NEAR,  REACH_LOST,       NO,          REACH_LOST},
    [REACH_HERE]       = {REACH_HERE, REACH_HERE,  NO,          REACH_NEAR,  REACH_LOST,       REACH_QUIET, REACH_LOST},
    [REACH_QUIET]      = {REACH_HERE, REACH_HERE,  NO,          REACH_NEAR,  REACH_LOST,       NO,          REACH_LOST},
    [REACH_LOST]       = {REACH_HERE, REACH_NEAR,  REACH_CALLS, REACH_NEAR,  REACH_LOST,       NO,          REACH_LOST},
    [REACH_NEAR]       = {REACH_HERE, REACH_NEAR,  REACH_CALLS, REACH_NEAR,  REACH_LOST,       NO,          REACH_LOST},
    [REACH_CALLS]      = {REACH_HERE, REACH_CALLS, REACH_CALLS, REACH_CALLS, REACH_CALLS_LOST, REACH_NEAR,  REACH_LOST},
    [REACH_CALLS_LOST] = {REACH_HERE, REACH_CALLS, REACH_CALLS, REACH_CALLS, REACH_CALLS_LOST, REACH_LOST,  REACH_LOST},
};

static const struct {
    bool works;
    bool online;
    bool known;
} meanings[REACHES] = {
                        /* works  online known */
    [REACH_NEW]        = {true,  false, false},
    [REACH_HERE]       = {true,  true,  true},
    [REACH_QUIET]      = {true,  false, true},
    [REACH_LOST]       = {false, false, false},
    [REACH_NEAR]       = {false, false, true},
    [REACH_CALLS]      = {false, true,  true},
    [REACH_CALLS_LOST] = {false, true,  false},
};

static const uint8_t exchanges[EXCHANGES][EXCHANGE_EVENTS] = {
                             /* BEGINS              BEGINS_BY_CURSOR PAUSES                ENDS           MISSES                 LEFT */
    [EXCHANGE_NONE]         = {EXCHANGE_STEP,       EXCHANGE_CURSOR, NO,                   NO,            EXCHANGE_NONE,         EXCHANGE_NONE},
    [EXCHANGE_STEP]         = {NO,                  NO,              EXCHANGE_PAUSE,       EXCHANGE_NONE, EXCHANGE_STEP_AGAIN,   EXCHANGE_LATE},
    [EXCHANGE_STEP_AGAIN]   = {NO,                  NO,              EXCHANGE_PAUSE_AGAIN, EXCHANGE_NONE, EXCHANGE_STEP_AGAIN,   EXCHANGE_LATE},
    [EXCHANGE_PAUSE]        = {EXCHANGE_STEP,       NO,              NO,                   NO,            EXCHANGE_PAUSE_AGAIN,  EXCHANGE_NONE},
    [EXCHANGE_PAUSE_AGAIN]  = {EXCHANGE_STEP_AGAIN, NO,              NO,                   NO,            EXCHANGE_PAUSE_AGAIN,  EXCHANGE_NONE},
    [EXCHANGE_CURSOR]       = {NO,                  NO,              NO,                   EXCHANGE_NONE, EXCHANGE_CURSOR_AGAIN, EXCHANGE_LATE},
    [EXCHANGE_CURSOR_AGAIN] = {NO,                  NO,              NO,                   EXCHANGE_NONE, EXCHANGE_CURSOR_AGAIN, EXCHANGE_LATE},
    [EXCHANGE_LATE]         = {NO,                  NO,              NO,                   EXCHANGE_NONE, EXCHANGE_LATE,         EXCHANGE_LATE},
};

static const uint8_t pushes[PUSHES][PUSH_EVENTS] = {
                      /* BEGINS         ENDS       LEFT */
    [PUSH_NONE]      = {PUSH_UNDER_WAY, NO,        PUSH_NONE},
    [PUSH_UNDER_WAY] = {NO,             PUSH_NONE, PUSH_LATE},
    [PUSH_LATE]      = {NO,             PUSH_NONE, PUSH_LATE},
};

static const uint8_t polls[POLLS][POLL_EVENTS] = {
                      /* BEGINS         ENDS */
    [POLL_NONE]      = {POLL_UNDER_WAY, NO},
    [POLL_UNDER_WAY] = {NO,             POLL_NONE},
};
/* clang-format on */

void peer_phases_reach(enum peer_reach *reach, enum peer_reach_event event)
{
    *reach = (enum peer_reach)phases_follow(*reach, reaches[*reach][event]);
}

void peer_phases_exchange(enum peer_exchange *exchange, enum peer_exchange_event event)
{
    *exchange = (enum peer_exchange)phases_follow(*exchange, exchanges[*exchange][event]);
}

void peer_phases_push(enum peer_push *push, enum peer_push_event event)
{
    *push = (enum peer_push)phases_follow(*push, pushes[*push][event]);
}

void peer_phases_poll(enum peer_poll *poll, enum peer_poll_event event)
{
    *poll = (enum peer_poll)phases_follow(*poll, polls[*poll][event]);
}

bool peer_phases_works(enum peer_reach reach)
{
    return meanings[reach].works;
}

bool peer_phases_is_online(enum peer_reach reach)
{
    return meanings[reach].online;
}

bool peer_phases_is_known(enum peer_reach reach)
{
    return meanings[reach].known;
}

bool peer_phases_calls_only(enum peer_reach reach)
{
    return reach == REACH_CALLS || reach == REACH_CALLS_LOST;
}

bool peer_phases_exchanges(enum peer_exchange exchange)
{
    return exchange != EXCHANGE_NONE && !peer_phases_pauses(exchange);
}

bool peer_phases_pauses(enum peer_exchange exchange)
{
    return exchange == EXCHANGE_PAUSE || exchange == EXCHANGE_PAUSE_AGAIN;
}

bool peer_phases_is_by_cursor(enum peer_exchange exchange)
{
    return exchange == EXCHANGE_CURSOR || exchange == EXCHANGE_CURSOR_AGAIN;
}

bool peer_phases_again(enum peer_exchange exchange)
{
    return exchange == EXCHANGE_STEP_AGAIN || exchange == EXCHANGE_PAUSE_AGAIN ||
           exchange == EXCHANGE_CURSOR_AGAIN;
}
