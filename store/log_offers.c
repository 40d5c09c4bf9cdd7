#include "store/log_offers_private.h"

#include <stdio.h>
#include <string.h>

#include "protocol/offer.h"
#include "store/log_nodes_private.h"
#include "store/log_receiving_keys_private.h"
#include "store/log_terms_private.h"

enum { EVERYBODY = 0 };

bool log_offers_may_be_in(enum event_type type)
{
    return type == EVENT_PREKEYS_PUBLISHED || type == EVENT_MESSAGE_SENT ||
           type == EVENT_SESSION_ESTABLISHED || type == EVENT_SESSION_BROKEN;
}

/* What others offer each other is nobody's business here. */
static bool is_of_use(const struct event_log *log, const struct offer *offer)
{
    const struct node_id *self = &log->options.key->node_id;
    return offer->to_everybody || node_id_equal(&offer->owner, self) ||
           node_id_equal(&offer->peer, self);
}

/* … and of what is between others it is not even read. */
static bool may_be_of_use(const struct event_log *log, const struct event *event)
{
    const struct node_id *self = &log->options.key->node_id;
    return event->type != EVENT_MESSAGE_SENT || node_id_equal(&event->author, self) ||
           node_id_equal(&event->data.message.recipient, self);
}

static bool read_offer(const struct event_log *log, const struct event *event,
                       struct offer *offer_out)
{
    return log->state.keeps_keys && log_offers_may_be_in(event->type) &&
           may_be_of_use(log, event) && offer_of(event, offer_out) && is_of_use(log, offer_out);
}

static int64_t peer_of(struct event_log *log, const struct offer *offer)
{
    return offer->to_everybody ? EVERYBODY : log_nodes_number(log, &offer->peer);
}

/* Theirs to us changes what we seal to, ours to them whether they are due a new one. */
static void forget_terms(struct event_log *log, const struct offer *offer)
{
    bool is_own = node_id_equal(&offer->owner, &log->options.key->node_id);
    if (is_own && offer->to_everybody) {
        log_terms_forget_all(log);
    } else {
        log_terms_forget(log, log_nodes_number(log, is_own ? &offer->peer : &offer->owner));
    }
}

void log_offers_enter(struct event_log *log, const struct event *event)
{
    struct offer offer;
    if (read_offer(log, event, &offer)) {
        database_run(&log->database,
                     "INSERT OR IGNORE INTO offers(owner,peer,lamport,event_id,hash,public,reset)"
                     " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                     "iiitbbi", log_nodes_number(log, &offer.owner), peer_of(log, &offer),
                     offer.lamport, offer.event_id, offer.hash, BLAKE3_HASH_BYTES, offer.key.key,
                     HPKE_KEY_BYTES, (int64_t)(offer.to_everybody && offer.is_reset));
        forget_terms(log, &offer);
        if (node_id_equal(&offer.owner, &log->options.key->node_id) &&
            !log_receiving_keys_has(log, &offer.key)) {
            log->state.offers_are_unsure = log->state.wants_upkeep = true;
        }
    }
}

void log_offers_leave(struct event_log *log, const struct event *event)
{
    struct offer offer;
    if (read_offer(log, event, &offer)) {
        database_run(&log->database,
                     "DELETE FROM offers WHERE owner=?1 AND peer=?2 AND lamport=?3 AND event_id=?4"
                     " AND hash=?5",
                     "iiitb", log_nodes_number(log, &offer.owner), peer_of(log, &offer),
                     offer.lamport, offer.event_id, offer.hash, BLAKE3_HASH_BYTES);
        forget_terms(log, &offer);
    }
}

/* Where in replay order an offer stands. */
struct place {
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
    uint8_t hash[BLAKE3_HASH_BYTES];
};

/* Of rows (public, lamport, event_id, hash). False: there is none. */
static bool read_first(struct event_log *log, sqlite3_stmt *row, struct receiving_key *key_out,
                       struct place *place_out)
{
    bool found = database_next(&log->database, row) &&
                 sqlite3_column_bytes(row, 0) == HPKE_KEY_BYTES &&
                 sqlite3_column_bytes(row, 3) == BLAKE3_HASH_BYTES;
    if (found) {
        memcpy(key_out->key, sqlite3_column_blob(row, 0), HPKE_KEY_BYTES);
        place_out->lamport = sqlite3_column_int64(row, 1);
        (void)snprintf(place_out->event_id, sizeof place_out->event_id, "%s",
                       database_text(row, 2));
        memcpy(place_out->hash, sqlite3_column_blob(row, 3), BLAKE3_HASH_BYTES);
    }
    database_done(row);
    return found;
}

static bool find_newest(struct event_log *log, int64_t owner, int64_t peer,
                        struct receiving_key *key_out, struct place *place_out)
{
    return read_first(log,
                      database_query(&log->database,
                                     "SELECT public,lamport,event_id,hash FROM offers"
                                     " WHERE owner=?1 AND peer=?2"
                                     " ORDER BY lamport DESC,event_id DESC,hash DESC LIMIT 1",
                                     "ii", owner, peer),
                      key_out, place_out);
}

static bool find_reset(struct event_log *log, int64_t owner, struct place *place_out)
{
    struct receiving_key key;
    return read_first(log,
                      database_query(&log->database,
                                     "SELECT public,lamport,event_id,hash FROM offers"
                                     " INDEXED BY offers_reset WHERE owner=?1 AND reset=1"
                                     " ORDER BY lamport DESC,event_id DESC,hash DESC LIMIT 1",
                                     "i", owner),
                      &key, place_out);
}

static bool is_later(const struct place *place, const struct place *than)
{
    if (place->lamport != than->lamport) {
        return place->lamport > than->lamport;
    }
    int order = strcmp(place->event_id, than->event_id);
    return (order != 0 ? order : memcmp(place->hash, than->hash, sizeof place->hash)) > 0;
}

bool log_offers_current(struct event_log *log, int64_t owner, int64_t peer,
                        struct log_offer *offer_out)
{
    struct place at;
    struct place reset;
    offer_out->to_everybody = false;
    if (find_newest(log, owner, peer, &offer_out->key, &at) &&
        (!find_reset(log, owner, &reset) || is_later(&at, &reset))) {
        return true;
    }
    offer_out->to_everybody = true;
    return find_newest(log, owner, EVERYBODY, &offer_out->key, &at);
}

int64_t log_offers_count_prekeys(struct event_log *log)
{
    return database_integer(
        &log->database, 0, "SELECT count(*) FROM offers WHERE owner=?1 AND peer=0", "i", log->self);
}

bool log_offers_is_any_lost(struct event_log *log)
{
    struct log_offer offer;
    bool lost = false;
    int64_t peer = EVERYBODY - 1;
    while (!lost && peer != INT64_MAX) {
        peer = database_integer(&log->database, INT64_MAX,
                                "SELECT min(peer) FROM offers WHERE owner=?1 AND peer>?2", "ii",
                                log->self, peer);
        lost = peer != INT64_MAX && log_offers_current(log, log->self, peer, &offer) &&
               !log_receiving_keys_has(log, &offer.key);
    }
    return lost;
}
