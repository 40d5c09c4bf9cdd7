#include "store/event_set.h"

#include "core/thread.h"
#include "store/log_set_private.h"

static struct item_set *borrow(struct event_log *log)
{
    thread_expect(THREAD_READS_LOG);
    return log_set_borrow(log);
}

enum result event_set_initiate(struct event_log *log, struct buffer *message_out)
{
    struct item_set *items = borrow(log);
    if (items == NULL) {
        return RESULT_BUSY;
    }
    reconcile_initiate(items, RECONCILE_MOST_MESSAGE_BYTES, message_out);
    log_set_give_back(log);
    return RESULT_OK;
}

enum result event_set_respond(struct event_log *log, const void *message, size_t length_bytes,
                              struct buffer *answer_out, struct error *error)
{
    struct item_set *items = borrow(log);
    if (items == NULL) {
        return RESULT_BUSY;
    }
    enum result result = reconcile_respond(items, message, length_bytes,
                                           RECONCILE_MOST_MESSAGE_BYTES, answer_out, error);
    log_set_give_back(log);
    return result;
}

enum result event_set_continue(struct event_log *log, const void *message, size_t length_bytes,
                               reconcile_learned *learned, void *context, struct buffer *next_out,
                               struct error *error)
{
    struct item_set *items = borrow(log);
    if (items == NULL) {
        return RESULT_BUSY;
    }
    enum result result =
        reconcile_continue(items, message, length_bytes, RECONCILE_MOST_MESSAGE_BYTES, learned,
                           context, next_out, error);
    log_set_give_back(log);
    return result;
}
