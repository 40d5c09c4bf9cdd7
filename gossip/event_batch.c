#include "gossip/event_batch.h"

#include <string.h>

#include "core/memory.h"
#include "store/event_reader.h"

static struct refused_event *refuse(struct event_batch *batch, const char *event_id,
                                    enum event_refusal refusal)
{
    batch->refused =
        memory_resize(batch->refused, batch->refused_count + 1, sizeof *batch->refused);
    struct refused_event *refused = &batch->refused[batch->refused_count++];
    *refused = (struct refused_event){.refusal = refusal};
    if (event_id != NULL && ulid_is_valid(event_id)) {
        memcpy(refused->event_id, event_id, sizeof refused->event_id);
    }
    return refused;
}

void event_batch_refuse(struct event_batch *batch, const char *event_id, enum event_refusal refusal)
{
    (void)refuse(batch, event_id, refusal);
}

typedef bool is_wanted(const void *context, const uint8_t hash[static BLAKE3_HASH_BYTES]);

static bool is_asked_for(const void *asked, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return asked == NULL || hash_list_find(asked, hash) != SIZE_MAX;
}

static bool is_new(const void *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return !event_reader_holds((struct event_log *)(uintptr_t)log, hash);
}

/* Takes the event (consumed), or says why not. */
static enum event_refusal verify(struct event **event, struct event_batch *batch)
{
    struct verified_event *verified = NULL;
    enum result result = event_verify(event, &verified);
    if (result != RESULT_OK) {
        return result == RESULT_INVALID ? EVENT_BAD : EVENT_INVALID_SIGNATURE;
    }
    batch->events[batch->count++] = verified;
    return EVENT_ACCEPTABLE;
}

/* `event`: of the JSON, consumed, if that is acceptable so far. */
static void add(struct event_batch *batch, const json_t *json, struct event *event,
                enum event_refusal refusal)
{
    refusal = refusal == EVENT_ACCEPTABLE ? verify(&event, batch) : refusal;
    if (refusal != EVENT_ACCEPTABLE) {
        const char *event_id = json_string_value(json_object_get(json, "event_id"));
        event_hash_json(json, refuse(batch, event_id, refusal)->hash);
    }
}

static void read_one(json_t *json, const struct node_id *community_id, is_wanted *wanted,
                     const void *context, struct event_batch *batch)
{
    struct event *event = NULL;
    enum event_refusal refusal = event_parse(json, community_id, &event);
    if (refusal == EVENT_ACCEPTABLE && !wanted(context, event->hash)) {
        batch->left_out_count++;
        event_destroy(&event);
    } else {
        add(batch, json, event, refusal);
    }
    batch->read++;
}

bool event_batch_read_on(struct event_log *log, const json_t *array,
                         const struct node_id *community_id, bool (*is_over)(void *context),
                         void *context, struct event_batch *batch)
{
    size_t count = json_array_size(array);
    if (batch->events == NULL) {
        batch->events = memory_allocate(count, sizeof(struct verified_event *));
    }
    while (batch->read < count) {
        read_one(json_array_get(array, batch->read), community_id, is_new, log, batch);
        if (is_over(context)) {
            break;
        }
    }
    return batch->read >= count;
}

static bool is_never(void *context)
{
    (void)context;
    return false;
}

void event_batch_read(struct event_log *log, const json_t *array,
                      const struct node_id *community_id, struct event_batch *batch_out)
{
    *batch_out = (struct event_batch){0};
    (void)event_batch_read_on(log, array, community_id, is_never, NULL, batch_out);
}

void event_batch_read_asked(const struct hash_list *asked, const json_t *array,
                            const struct node_id *community_id, struct event_batch *batch_out)
{
    *batch_out = (struct event_batch){0};
    batch_out->events = memory_allocate(json_array_size(array), sizeof(struct verified_event *));
    while (batch_out->read < json_array_size(array)) {
        read_one(json_array_get(array, batch_out->read), community_id, is_asked_for, asked,
                 batch_out);
    }
}

void event_batch_verify(const struct hash_list *asked, struct event **events, size_t count,
                        struct event_batch *batch_out)
{
    *batch_out = (struct event_batch){0};
    batch_out->events = memory_allocate(count, sizeof(struct verified_event *));
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[BLAKE3_HASH_BYTES];
        char event_id[ULID_TEXT_BYTES];
        memcpy(hash, events[i]->hash, sizeof hash);
        memcpy(event_id, events[i]->event_id, sizeof event_id);
        if (!is_asked_for(asked, hash)) {
            batch_out->left_out_count++;
            event_destroy(&events[i]);
            continue;
        }
        enum event_refusal refusal = verify(&events[i], batch_out);
        if (refusal != EVENT_ACCEPTABLE) {
            memcpy(refuse(batch_out, event_id, refusal)->hash, hash, sizeof hash);
        }
    }
}

void event_batch_deinit(struct event_batch *batch)
{
    for (size_t i = 0; batch->events != NULL && i < batch->count; i++) {
        event_verified_destroy(&batch->events[i]);
    }
    for (size_t i = 0; i < batch->text_count; i++) {
        foreign_text_close(&batch->texts[i]);
    }
    memory_free(batch->events);
    memory_free(batch->refused);
    memory_free(batch->texts);
    *batch = (struct event_batch){0};
}

void event_batch_pay(struct event_batch *batch, struct foreign_text *text)
{
    batch->texts = memory_resize(batch->texts, batch->text_count + 1, sizeof *batch->texts);
    batch->texts[batch->text_count++] = *text;
    *text = (struct foreign_text){0};
}

void event_batch_move_texts(struct event_batch *batch, struct event_batch *other)
{
    for (size_t i = 0; i < batch->text_count; i++) {
        event_batch_pay(other, &batch->texts[i]);
    }
    batch->text_count = 0;
}

size_t event_batch_weight(const struct event_batch *batch)
{
    size_t weight = 0;
    for (size_t i = 0; i < batch->text_count; i++) {
        weight += batch->texts[i].charged_bytes;
    }
    return weight;
}

void event_batch_begin(struct event_batch_writer *writer, const struct node_id *community_id)
{
    char community[NODE_ID_TEXT_BYTES];
    node_id_format(community_id, community);
    buffer_init(&writer->body);
    writer->count = 0;
    writer->most_bytes = EVENT_BATCH_MOST_BYTES;
    writer->full = false;
    buffer_append_format(&writer->body, "{\"community_id\":\"%s\",\"events\":[", community);
}

bool event_batch_add(struct event_batch_writer *writer, const char *text, size_t length_bytes)
{
    writer->full =
        writer->full || writer->count == EVENT_BATCH_MOST_EVENTS ||
        (writer->count > 0 && writer->body.length_bytes + length_bytes > writer->most_bytes);
    if (writer->full) {
        return false;
    }
    if (writer->count++ > 0) {
        buffer_append_byte(&writer->body, ',');
    }
    buffer_append(&writer->body, text, length_bytes);
    return true;
}

void event_batch_end(struct event_batch_writer *writer, int64_t our_head)
{
    buffer_append_byte(&writer->body, ']');
    if (our_head >= 0) {
        buffer_append_format(&writer->body, ",\"our_head\":%lld", (long long)our_head);
    }
    buffer_append_byte(&writer->body, '}');
}
