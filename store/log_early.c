#include "store/log_early_private.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "protocol/json_members.h"

/* With the lock taken. NULL: there is none. */
static struct log_early_peer *find_peer(struct event_log *log, const struct node_id *node_id)
{
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        struct log_early_peer *peer = &log->early.peers[i];
        if (peer->id != 0 && node_id_equal(&peer->node_id, node_id)) {
            return peer;
        }
    }
    return NULL;
}

/* The place that was taken first, of those where nothing waits; NULL: everywhere something does. */
static struct log_early_peer *add_peer(struct event_log *log, const struct node_id *node_id)
{
    struct log_early_peer *oldest = NULL;
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        struct log_early_peer *peer = &log->early.peers[i];
        if (peer->waiting == 0 && (oldest == NULL || peer->id < oldest->id)) {
            oldest = peer;
        }
    }
    if (oldest != NULL) {
        *oldest = (struct log_early_peer){.node_id = *node_id, .id = ++log->early.last_id};
    }
    return oldest;
}

static void count_no_more(struct event_log *log, struct log_early_message *early)
{
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        struct log_early_peer *peer = &log->early.peers[i];
        if (early->place != 0 && peer->id == early->place) {
            peer->waiting--;
        }
    }
    early->place = 0;
}

/* Each that waits takes a number. */
static struct log_terms guess(const struct log_early_peer *peer)
{
    struct log_terms terms = peer->terms;
    terms.number =
        terms.number > UINT32_MAX - peer->waiting ? UINT32_MAX : terms.number + peer->waiting;
    return terms;
}

/* NULL: nobody has written to that peer lately. */
static struct log_early_message *begin(struct event_log *log, const struct node_id *recipient,
                                       bool *is_known_out)
{
    struct log_early_message *early = NULL;
    lock_take(log->lock);
    struct log_early_peer *peer = find_peer(log, recipient);
    if (peer != NULL) {
        early = memory_allocate(1, sizeof *early);
        *early = (struct log_early_message){
            .recipient = *recipient, .place = peer->id, .terms = guess(peer)};
        *is_known_out = peer->is_known;
        peer->waiting++;
    }
    lock_release(log->lock);
    return early;
}

static void seal(struct event_log *log, const struct event_draft *draft,
                 struct log_early_message *early)
{
    union event_data data;
    if (event_kind_decode(event_kind_get(draft->type), draft->data, &log->options.key->node_id,
                          &log->options.community_id, &data, NULL) == RESULT_OK) {
        early->is_sealed = !data.message.sealed &&
                           log_secrets_seal_text(log, &data.message, NULL, &early->terms,
                                                 &early->secrets, &early->draft) == RESULT_OK;
        event_kind_release(draft->type, &data);
    }
}

struct log_early_message *log_early_seal(struct event_log *log, const struct event_draft *draft)
{
    struct node_id recipient;
    bool is_known = false;
    if (!log->options.keeps_keys || draft->type != EVENT_MESSAGE_SENT ||
        draft->reply_to[0] != '\0' || !thread_may(THREAD_SLOW_WORK) ||
        !json_members_node_id(draft->data, "recipient", &recipient)) {
        return NULL;
    }
    struct log_early_message *early = begin(log, &recipient, &is_known);
    if (early != NULL && is_known) {
        seal(log, draft, early);
    }
    return early;
}

static bool are_equal(const struct log_terms *one, const struct log_terms *other)
{
    return one->peer == other->peer &&
           memcmp(one->to.key, other->to.key, sizeof one->to.key) == 0 &&
           one->number == other->number && one->needs_reply == other->needs_reply;
}

bool log_early_is_ahead(struct event_log *log, const struct log_early_message *early)
{
    if (early == NULL) {
        return false;
    }
    lock_take(log->lock);
    const struct log_early_peer *peer = find_peer(log, &early->recipient);
    bool is_ahead = peer != NULL && peer->terms.number < early->terms.number;
    lock_release(log->lock);
    return is_ahead;
}

bool log_early_take(struct event_log *log, struct log_early_message *early,
                    const struct log_terms *terms, struct event_draft *draft,
                    struct log_secrets *secrets_out)
{
    if (!early->is_sealed || !are_equal(terms, &early->terms)) {
        return false;
    }
    event_draft_deinit(draft);
    *draft = early->draft;
    *secrets_out = early->secrets;
    early->is_sealed = false;
    signing_wipe(&early->secrets, sizeof early->secrets);
    log_early_go_on(log, &early->recipient, terms, early);
    return true;
}

void log_early_go_on(struct event_log *log, const struct node_id *node_id,
                     const struct log_terms *terms, struct log_early_message *early)
{
    lock_take(log->lock);
    if (early != NULL) {
        count_no_more(log, early);
    }
    struct log_early_peer *peer = find_peer(log, node_id);
    peer = peer == NULL ? add_peer(log, node_id) : peer;
    if (peer != NULL) {
        peer->is_known = true;
        peer->terms = *terms;
        peer->terms.number += terms->number < UINT32_MAX ? 1 : 0;
        peer->terms.needs_reply = false;
    }
    lock_release(log->lock);
}

void log_early_forget(struct event_log *log, int64_t number)
{
    lock_take(log->lock);
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        struct log_early_peer *peer = &log->early.peers[i];
        peer->is_known = peer->is_known && peer->terms.peer != number;
    }
    lock_release(log->lock);
}

void log_early_forget_all(struct event_log *log)
{
    lock_take(log->lock);
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        log->early.peers[i].is_known = false;
    }
    lock_release(log->lock);
}

void log_early_destroy(struct event_log *log, struct log_early_message **early)
{
    if (*early == NULL) {
        return;
    }
    lock_take(log->lock);
    count_no_more(log, *early);
    lock_release(log->lock);
    if ((*early)->is_sealed) {
        event_draft_deinit(&(*early)->draft);
        log_secrets_wipe(&(*early)->secrets);
    }
    memory_free(*early);
    *early = NULL;
}
