#include "store/event_set.h"

#include "store/log_private.h"

enum result event_set_initiate(struct event_log *log, struct buffer *message_out)
{
    struct log_set *set = &log->set;
    enum result result = RESULT_BUSY;
    lock_take(set->lock);
    if (set->items != NULL) {
        reconcile_initiate(set->items, RECONCILE_MOST_MESSAGE_BYTES, message_out);
        result = RESULT_OK;
    }
    lock_release(set->lock);
    return result;
}

enum result event_set_respond(struct event_log *log, const void *message, size_t length_bytes,
                              struct buffer *answer_out, struct error *error)
{
    struct log_set *set = &log->set;
    enum result result = RESULT_BUSY;
    lock_take(set->lock);
    if (set->items != NULL) {
        result = reconcile_respond(set->items, message, length_bytes, RECONCILE_MOST_MESSAGE_BYTES,
                                   answer_out, error);
    }
    lock_release(set->lock);
    return result;
}

enum result event_set_continue(struct event_log *log, const void *message, size_t length_bytes,
                               reconcile_learned *learned, void *context, struct buffer *next_out,
                               struct error *error)
{
    struct log_set *set = &log->set;
    enum result result = RESULT_BUSY;
    lock_take(set->lock);
    if (set->items != NULL) {
        result = reconcile_continue(set->items, message, length_bytes, RECONCILE_MOST_MESSAGE_BYTES,
                                    learned, context, next_out, error);
    }
    lock_release(set->lock);
    return result;
}
