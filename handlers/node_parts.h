/* What handlers work with: the node's parts, handed in.
 *
 * Thread: any. The functions are the node's (server/); log() and gossip() are NULL while it is in
 * no community, and stay what they are once they are there.
 */
#ifndef HEARTHCHAT_HANDLERS_NODE_PARTS_H
#define HEARTHCHAT_HANDLERS_NODE_PARTS_H

#include "core/log_limit.h"
#include "gossip/gossip.h"
#include "handlers/request.h"
#include "protocol/node_manifest.h"
#include "protocol/policy.h"
#include "store/event_log.h"

struct join_answer {
    enum result result;
    struct error error;
    struct node_id community_id;
    const char *community_name; /* borrowed; NULL unless RESULT_OK */
    bool already;               /* a member before */
    bool returned;              /* that had no log here */
};
typedef void node_parts_joined(void *context, const struct join_answer *answer);

struct node_parts {
    const struct signing_key *key;
    const struct clock *clock;
    const char *version;
    bool chat_enabled;
    bool store_and_forward;
    bool read_receipts_enabled;
    bool e2e_required; /* nothing goes in clear text (§24.5) */
    bool metrics_enabled;
    bool has_lost;              /* a community's directory is here, and its log is not */
    struct node_id lost;        /* which */
    int64_t started_ms;         /* monotonic */
    struct log_limit *refusals; /* of lines about what others send */
    void *node;
    struct event_log *(*log)(void *node);
    struct gossip *(*gossip)(void *node);
    /* A ULID, monotonic. */
    void (*mint_id)(void *node, char text_out[static ULID_TEXT_BYTES]);
    /* What the account is called, for who has no name yet; "" when that is unknown. */
    const char *suggested_name;
    /* "" while it has none. */
    void (*display_name)(void *node, char name_out[static PERSON_NAME_BYTES]);
    /* `name` as person_name_make() makes it; everybody is told. Blocks for a disk sync. */
    enum result (*rename)(void *node, const char *name, struct error *error);
    /* Our addresses as others reach us; none while this machine is in no network. */
    void (*endpoints)(void *node, struct endpoints *endpoints_out);
    /* A signed manifest, fresh enough; the caller owns it. */
    json_t *(*manifest)(void *node);
    /* Creates a community. RESULT_EXISTS when in one. Blocks for a disk sync. */
    enum result (*found)(void *node, const char *name, const struct policy *policy,
                         struct error *error);
    /* Redeems an invite on a thread of its own; `done` once. RESULT_BUSY while another join runs.
     */
    enum result (*join)(void *node, const char *invite, node_parts_joined *done, void *context);
    /* Answers a long-poll when there is something, or in time (§15). */
    void (*subscribe)(void *node, struct request *request);
};

/* The log, or NULL after answering that there is no community yet. */
struct event_log *node_parts_log(const struct node_parts *parts, struct request *request);

/* Resolves who is meant by a full or short NodeID; answers the request and returns false when
 * nobody is. */
bool node_parts_resolve(const struct node_parts *parts, struct request *request, const char *text,
                        struct node_id *node_id_out);

/* What is known of a node in this moment. */
struct node_look {
    const char *display_name; /* the membership's; "": none */
    struct person_name_keys name_keys;
    const char *namesake; /* among members; NULL: none */
    const char *level;    /* NULL: it is no member */
    bool online;
    char last_seen[WALL_CLOCK_TEXT_BYTES]; /* "": never */
};
void node_parts_look_at(const struct node_parts *parts, const struct node_id *node_id,
                        const struct membership *membership, struct node_look *look_out);

/* The same of one whose place among the members is known; `member` NULL: it has none. */
void node_parts_look_at_member(const struct node_parts *parts, const struct node_id *node_id,
                               const struct member *member, const struct membership *membership,
                               struct node_look *look_out);

/* {"node_id","short_id","display_name","namesake","level","online","last_seen"}: how people and
 * programs are told of a node (§13). Who is no member has no level; `membership` NULL: nobody is
 * known. */
json_t *node_parts_describe_node(const struct node_parts *parts, const struct node_id *node_id,
                                 const struct membership *membership);

#endif
