#include "protocol/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    VERSION = 0x61,
    VERSION_FIRST = 0x60,
    VERSION_LAST = 0x6f,
    SPLIT_RANGES = 16,
    LIST_BELOW = 32,   /* a range of fewer items is an id list */
    LIMIT_SLACK = 200, /* room for a skip and a last fingerprint */
};

enum mode { MODE_SKIP, MODE_FINGERPRINT, MODE_LIST };

static const int64_t infinity = INT64_MAX;

/* The upper end of a range; the id is padded with zeros. */
struct bound {
    struct item item;
    size_t prefix_bytes; /* of the id that are written */
};

struct writer {
    struct buffer *out;
    size_t start_bytes; /* where the message begins in it */
    size_t limit_bytes; /* 0: none */
    int64_t timestamp;  /* of the last bound written */
    bool skipping;      /* up to `skipped` nothing is to be said */
    struct bound skipped;
};

struct reader {
    const uint8_t *bytes;
    size_t left_bytes;
    int64_t timestamp; /* of the last bound read */
};

/* A range of the other side's message, with our items in it. */
struct range {
    struct bound upper;
    size_t begin;
    size_t end;
};

struct learning {
    reconcile_learned *learned; /* NULL: we respond */
    void *context;
};

static void write_varint(struct writer *writer, uint64_t number)
{
    uint8_t bytes[FINGERPRINT_VARINT_BYTES];
    buffer_append(writer->out, bytes, fingerprint_varint(number, bytes));
}

static void write_bound(struct writer *writer, const struct bound *bound)
{
    int64_t timestamp = bound->item.timestamp;
    write_varint(writer, timestamp == infinity ? 0 : (uint64_t)(timestamp - writer->timestamp) + 1);
    writer->timestamp = timestamp;
    write_varint(writer, bound->prefix_bytes);
    buffer_append(writer->out, bound->item.id, bound->prefix_bytes);
}

static void write_pending_skip(struct writer *writer)
{
    if (writer->skipping) {
        write_bound(writer, &writer->skipped);
        write_varint(writer, MODE_SKIP);
        writer->skipping = false;
    }
}

static bool is_over_limit(const struct writer *writer, size_t more_bytes)
{
    return writer->limit_bytes != 0 &&
           writer->out->length_bytes - writer->start_bytes + more_bytes >
               writer->limit_bytes - LIMIT_SLACK;
}

static void write_fingerprint(struct writer *writer, struct item_set *set,
                              const struct bound *bound, size_t begin, size_t end)
{
    uint8_t digest[FINGERPRINT_BYTES];
    item_set_fingerprint(set, begin, end, digest);
    write_bound(writer, bound);
    write_varint(writer, MODE_FINGERPRINT);
    buffer_append(writer->out, digest, sizeof digest);
}

static void write_list(struct writer *writer, struct item_set *set, const struct bound *bound,
                       size_t begin, size_t end)
{
    write_bound(writer, bound);
    write_varint(writer, MODE_LIST);
    write_varint(writer, end - begin);
    for (size_t rank = begin; rank < end; rank++) {
        buffer_append(writer->out, item_set_get(set, rank)->id, ITEM_ID_BYTES);
    }
}

/* The shortest bound that is above `below` and not above `above`. */
static struct bound bound_between(const struct item *below, const struct item *above)
{
    struct bound bound = {.item.timestamp = above->timestamp};
    if (below->timestamp == above->timestamp) {
        while (below->id[bound.prefix_bytes] == above->id[bound.prefix_bytes]) {
            bound.prefix_bytes++;
        }
        bound.prefix_bytes++;
        memcpy(bound.item.id, above->id, bound.prefix_bytes);
    }
    return bound;
}

static void write_split(struct writer *writer, struct item_set *set, const struct range *range)
{
    size_t count = range->end - range->begin;
    size_t begin = range->begin;
    if (count < LIST_BELOW) {
        write_list(writer, set, &range->upper, range->begin, range->end);
        return;
    }
    for (size_t i = 0; i < SPLIT_RANGES; i++) {
        size_t end = begin + count / SPLIT_RANGES + (i < count % SPLIT_RANGES ? 1 : 0);
        struct bound bound = range->upper;
        if (end < range->end) {
            struct item below = *item_set_get(set, end - 1);
            bound = bound_between(&below, item_set_get(set, end));
        }
        write_fingerprint(writer, set, &bound, begin, end);
        begin = end;
    }
}

/* The size limit: the rest of the set, from the end of what is written, as one fingerprint. */
static void write_rest(struct writer *writer, struct item_set *set, size_t begin)
{
    const struct bound everything = {.item.timestamp = infinity};
    write_pending_skip(writer);
    write_fingerprint(writer, set, &everything, begin, item_set_count(set));
}

