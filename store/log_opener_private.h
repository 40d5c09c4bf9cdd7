/* Opening ahead: while the writer stores a batch, a thread of its own opens what is sealed to us in
 * it (§24.4 steps 1 to 4 but for the JSON), with copies of the secrets that the writer has.
 *
 * It finds what the writer would find, and changes nothing: the writer takes it if the secret is
 * still there, and opens by itself what the thread has not come to.
 * Thread: writer, inside a transaction. Nothing stays behind log_opener_end(): no secret, no key,
 * no words.
 * Limits: LOG_OPENER_MOST_EVENTS of a batch and LOG_OPENER_MOST_SECRETS; of payloads those of
 * LOG_OPENER_MOST_PAYLOAD_BYTES as sealed. What is more is the writer's.
 */
#ifndef HEARTHCHAT_STORE_LOG_OPENER_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OPENER_PRIVATE_H

#include "core/buffer.h"
#include "protocol/envelope.h"
#include "store/log_accept_private.h"
#include "store/log_receiving_keys_private.h"

#define LOG_OPENER_LEAST_EVENTS 2 /* one alone is opened sooner than a thread wakes */
#define LOG_OPENER_MOST_EVENTS 512
#define LOG_OPENER_MOST_SECRETS 64
#define LOG_OPENER_MOST_PAYLOAD_BYTES 4096

struct log_opener;

struct log_opened_ahead {
    struct log_receiving_pair pair; /* that opened it */
    struct content_key key;
    uint32_t number; /* §24.2 */
    bool has_payload;
    struct buffer payload;
};

/* Begins with the events of a batch that are sealed to us; they must stay until the end. Starts the
 * thread when it is needed first. */
void log_opener_begin(struct event_log *log, const struct log_arrival *arrivals, size_t count);
void log_opener_end(struct event_log *log);

/* What it opened of the event that is being stored, waiting if it is about to; borrowed until the
 * end. NULL: nothing. In the order of the batch; whether the secret is still there, the caller
 * sees. */
const struct log_opened_ahead *log_opener_take(struct event_log *log, const struct event *event);

/* With the writer stopped; NULL is fine. */
void log_opener_destroy(struct log_opener **opener);

#endif
