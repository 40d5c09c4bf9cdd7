/* A node that has its key and not its log comes back without anybody doing anything: it asks who
 * speaks in the local network whether it is a member there (§17, §19).
 *
 * A neighbour's hint names ten bytes of a key, and so does what it says of itself to anybody; then
 * that key is pinned. What it shows of its community is believed as far as its log proves that this
 * key founded it or joined it: nobody is drawn into a community where they never were.
 * Thread: heard: discovery's, which it keeps for LIMITS_RETURN_MS at most; create/destroy: startup;
 * everything else: any. Limits: LIMITS_RETURN_*. NULL for `back` is fine: nothing is missing.
 */
#ifndef HEARTHCHAT_SERVER_COMING_BACK_H
#define HEARTHCHAT_SERVER_COMING_BACK_H

#include "core/error.h"
#include "core/log_limit.h"
#include "gossip/http_client.h"
#include "protocol/lan_hint.h"
#include "protocol/node_manifest.h"

struct coming_back;

/* All borrowed. */
struct coming_back_options {
    const char *data_directory;
    const struct signing_key *key;
    const struct http_identity *identity;
    const struct clock *clock;
    struct account_table *accounts;
    struct log_limit *refusals;
    const struct node_id *lost; /* the community; NULL: the directory doesn't tell which */
    /* The log is there: the node opens it, and knows where the neighbour is. */
    enum result (*open)(void *context, const struct node_id *community_id, const char *peer,
                        const struct endpoint *where, struct error *error);
    void *context;
};

struct coming_back *coming_back_create(const struct coming_back_options *options);
void coming_back_destroy(struct coming_back **back);

/* Whom to hear: names us, and the community if it is known. */
void coming_back_describe(const struct coming_back *back, struct lan_hint *hint_out);

/* Somebody is there. Asks, unless somebody else was asked just now, or this one not long ago. */
void coming_back_heard(struct coming_back *back, const struct lan_hint *hint,
                       const struct endpoint *where);

/* Somebody is being asked who speaks of the community that this key founds. */
bool coming_back_asks_for_own(struct coming_back *back);

/* The owner goes first: what is under way ends within a second or two, and until as many calls of
 * _go_on() nothing begins. */
void coming_back_stand_aside(struct coming_back *back);
void coming_back_go_on(struct coming_back *back);

#endif
