#include "gossip/peer_asking_private.h"

#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "protocol/canonical.h"
#include "protocol/signing.h"

enum { MOST_URL_BYTES = 320, MOST_MANIFEST_BYTES = 262144 };

/* One of [discovery] peers. */
struct named_address {
    struct endpoint endpoint;
    bool under_way;
    bool is_self; /* found out: not asked again */
    bool has_node;
    struct node_id node_id; /* who was there */
    int64_t ask_at_ms;
};

struct asked {
    struct gossip *gossip;
    struct endpoint endpoint;
    struct named_address *named; /* NULL: the owner asks */
    gossip_peer_asked *done;     /* NULL: nobody waits */
    void *context;
    struct node_id claimed;
    struct asked *following;
};

struct peer_asking {
    struct account *anybody; /* pays for all answers: their keys are what they say */
    struct asked *list;
    size_t owners; /* of them */
    struct named_address *named;
    size_t named_count;
};

struct peer_asking *peer_asking_create(struct gossip *gossip)
{
    static const struct account_key anybody = {.kind = ACCOUNT_OF_OTHER};
    struct peer_asking *asking = memory_allocate(1, sizeof *asking);
    asking->anybody = account_open(gossip->options.accounts, &anybody);
    asking->named_count = gossip->options.by_hand_count;
    asking->named = memory_allocate(asking->named_count + 1, sizeof *asking->named);
    for (size_t i = 0; i < asking->named_count; i++) {
        asking->named[i].endpoint = gossip->options.by_hand[i];
        asking->named[i].ask_at_ms = gossip_io_now(gossip);
    }
    return asking;
}

void peer_asking_destroy(struct peer_asking **asking)
{
    if (*asking == NULL) {
        return;
    }
    while ((*asking)->list != NULL) {
        struct asked *asked = (*asking)->list;
        (*asking)->list = asked->following;
        memory_free(asked);
    }
    account_close(&(*asking)->anybody);
    memory_free((*asking)->named);
    memory_free(*asking);
    *asking = NULL;
}

static void answer(struct asked *asked, const struct gossip_peer_answer *found)
{
    if (asked->done != NULL) {
        asked->done(asked->context, found);
        asked->done = NULL;
    }
}

static void remove_asked(struct asked *asked)
{
    struct asked **at = &asked->gossip->asking->list;
    while (*at != asked) {
        at = &(*at)->following;
    }
    *at = asked->following;
    asked->gossip->asking->owners -= asked->named == NULL ? 1 : 0;
    memory_free(asked);
}

static void log_found(const struct named_address *named, const struct gossip_peer_answer *found)
{
    char text[MOST_URL_BYTES];
    node_manifest_format_url(&named->endpoint, text, sizeof text);
    log_write(found->result == RESULT_UNREACHABLE || found->result == RESULT_TIMEOUT ? LOG_DEBUG
                                                                                     : LOG_WARNING,
              "discovery.peer_not_used", "address", text, "reason", found->error.message, NULL);
}

static void conclude(struct asked *asked, struct gossip_peer_answer *found)
{
    struct named_address *named = asked->named;
    if (named != NULL) {
        named->under_way = false;
        named->ask_at_ms = gossip_io_now(asked->gossip) + PEER_ASKING_EVERY_MS;
        named->is_self = found->result == RESULT_EXISTS;
        named->has_node = found->result == RESULT_OK;
        named->node_id = found->node_id;
        if (found->result != RESULT_OK) {
            log_found(named, found);
        }
    }
    answer(asked, found);
    remove_asked(asked);
}

/* What a reader makes of an answer. */
struct manifest_reading {
    struct gossip_work work;
    struct asked *asked;
    enum result result;
    struct http_answer answer;
    struct account *payer;
    bool understood;
    struct node_id named;   /* whose manifest it is */
    struct node_id claimed; /* whose it is to be, … */
    bool agrees;            /* … and is, as its signature shows */
    void (*done)(struct asked *asked, const struct manifest_reading *reading);
};

static void take(const json_t *json, struct manifest_reading *reading)
{
    struct node_manifest manifest;
    reading->understood = node_manifest_parse(json, &manifest) == RESULT_OK;
    if (reading->understood) {
        reading->named = manifest.node_id;
        reading->agrees = node_id_equal(&manifest.node_id, &reading->claimed) &&
                          signing_verify_object(&reading->claimed, json) == RESULT_OK;
    }
}

