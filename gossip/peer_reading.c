#include "gossip/peer_reading_private.h"

#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "store/event_reader.h"

enum { AT_ONCE = 64 }; /* events that are read before the clock is looked at */

struct page_reading {
    struct gossip_work work;
    struct peer_lane *lane;
    struct event_log *log;
    peer_reading_done *done;
    struct event_batch_writer writer;
    struct peer_page page;
    int64_t our_head; /* -1: it is not told */
    int64_t last_seq; /* by cursor: of the log as it began */
    size_t weighed;   /* hashes … */
    size_t weight_bytes;
    size_t most_weight_bytes; /* 0: they are not weighed any more */
    size_t visited;
    size_t read; /* of: */
    size_t count;
    int64_t *seqs; /* one of the two */
    uint8_t (*hashes)[BLAKE3_HASH_BYTES];
};

static size_t at_once(size_t read, size_t count)
{
    return count - read < AT_ONCE ? count - read : AT_ONCE;
}

static bool fill(void *context, int64_t seq, int64_t lamport, const char *text, size_t length_bytes)
{
    struct page_reading *reading = context;
    (void)lamport;
    reading->visited++;
    if (!event_batch_add(&reading->writer, text, length_bytes)) {
        return false;
    }
    reading->page.through = seq;
    return true;
}

static bool weigh(void *context, int64_t seq, int64_t lamport, const char *text,
                  size_t length_bytes)
{
    struct page_reading *reading = context;
    (void)seq;
    (void)lamport;
    (void)text;
    reading->weight_bytes += length_bytes;
    return reading->weight_bytes <= reading->most_weight_bytes;
}

static bool finish(struct page_reading *reading)
{
    event_batch_end(&reading->writer, reading->our_head);
    reading->page.body = reading->writer.body;
    reading->page.count = reading->writer.count;
    reading->page.full = reading->writer.full;
    buffer_init(&reading->writer.body);
    return true;
}

static struct page_reading *reading_of(struct gossip_work *work)
{
    return (struct page_reading *)work;
}

static bool read_seqs(struct gossip_work *work)
{
    struct page_reading *reading = reading_of(work);
    struct peer_page *page = &reading->page;
    while (reading->read < reading->count && page->result == RESULT_OK && !reading->writer.full) {
        size_t some = at_once(reading->read, reading->count);
        page->result =
            event_reader_by_seq(reading->log, reading->seqs + reading->read, some, fill, reading);
        reading->read += some;
        if (gossip_work_is_over(work)) {
            return false;
        }
    }
    return finish(reading);
}

static bool read_after(struct gossip_work *work)
{
    struct page_reading *reading = reading_of(work);
    struct peer_page *page = &reading->page;
    if (reading->our_head < 0) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(reading->log);
        reading->last_seq = snapshot->last_seq;
        reading->our_head = snapshot->head;
        log_snapshot_release(reading->log, &snapshot);
    }
    for (bool more = true; more;) {
        reading->visited = 0;
        page->result = event_reader_after_seq(reading->log, page->through, AT_ONCE, fill, reading);
        more = reading->visited == AT_ONCE && page->result == RESULT_OK && !reading->writer.full;
        if (more && gossip_work_is_over(work)) {
            return false;
        }
    }
    if (page->result == RESULT_OK && !reading->writer.full && reading->last_seq > page->through) {
        page->through = reading->last_seq; /* what is left in between is kept aside */
    }
    return finish(reading);
}

/* One way of looking at hashes; false: its slice is over. */
static bool visit_hashes(struct page_reading *reading, size_t *read, event_reader_visit *visit)
{
    bool taken[AT_ONCE];
    while (*read < reading->count && reading->page.result == RESULT_OK) {
        size_t some = at_once(*read, reading->count);
        const uint8_t(*hashes)[BLAKE3_HASH_BYTES] =
            (const uint8_t(*)[BLAKE3_HASH_BYTES])(reading->hashes + *read);
        reading->page.result =
            event_reader_by_hash(reading->log, hashes, some, visit, reading, taken);
        while (reading->writer.full && some > 0 && !taken[some - 1]) {
            some--; /* before the last that fitted, what is not in the log any more is passed over
                     */
        }
        *read += some;
        if (reading->writer.full || reading->weight_bytes > reading->most_weight_bytes) {
            break;
        }
        if (gossip_work_is_over(&reading->work)) {
            return false;
        }
    }
    return true;
}

static bool read_hashes(struct gossip_work *work)
{
    struct page_reading *reading = reading_of(work);
    struct peer_page *page = &reading->page;
    if (reading->most_weight_bytes > 0) {
        if (!visit_hashes(reading, &reading->weighed, weigh)) {
            return false;
        }
        page->weighs_too_much =
            page->result != RESULT_OK ||
            (reading->count > 1 && reading->weight_bytes > reading->most_weight_bytes);
        page->result = RESULT_OK;
        reading->most_weight_bytes = reading->weight_bytes = 0;
    }
    if (!page->weighs_too_much && !visit_hashes(reading, &reading->read, fill)) {
        return false;
    }
    page->passed = reading->read;
    return finish(reading);
}

