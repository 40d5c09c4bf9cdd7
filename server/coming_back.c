#include "server/coming_back.h"

#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/seeded_hash.h"
#include "gossip/joining.h"
#include "protocol/canonical.h"
#include "protocol/foreign_text.h"

enum { ASKING_MS = 10000, MOST_MANIFEST_BYTES = 262144, MOST_URL_BYTES = 320, OK = 200 };

/* Where somebody was asked. */
struct place {
    uint64_t hash;
    int64_t again_ms;
    int64_t wait_ms;
};

struct coming_back {
    struct coming_back_options options;
    char own[NODE_ID_SHORT_BYTES];
    uint64_t seed;
    struct place places[LIMITS_RETURN_PLACES]; /* discovery's thread alone */
    int64_t next_ms;                           /* likewise */
    atomic_bool cancelled;
    struct lock *lock; /* guards what follows */
    bool busy;
    bool asks_for_own;
    bool is_back;
    size_t aside;
};

struct coming_back *coming_back_create(const struct coming_back_options *options)
{
    struct coming_back *back = memory_allocate(1, sizeof *back);
    back->options = *options;
    signing_random(&back->seed, sizeof back->seed);
    node_id_format_short(&options->key->node_id, back->own);
    back->lock = lock_create();
    return back;
}

void coming_back_destroy(struct coming_back **back)
{
    if (*back != NULL) {
        lock_destroy(&(*back)->lock);
    }
    memory_free(*back);
    *back = NULL;
}

void coming_back_describe(const struct coming_back *back, struct lan_hint *hint_out)
{
    if (back != NULL) {
        memcpy(hint_out->node, back->own, sizeof hint_out->node);
        if (back->options.lost != NULL) {
            node_id_format_short(back->options.lost, hint_out->community);
        }
    }
}

/* Whoever shouts louder is not asked more often. */
static bool is_due(struct coming_back *back, const struct endpoint *where, int64_t now_ms)
{
    uint64_t hash = seeded_hash_bytes(back->seed, where->host, strlen(where->host));
    hash = seeded_hash_bytes(hash, &where->port, sizeof where->port);
    struct place *place = &back->places[hash % LIMITS_RETURN_PLACES];
    if (place->hash != hash) {
        *place = (struct place){.hash = hash, .wait_ms = LIMITS_RETURN_AGAIN_MS};
    }
    if (now_ms < back->next_ms || now_ms < place->again_ms) {
        return false;
    }
    place->again_ms = now_ms + place->wait_ms;
    place->wait_ms = place->wait_ms * 2 < LIMITS_RETURN_AGAIN_MOST_MS ? place->wait_ms * 2
                                                                      : LIMITS_RETURN_AGAIN_MOST_MS;
    return true;
}

static bool is_short_of(const struct node_id *node_id, const char *wanted)
{
    char name[NODE_ID_SHORT_BYTES];
    node_id_format_short(node_id, name);
    return strcmp(name, wanted) == 0;
}

/* Nobody vouches for this answer: it only says which keys to ask for. */
static enum result learn(struct coming_back *back, const struct lan_hint *hint,
                         const struct endpoint *where, struct invite *invite_out,
                         struct error *error)
{
    char base[MOST_URL_BYTES];
    struct http_answer answer = {0};
    static const struct account_key of_anybody = {.kind = ACCOUNT_OF_OTHER};
    struct account *anybody = account_open(back->options.accounts, &of_anybody);
    struct foreign_text text = {0};
    struct node_manifest manifest;
    json_t *json = NULL;
    node_manifest_format_url(where, base, sizeof base);
    char *url = memory_format("%s/manifest", base);
    const struct http_call call = {.url = url,
                                   .method = "GET",
                                   .any_key = true,
                                   .account = anybody,
                                   .total_ms = ASKING_MS,
                                   .most_answer_bytes = MOST_MANIFEST_BYTES,
                                   .cancelled = &back->cancelled};
    enum result result = http_client_call(&call, &answer);
    if (result != RESULT_OK) {
        result = error_set(error, RESULT_UNREACHABLE, "Nobody answers there.");
    } else if (answer.status != OK ||
               foreign_text_read(&text, anybody, &answer.body, CANONICAL_MOST_NESTING, &json,
                                 NULL) != RESULT_OK ||
               node_manifest_parse(json, &manifest) != RESULT_OK || !manifest.has_community ||
               !is_short_of(&manifest.node_id, hint->node) ||
               !is_short_of(&manifest.community_id, hint->community)) {
        result = error_set(error, RESULT_INVALID,
                           "The node there is another one than was said in the local network.");
    } else {
        *invite_out = (struct invite){.community_id = manifest.community_id,
                                      .inviter = manifest.node_id,
                                      .invitee = back->options.key->node_id,
                                      .expires_at = INT64_MAX,
                                      .bootstrap_endpoints = {.list = {*where}, .count = 1}};
    }
    json_decref(json);
    foreign_text_close(&text);
    http_client_deinit_answer(&answer);
    account_close(&anybody);
    memory_free(url);
    return result;
}

