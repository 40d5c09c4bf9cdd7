/* Events as they come from a peer: parsed, checked and verified, each on its own (§6 steps 1 to 3).
 *
 * Thread: any. event_batch_deinit() frees what is left in it.
 */
#ifndef HEARTHCHAT_GOSSIP_EVENT_BATCH_H
#define HEARTHCHAT_GOSSIP_EVENT_BATCH_H

#include <jansson.h>

#include "gossip/hash_list.h"
#include "protocol/foreign_text.h"
#include "store/event_log.h"

#define EVENT_BATCH_MOST_EVENTS 1000
#define EVENT_BATCH_MOST_BYTES 4194304 /* what we put into one request or answer */

struct refused_event {
    char event_id[ULID_TEXT_BYTES]; /* "" when it has none */
    enum event_refusal refusal;
    uint8_t hash[BLAKE3_HASH_BYTES]; /* zeros when it has none */
};

struct event_batch {
    struct verified_event **events; /* for log_receive_events(), which consumes it */
    size_t count;
    struct refused_event *refused;
    size_t refused_count;
    size_t read;           /* of an array so far */
    size_t left_out_count; /* held already, or not asked for: nobody looked at their signature */
    struct foreign_text *texts; /* that pay for the events: as long as those are there */
    size_t text_count;
};

/* `array`: the "events" of a request or answer. What the log holds already is left out. */
void event_batch_read(struct event_log *log, const json_t *array,
                      const struct node_id *community_id, struct event_batch *batch_out);

/* The same into a batch that is {0} at first, and whose `read` grows: until `is_over` says so,
 * which is asked after each event, or to the end of the array: true. */
bool event_batch_read_on(struct event_log *log, const json_t *array,
                         const struct node_id *community_id, bool (*is_over)(void *context),
                         void *context, struct event_batch *batch);

/* Of an answer: those of these hashes (sorted) alone, which the log is known not to hold; NULL:
 * any. */
void event_batch_read_asked(const struct hash_list *asked, const json_t *array,
                            const struct node_id *community_id, struct event_batch *batch_out);

/* The same of events that are parsed already (consumed, the array is not). */
void event_batch_verify(const struct hash_list *asked, struct event **events, size_t count,
                        struct event_batch *batch_out);
void event_batch_deinit(struct event_batch *batch);

/* Has the text (taken out of `text`) pay for the batch; has `batch` pay for nothing any more, but
 * `other`. */
void event_batch_pay(struct event_batch *batch, struct foreign_text *text);
void event_batch_move_texts(struct event_batch *batch, struct event_batch *other);

/* What is paid for it. */
size_t event_batch_weight(const struct event_batch *batch);

/* Adds a refusal that the log gave. */
void event_batch_refuse(struct event_batch *batch, const char *event_id,
                        enum event_refusal refusal);

/* Writes {"community_id","events":[…]}: begin, then texts (each false when the batch is full), then
 * end with "our_head" unless it is negative. */
struct event_batch_writer {
    struct buffer body;
    size_t count;
    size_t most_bytes; /* EVENT_BATCH_MOST_BYTES, unless it is made less; one event in any case */
    bool full;         /* something did not fit, and nothing is added any more */
};
void event_batch_begin(struct event_batch_writer *writer, const struct node_id *community_id);
bool event_batch_add(struct event_batch_writer *writer, const char *text, size_t length_bytes);
void event_batch_end(struct event_batch_writer *writer, int64_t our_head);

#endif