static bool read_varint(struct reader *reader, uint64_t *number_out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < FINGERPRINT_VARINT_BYTES && i < reader->left_bytes; i++) {
        uint8_t byte = reader->bytes[i];
        if ((i == 0 && byte == 0x80) || number > UINT64_MAX >> 7) {
            return false; /* not minimal, or more than 64 bits */
        }
        number = number << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0) {
            reader->bytes += i + 1;
            reader->left_bytes -= i + 1;
            *number_out = number;
            return true;
        }
    }
    return false;
}

/* `length_bytes` of the message, NULL when it is shorter. */
static const uint8_t *read_bytes(struct reader *reader, uint64_t length_bytes)
{
    const uint8_t *bytes = reader->bytes;
    if (length_bytes > reader->left_bytes) {
        return NULL;
    }
    reader->bytes += length_bytes;
    reader->left_bytes -= (size_t)length_bytes;
    return bytes;
}

static bool read_bound(struct reader *reader, struct bound *bound_out)
{
    uint64_t code = 0;
    uint64_t prefix_bytes = 0;
    *bound_out = (struct bound){.item.timestamp = infinity};
    if (!read_varint(reader, &code)) {
        return false;
    }
    if (code != 0) {
        if (code - 1 >= (uint64_t)(infinity - reader->timestamp)) {
            return false;
        }
        bound_out->item.timestamp = reader->timestamp + (int64_t)(code - 1);
    }
    reader->timestamp = bound_out->item.timestamp;
    if (!read_varint(reader, &prefix_bytes) || prefix_bytes > ITEM_ID_BYTES) {
        return false;
    }
    const uint8_t *prefix = read_bytes(reader, prefix_bytes);
    if (prefix == NULL) {
        return false;
    }
    bound_out->prefix_bytes = (size_t)prefix_bytes;
    memcpy(bound_out->item.id, prefix, bound_out->prefix_bytes);
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(*(const uint8_t *const *)left, *(const uint8_t *const *)right, ITEM_ID_BYTES);
}

static int compare_id_to_listed(const void *id, const void *listed)
{
    return memcmp(id, *(const uint8_t *const *)listed, ITEM_ID_BYTES);
}

/* A bit for each beginning of an id. A list fills an eighth of them at most, whatever is in it, so
 * that of a range of all items seven eighths are not looked for. */
enum { BEGINNINGS = 65536 };

static size_t beginning_of(const uint8_t *id)
{
    return (size_t)id[0] << 8 | id[1];
}

static bool is_noted(const uint8_t *noted, const uint8_t *id)
{
    return (noted[beginning_of(id) / 8] >> beginning_of(id) % 8 & 1) != 0;
}

static void note(uint8_t *noted, const uint8_t *id)
{
    uint8_t *byte = &noted[beginning_of(id) / 8];
    *byte = (uint8_t)(*byte | 1U << beginning_of(id) % 8);
}

/* The initiator compares their list with its own items of that range. */
static void learn(const struct learning *learning, struct item_set *set, const struct range *range,
                  const uint8_t *ids, size_t count)
{
    const uint8_t **sorted = memory_allocate(count + 1, sizeof *sorted);
    bool *held = memory_allocate(count + 1, sizeof *held);
    uint8_t noted[BEGINNINGS / 8] = {0};
    for (size_t i = 0; i < count; i++) {
        sorted[i] = ids + i * ITEM_ID_BYTES;
        note(noted, sorted[i]);
    }
    qsort(sorted, count, sizeof *sorted, compare_ids);
    for (size_t rank = range->begin; rank < range->end; rank++) {
        const struct item *item = item_set_get(set, rank);
        const uint8_t **found =
            !is_noted(noted, item->id)
                ? NULL
                : bsearch(item->id, sorted, count, sizeof *sorted, compare_id_to_listed);
        if (found == NULL) {
            learning->learned(learning->context, true, item->id);
        } else {
            held[(size_t)(*found - ids) / ITEM_ID_BYTES] = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!held[i]) {
            learning->learned(learning->context, false, ids + i * ITEM_ID_BYTES);
        }
    }
    memory_free(sorted);
    memory_free(held);
}

/* Answers a list with all own ids of that range, or as many as fit: the range then ends at the
 * first that is left out. */
static void answer_list(struct writer *writer, struct item_set *set, struct range *range)
{
    size_t end = range->begin;
    write_pending_skip(writer);
    while (end < range->end && !is_over_limit(writer, (end - range->begin) * ITEM_ID_BYTES)) {
        end++;
    }
    if (end < range->end) {
        range->upper.item = *item_set_get(set, end);
        range->upper.prefix_bytes = ITEM_ID_BYTES;
        range->end = end;
    }
    write_list(writer, set, &range->upper, range->begin, end);
}

/* One range of the other's message. False when it is malformed. `listed_out`: it was answered with
 * a list, which is as long as the limit lets it be. */