static bool read(struct gossip_work *work)
{
    struct manifest_reading *reading = (struct manifest_reading *)work;
    struct foreign_text text = {0};
    json_t *json = NULL;
    if (reading->result == RESULT_OK && reading->answer.status == 200 &&
        foreign_text_read(&text, reading->payer, &reading->answer.body, CANONICAL_MOST_NESTING,
                          &json, NULL) == RESULT_OK) {
        take(json, reading);
    }
    json_decref(json);
    foreign_text_close(&text);
    return true;
}

static void end(struct gossip_work *work)
{
    struct manifest_reading *reading = (struct manifest_reading *)work;
    reading->done(reading->asked, reading);
}

static void discard(struct gossip_work *work)
{
    http_client_deinit_answer(&((struct manifest_reading *)work)->answer);
}

static void read_manifest(struct asked *asked, enum result result, struct http_answer *answer,
                          void (*done)(struct asked *asked, const struct manifest_reading *reading))
{
    struct manifest_reading *reading = memory_allocate(1, sizeof *reading);
    reading->work = (struct gossip_work){.run = read, .end = end, .discard = discard};
    reading->asked = asked;
    reading->claimed = asked->claimed;
    reading->result = result;
    reading->answer = http_client_take_answer(answer);
    reading->payer = asked->gossip->asking->anybody;
    reading->done = done;
    gossip_work_begin(asked->gossip, &reading->work, NULL, URGENCY_TRY);
}

/* What there was to be had without an answer. */
static enum result explain_silence(const struct asked *asked, enum result result, long status,
                                   struct error *error)
{
    const char *host = asked->endpoint.host;
    unsigned port = asked->endpoint.port;
    if (status != 0) {
        return error_set(error, RESULT_INVALID,
                         "What answers at %.50s port %u is no hearthchat node. A node's port is "
                         "7080 unless it says otherwise; see hearthchat status there.",
                         host, port);
    }
    if (result == RESULT_UNAUTHORIZED) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "At %.50s port %u is a node with another key than its manifest says; it "
                         "is not used.",
                         host, port);
    }
    return error_set(error, result == RESULT_TIMEOUT ? RESULT_TIMEOUT : RESULT_UNREACHABLE,
                     "No node answers at %.50s port %u. Does it run, is this its address and port "
                     "(hearthchat status there), does a firewall let calls in?",
                     host, port);
}

/* Whether the node is one that we look for. */
static enum result judge_node(const struct asked *asked, const struct node_id *node_id,
                              struct error *error)
{
    const struct gossip *gossip = asked->gossip;
    char name[NODE_ID_SHORT_BYTES];
    node_id_format_short(node_id, name);
    if (node_id_equal(node_id, &gossip->options.key->node_id)) {
        return error_set(error, RESULT_EXISTS,
                         "That is this node itself; give this address to the others instead.");
    }
    if (peer_links_find(gossip, node_id) == NULL) {
        return error_set(error, RESULT_MISMATCH,
                         "The node there is %s: no member of this community. Invite it first, or "
                         "look for another address.",
                         name);
    }
    return RESULT_OK;
}

static void send(struct asked *asked, const struct node_id *pinned, http_client_done *done)
{
    char base[MOST_URL_BYTES];
    node_manifest_format_url(&asked->endpoint, base, sizeof base);
    char *url = memory_format("%s/manifest", base);
    struct http_call call = {.url = url,
                             .method = "GET",
                             .total_ms = PEER_ASKING_TOTAL_MS,
                             .most_answer_bytes = MOST_MANIFEST_BYTES,
                             .account = asked->gossip->asking->anybody,
                             .peer = pinned,
                             .any_key = pinned == NULL,
                             .anywhere = true,
                             .identity = pinned == NULL ? NULL : asked->gossip->options.identity};
    gossip_io_send(asked->gossip, URGENCY_TRY, &call, done, asked);
    memory_free(url);
}

