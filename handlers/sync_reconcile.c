#include <string.h>

#include "core/memory.h"
#include "gossip/event_batch.h"
#include "handlers/handlers.h"
#include "protocol/hex.h"
#include "protocol/json_members.h"
#include "protocol/number.h"
#include "protocol/request_signature.h"
#include "store/event_reader.h"
#include "store/event_set.h"

enum {
    MOST_HASHES = 1000,
    ROOM_FOR_MISSING_BYTES = 70000,
    MOST_PAGE_BYTES = EVENT_BATCH_MOST_BYTES - ROOM_FOR_MISSING_BYTES
};

/* Equal logs are answered with the version alone, small ones with the list that was asked with. */
static bool is_same(const struct request *request, const struct buffer *answer)
{
    return answer->length_bytes == 1 ||
           (answer->length_bytes == request->bytes_count &&
            memcmp(answer->data, request->bytes, answer->length_bytes) == 0);
}

void sync_reconcile_handle(struct request *request, const struct node_parts *parts)
{
    struct error error = {""};
    struct buffer answer;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (request->bytes_count > RECONCILE_MOST_MESSAGE_BYTES) {
        request_reply_http_error(request, 413, "A reconciliation message has at most 256 KiB.");
        return;
    }
    buffer_init(&answer);
    enum result result =
        event_set_respond(log, request->bytes, request->bytes_count, &answer, &error);
    struct gossip *gossip = parts->gossip(parts->node);
    if (result == RESULT_OK) {
        if (gossip != NULL && !is_same(request, &answer)) {
            gossip_peer_differs(gossip, &request->caller.node_id);
        }
        request_reply_bytes(request, "application/octet-stream", answer.data, answer.length_bytes);
    } else if (result == RESULT_BUSY) {
        request_reply_error(request, WIRE_PARTITION,
                            "This node is still reading its log; ask again in a moment.");
    } else {
        request_reply_error(request, WIRE_BAD_REQUEST, error.message);
    }
    buffer_deinit(&answer);
}

/* False after answering what is wrong. */
static bool read_hashes(struct request *request, uint8_t (*hashes_out)[BLAKE3_HASH_BYTES],
                        size_t *count_out)
{
    const json_t *list = NULL;
    size_t index;
    json_t *hash;
    bool valid = json_members_array(request->body, "hashes", &list);
    if (valid && json_array_size(list) > MOST_HASHES) {
        request_reply_http_error(request, 413, "Ask for at most 1000 events at once.");
        return false;
    }
    *count_out = 0;
    json_array_foreach(list, index, hash)
    {
        valid = valid && json_is_string(hash) &&
                hex_parse(json_string_value(hash), hashes_out[*count_out], BLAKE3_HASH_BYTES);
        *count_out += valid ? 1 : 0;
    }
    if (!valid) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"hashes\":[…]}, each of 64 lower-case hex digits.");
    }
    return valid;
}

/* How much the caller's link takes. False after answering what is wrong. */
static bool read_most_bytes(struct request *request, size_t *most_out)
{
    int64_t most = MOST_PAGE_BYTES;
    if (json_object_get(request->body, "most_bytes") != NULL &&
        !json_members_integer(request->body, "most_bytes", 1, NUMBER_SAFE_INTEGER, &most)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected \"most_bytes\" as a whole number of at least 1.");
        return false;
    }
    *most_out = most < MOST_PAGE_BYTES ? (size_t)most : MOST_PAGE_BYTES;
    return true;
}

struct page {
    struct buffer answer;
    size_t most_bytes;
};

/* As much as such events usually take, lest it be copied as it grows. */
static void reserve(struct page *page, size_t count)
{
    const size_t usual_bytes = 1536;
    size_t bytes = count * usual_bytes;
    (void)memset(buffer_extend(&page->answer, REQUEST_SIGNATURE_ROOM_BYTES), 0,
                 REQUEST_SIGNATURE_ROOM_BYTES);
    buffer_reserve(&page->answer, bytes < page->most_bytes ? bytes : page->most_bytes);
}

/* One event in any case. */
static bool add_event(void *context, int64_t seq, int64_t lamport, const char *text,
                      size_t length_bytes)
{
    struct page *page = context;
    struct buffer *answer = &page->answer;
    bool first = buffer_text(answer)[answer->length_bytes - 1] == '[';
    size_t made = answer->length_bytes - REQUEST_SIGNATURE_ROOM_BYTES;
    (void)seq;
    (void)lamport;
    if (!first && made + length_bytes > page->most_bytes) {
        return false;
    }
    buffer_append_text(answer, first ? "" : ",");
    buffer_append(answer, text, length_bytes);
    return true;
}

static void add_missing(struct buffer *answer, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                        const bool *taken, size_t count)
{
    char hex[2 * BLAKE3_HASH_BYTES + 1];
    const char *separator = "";
    buffer_append_text(answer, "],\"missing\":[");
    for (size_t i = 0; i < count; i++) {
        if (!taken[i]) {
            hex_format(hashes[i], BLAKE3_HASH_BYTES, hex);
            buffer_append_format(answer, "%s\"%s\"", separator, hex);
            separator = ",";
        }
    }
    buffer_append_text(answer, "]}");
}

void sync_reconcile_fetch_handle(struct request *request, const struct node_parts *parts)
{
    size_t count = 0;
    struct page page = {.most_bytes = MOST_PAGE_BYTES};
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    uint8_t(*hashes)[BLAKE3_HASH_BYTES] = memory_allocate(MOST_HASHES, sizeof *hashes);
    bool *taken = memory_allocate(MOST_HASHES, sizeof *taken);
    buffer_init(&page.answer);
    struct gossip *gossip = parts->gossip(parts->node);
    if (gossip != NULL) {
        gossip_peer_fetches(gossip, &request->caller.node_id);
    }
    if (read_most_bytes(request, &page.most_bytes) && read_hashes(request, hashes, &count)) {
        /* Stored texts are canonical, so the whole is: it is written, never parsed again. */
        reserve(&page, count);
        buffer_append_text(&page.answer, "{\"events\":[");
        if (event_reader_by_hash(log, (const uint8_t(*)[BLAKE3_HASH_BYTES])hashes, count, add_event,
                                 &page, taken) == RESULT_OK) {
            add_missing(&page.answer, (const uint8_t(*)[BLAKE3_HASH_BYTES])hashes, taken, count);
            request_reply_whole(request, &page.answer);
        } else {
            request_reply_error(request, WIRE_INTERNAL_ERROR,
                                "This node can't read its log; ask another one.");
        }
    }
    buffer_deinit(&page.answer);
    memory_free(hashes);
    memory_free(taken);
}
