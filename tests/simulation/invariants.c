#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history_of_seed.h"
#include "protocol/canonical.h"
#include "protocol/community_manifest.h"
#include "store/event_reader.h"
#include "store/history_conversations.h"
#include "store/maintenance.h"
#include "support/terms.h"

enum {
    PATIENCE_MS = 300000,
    LOOK_EVERY_MS = 1000,
    SETTLE_MS = 10000,
    CALM_MS = 65000,
    MOST_VERIFIED = 5
};

/* Those whose logs are to become one: the revoked are kept out, and who is hostile may do as it
 * likes with its own. */
static bool counts(const struct chronicle *chronicle, unsigned index)
{
    const struct sim_node *node = chronicle->world->nodes[index];
    return !node->hostile && sim_node_is_member(chronicle->world->nodes[0], node);
}

static bool all_one(const struct chronicle *chronicle)
{
    const struct world *world = chronicle->world;
    uint8_t first[FINGERPRINT_BYTES];
    bool same = true;
    for (unsigned i = 0; i < world->node_count && same; i++) {
        if (counts(chronicle, i)) {
            struct event_log *log = world->nodes[i]->log;
            const struct log_snapshot *snapshot = log_snapshot_acquire(log);
            if (i == 0) {
                memcpy(first, snapshot->fingerprint, sizeof first);
            }
            same = memcmp(first, snapshot->fingerprint, sizeof first) == 0;
            log_snapshot_release(log, &snapshot);
        }
    }
    return same;
}

bool invariants_converge(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    int64_t until_ms = world->now_ms + PATIENCE_MS;
    /* What is one stays one, and has nothing more to say: who is hostile may bring something yet.
     */
    while (world->now_ms < until_ms) {
        world_run(world, world->now_ms + LOOK_EVERY_MS);
        if (all_one(chronicle)) {
            world_run(world, world->now_ms + SETTLE_MS);
            uint64_t transfers = world->transfers;
            world_run(world, world->now_ms + CALM_MS);
            if (all_one(chronicle) && transfers == world->transfers) {
                return true;
            }
        }
    }
    return false;
}

static unsigned complain(const struct chronicle *chronicle, unsigned node, const char *what,
                         const char *about)
{
    (void)fprintf(stderr, "  %s: %s %s\n", chronicle->world->nodes[node]->name, what, about);
    return 1;
}

struct search {
    const char *event_id;
    const char *body;
    unsigned found;
    bool delivered;
    enum message_e2e e2e;
    bool says_it; /* what its sender wrote */
};

static void look_for(void *context, const struct history_message *message)
{
    struct search *search = context;
    if (strcmp(search->event_id, message->event_id) == 0) {
        search->found++;
        search->delivered = message->delivered_at != NULL;
        search->e2e = message->e2e;
        search->says_it = strcmp(message->body, search->body) == 0;
    }
}

/* In that node's conversation with the peer exactly once, as it was written, and with its receipt.
 */
static unsigned check_held(const struct chronicle *chronicle, const struct sent_message *message,
                           unsigned holder, unsigned peer)
{
    char body[48];
    struct search search = {.event_id = message->event_id, .body = body};
    bool more = false;
    (void)snprintf(body, sizeof body, HISTORY_BODY "%td", message - chronicle->messages);
    const struct history_query query = {.peer = &chronicle->world->nodes[peer]->key.node_id,
                                        .since_lamport = message->lamport - 1,
                                        .limit = 1};
    (void)history_page(chronicle->world->nodes[holder]->log, &query, look_for, &search, &more);
    /* What was only there is lost with it; what others have comes back, its keys as they are given.
     */
    if (chronicle->set_back[message->from] > 0 || chronicle->set_back[message->to] > 0) {
        bool can_wait = search.e2e == MESSAGE_WAITING || search.e2e == MESSAGE_OPENED;
        return search.found == 1 ? (can_wait ? 0 : complain(chronicle, holder, "can't read", body))
               : search.found == 0 && chronicle->set_back[message->from] > 0
                   ? 0
                   : complain(chronicle, holder, "lost, or has twice,", message->event_id);
    }
    if (search.found != 1) {
        return complain(chronicle, holder, search.found == 0 ? "lost" : "has twice",
                        message->event_id);
    }
    if (!search.says_it || search.e2e != (message->e2e ? MESSAGE_OPENED : MESSAGE_CLEAR)) {
        return complain(chronicle, holder, "can't read, or reads otherwise,", message->event_id);
    }
    return search.delivered ? 0
                            : complain(chronicle, holder, "has no receipt of", message->event_id);
}

static unsigned check_messages(const struct chronicle *chronicle)
{
    unsigned problems = 0;
    for (size_t i = 0; i < chronicle->message_count; i++) {
        const struct sent_message *message = &chronicle->messages[i];
        if (counts(chronicle, message->from) && counts(chronicle, message->to)) {
            problems += check_held(chronicle, message, message->from, message->to);
            problems += check_held(chronicle, message, message->to, message->from);
        }
    }
    return problems;
}