/* As with a text that lets a member come back, made by that neighbour. */
static enum result fetch_log(struct coming_back *back, const struct lan_hint *hint,
                             const struct endpoint *where, struct node_id *community_out,
                             struct error *error)
{
    const struct coming_back_options *options = &back->options;
    struct invite invite = {0};
    bool returned = false;
    const struct joining_request request = {.invite = &invite,
                                            .data_directory = options->data_directory,
                                            .key = options->key,
                                            .identity = options->identity,
                                            .clock = options->clock,
                                            .accounts = options->accounts,
                                            .cancelled = &back->cancelled,
                                            .unasked = true};
    enum result result = learn(back, hint, where, &invite, error);
    if (result == RESULT_OK && options->lost != NULL &&
        !node_id_equal(&invite.community_id, options->lost)) {
        result = error_set(error, RESULT_MISMATCH, "The node there is of another community.");
    }
    if (result == RESULT_OK) {
        *community_out = invite.community_id;
        result = joining_run(&request, &returned, error);
    }
    return result;
}

/* Most neighbours of other communities simply don't know us. */
static void log_failure(struct coming_back *back, enum result result, const struct lan_hint *hint,
                        const struct endpoint *where, const struct error *error)
{
    size_t left_out = 0;
    bool usual = result == RESULT_UNREACHABLE ||
                 (result == RESULT_UNAUTHORIZED && back->options.lost == NULL);
    if (log_limit_admit(back->options.refusals, where->host, error->message,
                        clock_monotonic_ms(back->options.clock), &left_out)) {
        log_write(usual ? LOG_DEBUG : LOG_WARNING, "discovery.not_back", "peer", hint->node,
                  "community", hint->community, "address", where->host, "reason", error->message,
                  NULL);
    }
}

static bool begin(struct coming_back *back, const struct lan_hint *hint)
{
    lock_take(back->lock);
    bool may = back->aside == 0 && !back->is_back;
    if (may) {
        back->busy = true;
        back->asks_for_own = strcmp(hint->community, back->own) == 0;
        atomic_store(&back->cancelled, false);
    }
    lock_release(back->lock);
    return may;
}

static void end(struct coming_back *back, bool is_back)
{
    lock_take(back->lock);
    back->busy = back->asks_for_own = false;
    back->is_back = is_back;
    lock_wake_all(back->lock);
    lock_release(back->lock);
}

void coming_back_heard(struct coming_back *back, const struct lan_hint *hint,
                       const struct endpoint *where)
{
    struct error error = {""};
    struct node_id community_id;
    if (back == NULL || !is_due(back, where, clock_monotonic_ms(back->options.clock)) ||
        !begin(back, hint)) {
        return;
    }
    enum result result = fetch_log(back, hint, where, &community_id, &error);
    bool fetched = result == RESULT_OK;
    if (fetched) {
        log_write(LOG_INFO, "community.returned", "community", hint->community, "peer", hint->node,
                  NULL);
        result =
            back->options.open(back->options.context, &community_id, hint->node, where, &error);
    }
    if (result != RESULT_OK && !atomic_load(&back->cancelled)) {
        log_failure(back, result, hint, where, &error);
    }
    back->next_ms = clock_monotonic_ms(back->options.clock) + LIMITS_RETURN_EVERY_MS;
    end(back, fetched && result == RESULT_OK);
}

bool coming_back_asks_for_own(struct coming_back *back)
{
    if (back == NULL) {
        return false;
    }
    lock_take(back->lock);
    bool asks = back->asks_for_own;
    lock_release(back->lock);
    return asks;
}

void coming_back_stand_aside(struct coming_back *back)
{
    if (back == NULL) {
        return;
    }
    lock_take(back->lock);
    back->aside++;
    atomic_store(&back->cancelled, true);
    while (back->busy) {
        (void)lock_wait(back->lock, -1);
    }
    lock_release(back->lock);
}

void coming_back_go_on(struct coming_back *back)
{
    if (back != NULL) {
        lock_take(back->lock);
        back->aside--;
        lock_release(back->lock);
    }
}
