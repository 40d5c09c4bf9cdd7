/* What the writer has before it, in memory: the parts of struct event_log that one file each works
 * with. */
#ifndef HEARTHCHAT_STORE_LOG_AHEAD_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_AHEAD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/node_id.h"
#include "protocol/receiving_key.h"
#include "protocol/ulid.h"

#define LOG_TURNS_MOST 64 /* peers to whom an offer is owed (log_turns_private.h) */

struct log_turn {
    int64_t peer;
    int64_t at_ms; /* monotonic */
};

/* What is to be written to peers soon; the writer's. */
struct log_turns {
    struct log_turn opened[LOG_TURNS_MOST];
    size_t count;
    bool asks;
    int64_t ask_at_ms;
};

/* Whose device has lost more than was told; the writer's. */
struct log_lost {
    bool has_more;
    struct node_id peer;
};

/* What is shown first, then all else that each of the two wrote, what is aside as well. */
enum log_clearing_stage {
    LOG_CLEARING_MESSAGES,
    LOG_CLEARING_OWN,
    LOG_CLEARING_OWN_ASIDE,
    LOG_CLEARING_THEIRS,
    LOG_CLEARING_THEIRS_ASIDE,
};

/* How far a conversation is cleared (log_clearing.c); the writer's. */
struct log_clearing {
    enum log_clearing_stage stage;
    int64_t conversation, through; /* up to an arrival number */
    int64_t lamport, author;       /* of the last message that was looked at; */
    char event_id[ULID_TEXT_BYTES];
    int64_t recipient, number, seq; /* with `author`: of the last sealed event */
};

/* How far the index of messages has come (log_search_private.h); the writer's. */
struct log_search {
    int64_t through;       /* up to that arrival number all are in it */
    int64_t waiting;       /* so many are above */
    int64_t waiting_bytes; /* their text, or more */
};

#define LOG_TERMS_PLACES 64 /* of peers whose terms are kept in memory */
#define LOG_EARLY_PEERS 16  /* to whom messages are sealed before their turn */

/* How the next message to a peer is to be sealed (log_terms_private.h). */
struct log_terms {
    int64_t peer;            /* by its number; 0: an empty place */
    struct receiving_key to; /* its current offer */
    uint32_t number;         /* §24.2's seq */
    bool needs_reply;        /* it is due a new offer of ours */
};

/* What those who seal messages before their turn are told (log_early_private.h). */
struct log_early_peer {
    struct node_id node_id;
    uint64_t id; /* of this use of the place; 0: it is empty */
    bool is_known;
    struct log_terms terms; /* while it is */
    uint32_t waiting;       /* messages to it that have not had their turn */
};

struct log_early {
    struct log_early_peer peers[LOG_EARLY_PEERS];
    uint64_t last_id;
};

#endif