static int64_t expected_unread(const struct chronicle *chronicle, unsigned reader, unsigned writer)
{
    const struct read_mark *mark = &chronicle->read[reader][writer];
    int64_t unread = 0;
    for (size_t i = 0; i < chronicle->message_count; i++) {
        const struct sent_message *message = &chronicle->messages[i];
        bool above = message->lamport != mark->lamport
                         ? message->lamport > mark->lamport
                         : strcmp(message->event_id, mark->event_id) > 0;
        unread += message->from == writer && message->to == reader && above ? 1 : 0;
    }
    return unread;
}

struct unread {
    const struct chronicle *chronicle;
    unsigned reader;
    unsigned problems;
};

static void check_conversation(void *context, const struct history_conversation *conversation)
{
    struct unread *unread = context;
    const struct world *world = unread->chronicle->world;
    for (unsigned i = 0; i < world->node_count; i++) {
        if (node_id_equal(&world->nodes[i]->key.node_id, &conversation->peer) &&
            counts(unread->chronicle, i) && unread->chronicle->set_back[i] == 0 &&
            unread->chronicle->set_back[unread->reader] == 0 &&
            expected_unread(unread->chronicle, unread->reader, i) != conversation->unread) {
            unread->problems += complain(unread->chronicle, unread->reader,
                                         "miscounts what is unread from", world->nodes[i]->name);
        }
    }
}

/* The number of the node with this NodeID; of another one, how many there are. */
static unsigned find_node(const struct chronicle *chronicle, const char *node_id)
{
    char text[NODE_ID_TEXT_BYTES];
    for (unsigned i = 0; i < chronicle->world->node_count; i++) {
        node_id_format(&chronicle->world->nodes[i]->key.node_id, text);
        if (strcmp(text, node_id) == 0) {
            return i;
        }
    }
    return chronicle->world->node_count;
}

static bool is_honest(const struct chronicle *chronicle, const char *node_id)
{
    unsigned i = find_node(chronicle, node_id);
    return i < chronicle->world->node_count && counts(chronicle, i);
}

/* A machine that is a copy of itself again can't know what it answered since. */
static bool answers_once(const struct chronicle *chronicle, const char *node_id)
{
    return is_honest(chronicle, node_id) && chronicle->set_back[find_node(chronicle, node_id)] == 0;
}

/* Every receipt in a log has its message there, unless a stranger to it wrote the receipt. */
struct receipts {
    const struct chronicle *chronicle;
    json_t *messages; /* "recipient event_id"; who equivocates has several of one id */
    json_t *receipts; /* array of [author, target] */
    json_t *seen;     /* "author target": delivered once */
    json_t *drawn;    /* of sealed messages: enc and commit, each once */
    bool repeated;
    bool drawn_again;
    bool tells; /* what was sealed, to everybody */
};

static bool is_told(const struct chronicle *chronicle, const char *text)
{
    const char *body = strstr(text, HISTORY_BODY);
    size_t number = body == NULL ? SIZE_MAX : strtoull(body + strlen(HISTORY_BODY), NULL, 10);
    return number < chronicle->message_count && chronicle->messages[number].e2e;
}

/* What was to be drawn afresh. */
static void note_drawn(struct receipts *receipts, const char *text)
{
    receipts->drawn_again = receipts->drawn_again || json_object_get(receipts->drawn, text) != NULL;
    (void)json_object_set_new(receipts->drawn, text, json_true());
}

static void note_sealed(struct receipts *receipts, const json_t *body)
{
    enum {
        BEFORE_ENC = 16,
        ENC = 42
    }; /* characters of base64url: tag and seq, whole bytes of enc */
    const json_t *header = json_object_get(body, "header");
    const char *keys = json_string_value(json_object_get(header, "keys"));
    const char *commit = json_string_value(json_object_get(header, "commit"));
    if (keys != NULL && commit != NULL && strlen(keys) > BEFORE_ENC + ENC) {
        char *enc = memory_format("%.*s", (int)ENC, keys + BEFORE_ENC);
        note_drawn(receipts, enc);
        note_drawn(receipts, commit);
        memory_free(enc);
    }
}

static bool sort_event(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct receipts *receipts = context;
    json_t *event = NULL;
    (void)seq;
    (void)lamport;
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &event, NULL) != RESULT_OK) {
        return false;
    }
    const char *type = json_string_value(json_object_get(event, "event_type"));
    const json_t *data = json_object_get(event, "data");
    receipts->tells = receipts->tells || is_told(receipts->chronicle, text);
    if (strcmp(type, "chat.message.sent") == 0) {
        char *key = memory_format("%s %s", json_string_value(json_object_get(data, "recipient")),
                                  json_string_value(json_object_get(event, "event_id")));
        (void)json_object_set_new(receipts->messages, key, json_true());
        note_sealed(receipts, json_object_get(data, "body"));
        memory_free(key);
    } else if (strcmp(type, "chat.message.delivered") == 0) {
        json_t *author = json_object_get(event, "author");
        json_t *target = json_object_get(data, "target_event_id");
        char *key = memory_format("%s %s", json_string_value(author), json_string_value(target));
        receipts->repeated =
            receipts->repeated || (answers_once(receipts->chronicle, json_string_value(author)) &&
                                   json_object_get(receipts->seen, key) != NULL);
        (void)json_object_set_new(receipts->seen, key, json_true());
        (void)json_array_append_new(receipts->receipts, json_pack("[O,O]", author, target));
        memory_free(key);
    }
    json_decref(event);
    return true;
}

