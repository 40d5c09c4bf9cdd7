#include "store/log_sealings_private.h"

#include <string.h>

#include "protocol/envelope.h"
#include "store/log_nodes_private.h"
#include "store/log_terms_private.h"

/* What of it is kept. */
struct sealing {
    int64_t author;
    int64_t recipient;
    struct envelope_header header;
};

static bool read_sealing(struct event_log *log, const struct event *event,
                         struct sealing *sealing_out)
{
    const struct node_id *self = &log->options.key->node_id;
    const struct message_sent *message = &event->data.message;
    if (!log->state.keeps_keys || event->type != EVENT_MESSAGE_SENT || !message->sealed ||
        !(node_id_equal(&event->author, self) || node_id_equal(&message->recipient, self)) ||
        !envelope_read_header(message->envelope, &sealing_out->header)) {
        return false;
    }
    sealing_out->author = log_nodes_number(log, &event->author);
    sealing_out->recipient = log_nodes_number(log, &message->recipient);
    return true;
}

/* The first in replay order of those with this commitment, but for one event; 0: there is none. */
static int64_t find_first(struct event_log *log, const struct sealing *sealing, int64_t but)
{
    return database_integer(&log->database, 0,
                            "SELECT seq FROM sealings INDEXED BY sealings_commitment"
                            " WHERE author=?1 AND recipient=?2 AND commitment=?3 AND seq<>?4"
                            " AND indexed=1"
                            " ORDER BY lamport,event_id,hash LIMIT 1",
                            "iibi", sealing->author, sealing->recipient, sealing->header.commit,
                            ENVELOPE_COMMIT_BYTES, but);
}

static bool is_before(struct event_log *log, int64_t seq, const struct event *event)
{
    return database_integer(&log->database, 0,
                            "SELECT (lamport,event_id,hash)<(?2,?3,?4) FROM events WHERE seq=?1",
                            "iitb", seq, event->lamport, event->event_id, event->hash,
                            BLAKE3_HASH_BYTES) != 0;
}

static bool has_number(struct event_log *log, const struct sealing *sealing, int64_t number)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM sealings WHERE author=?1 AND recipient=?2 AND number=?3"
                            " LIMIT 1",
                            "iii", sealing->author, sealing->recipient, number) != 0;
}

static int64_t find_run(struct event_log *log, const struct sealing *sealing)
{
    return database_integer(&log->database, 0,
                            "SELECT number FROM sealed_runs WHERE author=?1 AND recipient=?2", "ii",
                            sealing->author, sealing->recipient);
}

static void save_run(struct event_log *log, const struct sealing *sealing, int64_t number)
{
    database_run(&log->database,
                 number > 0 ? "INSERT INTO sealed_runs(author,recipient,number) VALUES(?1,?2,?3)"
                              " ON CONFLICT(author,recipient) DO UPDATE SET number=excluded.number"
                            : "DELETE FROM sealed_runs WHERE author=?1 AND recipient=?2 AND ?3<=0",
                 "iii", sealing->author, sealing->recipient, number);
}

/* Each number is passed once, whatever the order in which they came. */
static void lengthen_run(struct event_log *log, const struct sealing *sealing)
{
    int64_t run = find_run(log, sealing);
    if (sealing->header.number == run + 1) {
        do {
            run++;
        } while (has_number(log, sealing, run + 1));
        save_run(log, sealing, run);
        log->state.secrets_may_go =
            log->state.secrets_may_go || run > (int64_t)sealing->header.number;
    }
}

static void shorten_run(struct event_log *log, const struct sealing *sealing)
{
    int64_t number = sealing->header.number;
    if (number > 0 && number <= find_run(log, sealing) && !has_number(log, sealing, number)) {
        save_run(log, sealing, number - 1);
    }
}

/* No other event has the commitment of what was drawn a moment ago, as long as this log alone has
 * written what is ours: until then our own are in no index, where each lies on a page of its own.
 */
static bool is_sealed_now(const struct event_log *log, const struct event *event)
{
    return log->entering.event == event && log->entering.payload != NULL;
}

/* Some of ours come from elsewhere: of a copy of this device, or from before it was set back. */
static void index_own(struct event_log *log)
{
    if (!log->state.own_are_indexed && !log->state.is_deriving) {
        database_run(&log->database, "UPDATE sealings SET indexed=1 WHERE author=?1 AND indexed=0",
                     "i", log->self);
        database_run(&log->database,
                     "INSERT OR REPLACE INTO meta(key,value) VALUES('own_are_indexed','yes')", "");
        log->state.own_are_indexed = true;
    }
}

void log_sealings_load(struct event_log *log)
{
    log->state.own_are_indexed =
        database_integer(&log->database, 0, "SELECT 1 FROM meta WHERE key='own_are_indexed'", "") !=
        0;
}

int64_t log_sealings_enter(struct event_log *log, const struct event *event, int64_t seq)
{
    struct sealing sealing;
    if (!read_sealing(log, event, &sealing)) {
        return 0;
    }
    bool is_fresh = is_sealed_now(log, event) && !log->state.own_are_indexed;
    if (sealing.author == log->self && !is_sealed_now(log, event)) {
        index_own(log);
    }
    int64_t first = is_fresh ? 0 : find_first(log, &sealing, seq);
    log->entering.is_alone = first == 0;
    database_run(&log->database,
                 "INSERT OR IGNORE INTO sealings(author,recipient,number,seq,commitment,lamport,"
                 "event_id,hash,indexed) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                 "iiiibitbi", sealing.author, sealing.recipient, (int64_t)sealing.header.number,
                 seq, sealing.header.commit, ENVELOPE_COMMIT_BYTES, event->lamport, event->event_id,
                 event->hash, BLAKE3_HASH_BYTES, (int64_t)!is_fresh);
    if (sealing.author == log->self) {
        log_terms_pass(log, sealing.recipient, sealing.header.number);
    } else {
        lengthen_run(log, &sealing);
    }
    return first != 0 && !is_before(log, first, event) ? first : 0;
}

void log_sealings_leave(struct event_log *log, const struct event *event, int64_t seq)
{
    struct sealing sealing;
    if (read_sealing(log, event, &sealing)) {
        database_run(&log->database,
                     "DELETE FROM sealings WHERE author=?1 AND recipient=?2 AND number=?3"
                     " AND seq=?4",
                     "iiii", sealing.author, sealing.recipient, (int64_t)sealing.header.number,
                     seq);
        shorten_run(log, &sealing);
        log_terms_forget(log, sealing.recipient);
    }
}

bool log_sealings_is_again(struct event_log *log, const struct event *event, int64_t seq)
{
    struct sealing sealing;
    int64_t first = read_sealing(log, event, &sealing) ? find_first(log, &sealing, seq) : 0;
    return first != 0 && is_before(log, first, event);
}

uint32_t log_sealings_next(struct event_log *log, int64_t recipient)
{
    int64_t last = database_integer(&log->database, 0,
                                    "SELECT number FROM sealings WHERE author=?1 AND recipient=?2"
                                    " ORDER BY number DESC LIMIT 1",
                                    "ii", log->self, recipient);
    return last >= UINT32_MAX ? UINT32_MAX : (uint32_t)(last + 1);
}
