#include "server/websocket_catch_up.h"

#include "core/memory.h"
#include "store/event_reader.h"

static bool add_frame(void *context, int64_t seq, const char *text, size_t length_bytes,
                      const char *opened)
{
    struct websocket_catch_up *catch_up = context;
    catch_up->frames[catch_up->count++] =
        websocket_frame_create(FRAME_MESSAGE, seq, text, length_bytes, opened);
    return catch_up->count < WEBSOCKET_CATCH_UP_EVENTS && !readers_is_over(&catch_up->job);
}

static bool read_log(struct reader_job *job)
{
    struct websocket_catch_up *catch_up = (struct websocket_catch_up *)job;
    catch_up->failed =
        event_reader_concerning_us(catch_up->log, catch_up->after_seq, WEBSOCKET_CATCH_UP_EVENTS,
                                   add_frame, catch_up, &catch_up->through) != RESULT_OK;
    catch_up->done(catch_up);
    return true;
}

void websocket_catch_up_begin(struct websocket_catch_up *catch_up, struct readers *readers)
{
    catch_up->job = (struct reader_job){.run = read_log,
                                        .payer = (uint32_t)((uintptr_t)catch_up->subscriber >> 4),
                                        .goes_first = true};
    readers_post(readers, &catch_up->job);
}

void websocket_catch_up_destroy(struct websocket_catch_up **catch_up)
{
    for (size_t i = 0; i < (*catch_up)->count; i++) {
        if ((*catch_up)->frames[i] != NULL) {
            websocket_frame_destroy(&(*catch_up)->frames[i]);
        }
    }
    memory_free(*catch_up);
    *catch_up = NULL;
}