/* Its writer is no member in the end: a demotion that the inviter had not heard of is enough. */
static bool is_of_no_member(const struct chronicle *chronicle, const char *event_id)
{
    const struct world *world = chronicle->world;
    for (size_t i = 0; i < chronicle->message_count; i++) {
        const struct sent_message *message = &chronicle->messages[i];
        if (strcmp(message->event_id, event_id) == 0) {
            return !sim_node_is_member(world->nodes[0], world->nodes[message->from]);
        }
    }
    return false;
}

static unsigned check_receipts(const struct chronicle *chronicle)
{
    unsigned problems = 0;
    size_t index;
    json_t *receipt;
    struct receipts receipts = {.chronicle = chronicle,
                                .messages = json_object(),
                                .receipts = json_array(),
                                .seen = json_object(),
                                .drawn = json_object()};
    (void)event_reader_after_seq(chronicle->world->nodes[0]->log, 0, INT32_MAX, sort_event,
                                 &receipts);
    json_array_foreach(receipts.receipts, index, receipt)
    {
        const char *author = json_string_value(json_array_get(receipt, 0));
        const char *target = json_string_value(json_array_get(receipt, 1));
        char *key = memory_format("%s %s", author, target);
        /* A message of somebody revoked later may be gone while its receipt stays. */
        if (!chronicle->revokes && is_honest(chronicle, author) &&
            json_object_get(receipts.messages, key) == NULL &&
            !is_of_no_member(chronicle, target)) {
            problems += complain(chronicle, 0, "has a receipt without its message:", target);
        }
        memory_free(key);
    }
    if (receipts.repeated) {
        problems += complain(chronicle, 0, "has a message delivered twice", "");
    }
    if (receipts.tells) {
        problems += complain(chronicle, 0, "has in clear what was sealed", "");
    }
    if (receipts.drawn_again) {
        problems += complain(chronicle, 0, "has two messages with the same random values", "");
    }
    json_decref(receipts.drawn);
    json_decref(receipts.messages);
    json_decref(receipts.receipts);
    json_decref(receipts.seen);
    return problems;
}

/* The community as that node sees it, but for who says so. */
static char *describe_community(const struct sim_node *node)
{
    struct buffer text;
    const struct log_snapshot *snapshot = log_snapshot_acquire(node->log);
    json_t *manifest = community_manifest_make(snapshot->membership, snapshot->head, &node->key);
    log_snapshot_release(node->log, &snapshot);
    (void)json_object_del(manifest, "signature");
    (void)json_object_del(manifest, "signed_by");
    buffer_init(&text);
    (void)canonical_write(manifest, &text);
    json_decref(manifest);
    return buffer_take(&text);
}

/* What the log holds is whole, and its views are what its events make. */
static unsigned check_derived(const struct chronicle *chronicle, unsigned index)
{
    const struct sim_node *node = chronicle->world->nodes[index];
    struct maintenance_report report;
    struct error error = {""};
    if (terms_find_wrong(node->log) != 0) {
        return complain(chronicle, index, "would seal the next message in a wrong way", "");
    }
    if (maintenance_verify(node->directory, &chronicle->world->community_id, &node->key,
                           &node->clock, &report, &error) != RESULT_OK) {
        return complain(chronicle, index, "can't be verified:", error.message);
    }
    if (report.damaged > 0 || !report.database_is_sound) {
        return complain(chronicle, index, "has damaged events", "");
    }
    if (report.wrong_keys > 0) {
        return complain(chronicle, index, "has a key that is not that of", report.wrong_key_of[0]);
    }
    return report.differing[0] == '\0'
               ? 0
               : complain(chronicle, index,
                          "has views that its events don't make:", report.differing);
}

unsigned invariants_check(struct chronicle *chronicle)
{
    const struct world *world = chronicle->world;
    unsigned problems = check_messages(chronicle) + check_receipts(chronicle);
    char *community = describe_community(world->nodes[0]);
    for (unsigned i = 0; i < world->node_count; i++) {
        if (!counts(chronicle, i)) {
            continue;
        }
        struct unread unread = {chronicle, i, 0};
        char *seen = describe_community(world->nodes[i]);
        if (strcmp(community, seen) != 0) {
            problems += complain(chronicle, i, "sees another community:", seen);
        }
        memory_free(seen);
        (void)history_conversations(world->nodes[i]->log, NULL, NULL, check_conversation, &unread);
        problems += unread.problems;
        problems += i < MOST_VERIFIED ? check_derived(chronicle, i) : 0;
    }
    memory_free(community);
    return problems;
}