static void end_page(struct gossip_work *work)
{
    struct page_reading *reading = reading_of(work);
    reading->done(reading->lane, &reading->page);
}

static void discard_page(struct gossip_work *work)
{
    struct page_reading *reading = reading_of(work);
    buffer_deinit(&reading->writer.body);
    buffer_deinit(&reading->page.body);
    memory_free(reading->seqs);
    memory_free(reading->hashes);
}

static struct page_reading *create(struct peer_lane *lane, bool (*run)(struct gossip_work *work),
                                   peer_reading_done *done)
{
    const struct gossip *gossip = lane->link->gossip;
    struct page_reading *reading = memory_allocate(1, sizeof *reading);
    reading->work = (struct gossip_work){.run = run, .end = end_page, .discard = discard_page};
    reading->lane = lane;
    reading->log = gossip->options.log;
    reading->done = done;
    reading->our_head = -1;
    event_batch_begin(&reading->writer, &gossip->community_id);
    reading->writer.most_bytes = page_size_next(&lane->link->sending);
    return reading;
}

/* An exchange may go on for as long as the peer likes, whoever wrote what it is about. */
static void begin(struct peer_lane *lane, struct gossip_work *work)
{
    struct peer_link *link = lane->link;
    lane->busy = true;
    gossip_work_begin(link->gossip, work, link,
                      lane == &link->push ? lane->urgency : URGENCY_KNOWN);
}

void peer_reading_of_seqs(struct peer_lane *lane, const int64_t *seqs, size_t count,
                          peer_reading_done *done)
{
    struct page_reading *reading = create(lane, read_seqs, done);
    reading->seqs = memory_allocate(count, sizeof *seqs);
    memcpy(reading->seqs, seqs, count * sizeof *seqs);
    reading->count = count;
    begin(lane, &reading->work);
}

void peer_reading_after(struct peer_lane *lane, int64_t cursor, peer_reading_done *done)
{
    struct page_reading *reading = create(lane, read_after, done);
    reading->page.through = cursor;
    begin(lane, &reading->work);
}

void peer_reading_of_hashes(struct peer_lane *lane, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                            size_t count, size_t most_weight_bytes, peer_reading_done *done)
{
    struct page_reading *reading = create(lane, read_hashes, done);
    reading->hashes = memory_allocate(count, sizeof *hashes);
    memcpy(reading->hashes, hashes, count * sizeof *hashes);
    reading->count = count;
    reading->most_weight_bytes = most_weight_bytes;
    begin(lane, &reading->work);
}

struct lacking_reading {
    struct gossip_work work;
    struct peer_lane *lane;
    struct event_log *log;
    peer_reading_lacked *done;
    struct hash_list list;
    struct hash_list lacking;
};

static bool read_lacking(struct gossip_work *work)
{
    struct lacking_reading *reading = (struct lacking_reading *)work;
    struct hash_list *list = &reading->list;
    while (hash_list_left(list) > 0) {
        bool holds[AT_ONCE];
        const uint8_t(*hashes)[BLAKE3_HASH_BYTES] = hash_list_first(list);
        size_t count = hash_list_page(list, AT_ONCE);
        event_reader_holds_each(reading->log, hashes, count, holds);
        for (size_t i = 0; i < count; i++) {
            if (!holds[i]) {
                hash_list_add(&reading->lacking, hashes[i]);
            }
        }
        list->next += count;
        if (count == AT_ONCE && gossip_work_is_over(work)) {
            return false;
        }
    }
    return true;
}

static void end_lacking(struct gossip_work *work)
{
    struct lacking_reading *reading = (struct lacking_reading *)work;
    reading->done(reading->lane, reading->list.count, &reading->lacking);
}

static void discard_lacking(struct gossip_work *work)
{
    struct lacking_reading *reading = (struct lacking_reading *)work;
    hash_list_clear(&reading->list);
    hash_list_clear(&reading->lacking);
}

void peer_reading_lacking(struct peer_lane *lane, struct hash_list *list, peer_reading_lacked *done)
{
    struct lacking_reading *reading = memory_allocate(1, sizeof *reading);
    reading->work =
        (struct gossip_work){.run = read_lacking, .end = end_lacking, .discard = discard_lacking};
    reading->lane = lane;
    reading->log = lane->link->gossip->options.log;
    reading->done = done;
    reading->list = *list;
    *list = (struct hash_list){0};
    begin(lane, &reading->work);
}