static bool handle_range(struct reader *reader, struct writer *writer, struct item_set *set,
                         struct range *range, const struct learning *learning, bool *listed_out)
{
    uint8_t digest[FINGERPRINT_BYTES];
    uint64_t mode = 0;
    uint64_t count = 0;
    const uint8_t *bytes = NULL;
    bool settled = true;
    if (!read_varint(reader, &mode)) {
        return false;
    }
    if (mode == MODE_FINGERPRINT) {
        bytes = read_bytes(reader, FINGERPRINT_BYTES);
        if (bytes == NULL) {
            return false;
        }
        item_set_fingerprint(set, range->begin, range->end, digest);
        if (memcmp(bytes, digest, sizeof digest) != 0) {
            write_pending_skip(writer);
            write_split(writer, set, range);
            settled = false;
        }
    } else if (mode == MODE_LIST) {
        if (!read_varint(reader, &count) || count > reader->left_bytes / ITEM_ID_BYTES) {
            return false;
        }
        bytes = read_bytes(reader, count * ITEM_ID_BYTES);
        if (learning->learned != NULL) {
            learn(learning, set, range, bytes, (size_t)count);
        } else {
            answer_list(writer, set, range);
            *listed_out = true;
            settled = false;
        }
    } else if (mode != MODE_SKIP) {
        return false;
    }
    if (settled) {
        writer->skipping = true;
        writer->skipped = range->upper;
    }
    return true;
}

static bool handle_ranges(struct reader *reader, struct writer *writer, struct item_set *set,
                          const struct learning *learning)
{
    struct range range = {0};
    while (reader->left_bytes > 0) {
        struct bound lower = range.upper;
        struct writer before = *writer;
        size_t written_bytes = writer->out->length_bytes;
        if (!read_bound(reader, &range.upper) ||
            item_set_compare(&range.upper.item, &lower.item) < 0) {
            return false;
        }
        range.end = item_set_find(set, &range.upper.item);
        bool listed = false;
        if (!handle_range(reader, writer, set, &range, learning, &listed)) {
            return false;
        }
        if (is_over_limit(writer, 0)) {
            if (!listed) {
                buffer_truncate(writer->out, written_bytes);
                *writer = before;
                range.end = range.begin;
            }
            write_rest(writer, set, range.end);
            return true;
        }
        range.begin = range.end;
    }
    return true;
}

static void begin_message(struct writer *writer, struct buffer *out, size_t limit_bytes)
{
    *writer =
        (struct writer){.out = out, .start_bytes = out->length_bytes, .limit_bytes = limit_bytes};
    buffer_append_byte(out, VERSION);
}

void reconcile_initiate(struct item_set *set, size_t limit_bytes, struct buffer *message_out)
{
    struct writer writer;
    const struct range everything = {.upper.item.timestamp = infinity, .end = item_set_count(set)};
    begin_message(&writer, message_out, limit_bytes);
    write_split(&writer, set, &everything);
}

static enum result refuse(struct error *error)
{
    return error_set(error, RESULT_INVALID, "This is no negentropy message (§12).");
}

/* RESULT_UNSUPPORTED: another version. */
static enum result read_version(struct reader *reader, struct error *error)
{
    const uint8_t *version = read_bytes(reader, 1);
    if (version == NULL || *version < VERSION_FIRST || *version > VERSION_LAST) {
        return refuse(error);
    }
    return *version == VERSION ? RESULT_OK
                               : error_set(error, RESULT_UNSUPPORTED,
                                           "The other side speaks another version of negentropy.");
}

enum result reconcile_respond(struct item_set *set, const void *message, size_t length_bytes,
                              size_t limit_bytes, struct buffer *answer_out, struct error *error)
{
    struct reader reader = {.bytes = message, .left_bytes = length_bytes};
    const struct learning nothing = {0};
    struct writer writer;
    enum result result = read_version(&reader, error);
    begin_message(&writer, answer_out, limit_bytes);
    if (result == RESULT_OK && !handle_ranges(&reader, &writer, set, &nothing)) {
        result = refuse(error);
    }
    if (result != RESULT_OK && result != RESULT_UNSUPPORTED) {
        buffer_truncate(answer_out, writer.start_bytes);
        return result;
    }
    return RESULT_OK;
}

enum result reconcile_continue(struct item_set *set, const void *message, size_t length_bytes,
                               size_t limit_bytes, reconcile_learned *learned, void *context,
                               struct buffer *next_out, struct error *error)
{
    struct reader reader = {.bytes = message, .left_bytes = length_bytes};
    const struct learning learning = {learned, context};
    struct writer writer;
    enum result result = read_version(&reader, error);
    if (result != RESULT_OK) {
        return result;
    }
    begin_message(&writer, next_out, limit_bytes);
    bool well_formed = handle_ranges(&reader, &writer, set, &learning);
    if (!well_formed || next_out->length_bytes == writer.start_bytes + 1) {
        buffer_truncate(next_out, writer.start_bytes); /* nothing left to say */
    }
    return well_formed ? RESULT_OK : refuse(error);
}
