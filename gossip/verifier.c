#include "gossip/verifier.h"

#include <stdio.h>

#include "core/inbox.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/thread.h"
#include "protocol/canonical.h"
#include "protocol/event_scan.h"
#include "protocol/json_members.h"

enum { MOST_WAITING = 64 };

struct verification {
    const struct node_id *reader;
    struct account *payer; /* of the text */
    const char *text;      /* borrowed; NULL: none */
    size_t text_bytes;
    json_t *events; /* instead; NULL: none */
    struct foreign_text paid;
    struct node_id community_id;
    struct hash_list *asked;
    verifier_done *done;
    void *context;
};

struct verifier {
    struct node_id reader;
    struct inbox *inbox; /* NULL without threads */
    struct thread **threads;
    size_t thread_count;
};

/* The page by the parser, which takes every JSON and says what is wrong with an event. */
static enum result parse_page(const struct verification *work, struct event_batch *batch)
{
    json_t *json = NULL;
    const json_t *events = NULL;
    bool understood =
        foreign_text_parse(&work->paid, CANONICAL_MOST_NESTING_REQUEST, &json, NULL) == RESULT_OK &&
        json_members_array(json, "events", &events) &&
        json_array_size(events) <= work->asked->count;
    if (understood) {
        event_batch_read_asked(work->asked, events, &work->community_id, batch);
    }
    json_decref(json);
    return understood ? RESULT_OK : RESULT_INVALID;
}

/* As fast as a page is read that our own kind wrote. */
static enum result read_page(struct verification *work, struct event_batch *batch)
{
    size_t count = 0;
    enum result result = foreign_text_open(&work->paid, work->payer, work->text, work->text_bytes);
    if (result != RESULT_OK) {
        return result == RESULT_BUSY ? result : RESULT_INVALID;
    }
    struct event **events = memory_allocate(work->asked->count, sizeof(struct event *));
    hash_list_sort(work->asked);
    if (event_scan_page(&work->paid, &work->community_id, work->reader, work->asked->count, events,
                        &count)) {
        event_batch_verify(work->asked, events, count, batch);
    } else {
        result = parse_page(work, batch);
    }
    memory_free(events);
    return result;
}

static void forget(struct verification *work)
{
    json_decref(work->events);
    foreign_text_close(&work->paid);
    account_close(&work->payer);
    memory_free(work);
}

static void verify(struct verification *work)
{
    struct event_batch batch = {0};
    enum result result = RESULT_OK;
    if (work->events != NULL) {
        event_batch_read_asked(NULL, work->events, &work->community_id, &batch);
        json_decref(work->events);
        work->events = NULL;
    } else {
        result = read_page(work, &batch);
    }
    event_batch_pay(&batch, &work->paid);
    work->done(work->context, &batch, result);
    event_batch_deinit(&batch);
    forget(work);
}

static void verify_until_closed(void *context)
{
    const struct verifier *verifier = context;
    void *work = NULL;
    thread_be_nice(LIMITS_PEER_NICENESS);
    while (inbox_take(verifier->inbox, &work, 1, -1) > 0) {
        verify(work);
    }
}

enum result verifier_create(size_t threads, const struct node_id *reader,
                            struct verifier **verifier_out)
{
    enum result result = RESULT_OK;
    struct verifier *verifier = memory_allocate(1, sizeof *verifier);
    verifier->reader = *reader;
    verifier->inbox = threads == 0 ? NULL : inbox_create(MOST_WAITING, NULL, NULL);
    verifier->threads = memory_allocate(threads, sizeof(struct thread *));
    for (size_t i = 0; i < threads && result == RESULT_OK; i++) {
        result = thread_start("verifier", verify_until_closed, verifier, &verifier->threads[i]);
        verifier->thread_count += result == RESULT_OK ? 1 : 0;
    }
    if (result == RESULT_OK) {
        *verifier_out = verifier;
    } else {
        verifier_destroy(&verifier);
    }
    return result;
}

void verifier_destroy(struct verifier **verifier_pointer)
{
    struct verifier *verifier = *verifier_pointer;
    if (verifier == NULL) {
        return;
    }
    if (verifier->inbox != NULL) {
        inbox_close(verifier->inbox);
    }
    for (size_t i = 0; i < verifier->thread_count; i++) {
        thread_join(&verifier->threads[i]);
    }
    inbox_destroy(&verifier->inbox);
    memory_free(verifier->threads);
    memory_free(verifier);
    *verifier_pointer = NULL;
}

static enum result submit(struct verifier *verifier, struct verification *work)
{
    if (verifier->inbox == NULL) {
        verify(work);
        return RESULT_OK;
    }
    enum result result = inbox_post(verifier->inbox, work);
    if (result != RESULT_OK) {
        forget(work);
    }
    return result;
}

enum result verifier_submit(struct verifier *verifier, struct account *payer,
                            const struct buffer *text, const struct node_id *community_id,
                            struct hash_list *asked, verifier_done *done, void *context)
{
    struct verification *work = memory_allocate(1, sizeof *work);
    *work = (struct verification){.reader = &verifier->reader,
                                  .payer = account_share(payer),
                                  .text = buffer_text(text),
                                  .text_bytes = text->length_bytes,
                                  .community_id = *community_id,
                                  .asked = asked,
                                  .done = done,
                                  .context = context};
    return submit(verifier, work);
}

enum result verifier_submit_events(struct verifier *verifier, struct foreign_text *text,
                                   json_t *events, const struct node_id *community_id,
                                   verifier_done *done, void *context)
{
    struct verification *work = memory_allocate(1, sizeof *work);
    *work = (struct verification){.events = events,
                                  .paid = *text,
                                  .community_id = *community_id,
                                  .done = done,
                                  .context = context};
    *text = (struct foreign_text){0};
    return submit(verifier, work);
}