/* The server has the key that its manifest named. */
static void take_confirmation(struct asked *asked, const struct manifest_reading *reading)
{
    struct gossip *gossip = asked->gossip;
    struct gossip_peer_answer found = {.node_id = asked->claimed};
    struct peer_link *link = peer_links_find(gossip, &asked->claimed);
    if (reading->agrees && link != NULL) {
        peer_addresses_confirm(link->addresses, &asked->endpoint);
        gossip_state_peer_heard(gossip->state, &asked->claimed, gossip_io_now(gossip));
    } else if (link == NULL) {
        found.result = judge_node(asked, &asked->claimed, &found.error);
    } else {
        bool answered = reading->result == RESULT_OK;
        found.result = explain_silence(asked, answered ? RESULT_UNAUTHORIZED : reading->result,
                                       answered ? 0 : reading->answer.status, &found.error);
    }
    conclude(asked, &found);
}

static void confirmed(void *context, enum result result, struct http_answer *answer)
{
    read_manifest(context, result, answer, take_confirmation);
}

/* Nobody vouches for this answer yet: it only says which key to ask for. */
static void take_claim(struct asked *asked, const struct manifest_reading *reading)
{
    struct gossip_peer_answer found = {0};
    if (reading->understood) {
        asked->claimed = reading->named;
        found.node_id = reading->named;
        found.result = judge_node(asked, &reading->named, &found.error);
    } else {
        found.result =
            explain_silence(asked, reading->result, reading->answer.status, &found.error);
    }
    if (found.result == RESULT_OK) {
        send(asked, &asked->claimed, confirmed);
    } else {
        conclude(asked, &found);
    }
}

static void learned(void *context, enum result result, struct http_answer *answer)
{
    read_manifest(context, result, answer, take_claim);
}

static void begin(struct gossip *gossip, const struct endpoint *where, struct named_address *named,
                  gossip_peer_asked *done, void *context)
{
    struct peer_asking *asking = gossip->asking;
    struct asked *asked = memory_allocate(1, sizeof *asked);
    *asked = (struct asked){.gossip = gossip,
                            .endpoint = *where,
                            .named = named,
                            .done = done,
                            .context = context,
                            .following = asking->list};
    asking->list = asked;
    asking->owners += named == NULL ? 1 : 0;
    send(asked, NULL, learned);
}

static void refuse(gossip_peer_asked *done, void *context, const char *why)
{
    struct gossip_peer_answer refused = {0};
    refused.result = error_set(&refused.error, RESULT_BUSY, "%s", why);
    done(context, &refused);
}

void peer_asking_begin(struct gossip *gossip, const struct endpoint *where, gossip_peer_asked *done,
                       void *context)
{
    if (gossip->finishing) {
        refuse(done, context, "This node is stopping.");
    } else if (gossip->asking->owners == PEER_ASKING_MOST) {
        refuse(done, context, "Too many addresses are being asked at once; wait ten seconds.");
    } else {
        begin(gossip, where, NULL, done, context);
    }
}

static bool is_online(const struct gossip *gossip, const struct named_address *named)
{
    const struct peer_link *link =
        named->has_node ? peer_links_find(gossip, &named->node_id) : NULL;
    return link != NULL && link->presence.online;
}

int64_t peer_asking_step(struct gossip *gossip)
{
    struct peer_asking *asking = gossip->asking;
    int64_t now_ms = gossip_io_now(gossip);
    int64_t wake_at_ms = INT64_MAX;
    for (size_t i = 0; i < asking->named_count; i++) {
        struct named_address *named = &asking->named[i];
        if (named->under_way || named->is_self) {
            continue;
        }
        if (now_ms >= named->ask_at_ms && is_online(gossip, named)) {
            named->ask_at_ms = now_ms + PEER_ASKING_EVERY_MS;
        } else if (now_ms >= named->ask_at_ms) {
            named->under_way = true;
            begin(gossip, &named->endpoint, named, NULL, NULL);
        }
        wake_at_ms =
            !named->under_way && named->ask_at_ms < wake_at_ms ? named->ask_at_ms : wake_at_ms;
    }
    return wake_at_ms;
}

void peer_asking_start_over(struct gossip *gossip)
{
    struct peer_asking *asking = gossip->asking;
    for (size_t i = 0; i < asking->named_count; i++) {
        asking->named[i].is_self = false;
        asking->named[i].ask_at_ms = gossip_io_now(gossip);
    }
}

void peer_asking_give_up(struct gossip *gossip)
{
    struct gossip_peer_answer stopping = {0};
    stopping.result = error_set(&stopping.error, RESULT_BUSY, "This node is stopping.");
    for (struct asked *asked = gossip->asking->list; asked != NULL; asked = asked->following) {
        answer(asked, &stopping);
    }
}
