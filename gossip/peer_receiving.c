#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"

static void forget_batch(struct received_batch *batch)
{
    memory_free(batch->asked.hashes);
    http_client_deinit_answer(&batch->answer);
    event_batch_deinit(&batch->batch);
    memory_free(batch);
}

/* What the verifier and the writer have done with what they were given. */
void peer_receiving_take(struct gossip *gossip)
{
    lock_take(gossip->lock);
    struct received_batch *batch = gossip->received;
    gossip->received = NULL;
    lock_release(gossip->lock);
    while (batch != NULL) {
        struct received_batch *next = batch->next;
        struct peer_link *link = peer_links_find(gossip, &batch->source);
        if (link != NULL && link->number != batch->link_number) {
            link = NULL; /* a member that went, and came again */
        }
        if (link != NULL && batch->first_refusal != EVENT_ACCEPTABLE) {
            peer_links_report(link, event_refusal_name(batch->first_refusal));
        }
        if (link != NULL) {
            batch->done(link, batch);
        }
        forget_batch(batch);
        batch = next;
    }
}

void peer_receiving_forget(struct gossip *gossip)
{
    while (gossip->received != NULL) {
        struct received_batch *batch = gossip->received;
        gossip->received = batch->next;
        forget_batch(batch);
    }
}

/* On the verifier's or the writer's thread. */
static void tell_received(struct received_batch *batch)
{
    struct gossip *gossip = batch->gossip;
    lock_take(gossip->lock);
    batch->next = gossip->received;
    gossip->received = batch;
    gossip->receiving--;
    gossip_io_wake(gossip);
    lock_wake_all(gossip->lock);
    lock_release(gossip->lock);
}

static void on_stored(void *context, const struct receive_answer *answer)
{
    struct received_batch *batch = context;
    batch->lost = answer->result != RESULT_OK;
    batch->accepted = batch->lost ? 0 : answer->accepted;
    for (size_t i = 0; i < answer->count && batch->first_refusal == EVENT_ACCEPTABLE; i++) {
        batch->first_refusal = answer->refusals[i];
    }
    event_batch_deinit(&batch->batch); /* they are paid for no longer */
    tell_received(batch);
}

static void on_verified(void *context, struct event_batch *batch, enum result result)
{
    struct received_batch *page = context;
    page->verified = result;
    page->batch = *batch;
    *batch = (struct event_batch){0};
    http_client_deinit_answer(&page->answer);
    tell_received(page);
}

static struct received_batch *begin_receiving(struct peer_link *link, bool of_session,
                                              received_batch_done *done)
{
    struct gossip *gossip = link->gossip;
    struct received_batch *batch = memory_allocate(1, sizeof *batch);
    batch->gossip = gossip;
    batch->source = link->node_id;
    batch->done = done;
    batch->of_session = of_session;
    batch->link_number = link->number;
    batch->session_number = link->session.number;
    link->session.receiving += of_session ? 1 : 0;
    lock_take(gossip->lock);
    gossip->receiving++;
    lock_release(gossip->lock);
    return batch;
}

/* It was not taken on: another comparison finds the events again. */
static void give_up_receiving(struct peer_link *link, struct received_batch *batch)
{
    struct gossip *gossip = link->gossip;
    lock_take(gossip->lock);
    gossip->receiving--;
    lock_release(gossip->lock);
    link->session.receiving -= batch->of_session ? 1 : 0;
    link->session.crowded = link->session.crowded || batch->of_session;
    forget_batch(batch);
}

static bool store(struct peer_link *link, struct event_batch *events, bool of_session,
                  received_batch_done *done)
{
    if (events->count == 0) {
        return true;
    }
    struct received_batch *batch = begin_receiving(link, of_session, done);
    struct verified_event **verified = events->events;
    batch->events = events->count;
    events->events = NULL;
    event_batch_move_texts(events, &batch->batch);
    if (log_receive_events(link->gossip->options.log, verified, events->count, &link->node_id,
                           on_stored, batch) != RESULT_OK) {
        give_up_receiving(link, batch);
        return false;
    }
    return true;
}

bool peer_receiving_store(struct peer_link *link, struct event_batch *events,
                          received_batch_done *done)
{
    return store(link, events, true, done);
}

static void stored_unasked(struct peer_link *link, struct received_batch *batch)
{
    link->unasked_in_vain = batch->accepted > 0 ? 0 : link->unasked_in_vain + batch->events;
}

/* What finds the writer too busy the next comparison finds again. */
static void read_unasked(struct peer_link *link, struct received_batch *page)
{
    link->unasked_in_vain += page->batch.refused_count;
    (void)store(link, &page->batch, false, stored_unasked);
}

bool peer_receiving_read(struct peer_link *link, struct foreign_text *text, json_t *events)
{
    struct gossip *gossip = link->gossip;
    if (json_array_size(events) == 0) {
        json_decref(events);
        foreign_text_close(text);
        return true;
    }
    struct received_batch *page = begin_receiving(link, false, read_unasked);
    if (verifier_submit_events(gossip->verifier, text, events, &gossip->community_id, on_verified,
                               page) != RESULT_OK) {
        give_up_receiving(link, page);
        return false;
    }
    return true;
}

bool peer_receiving_verify(struct peer_link *link, struct http_answer *answer,
                           struct hash_list *asked, received_batch_done *done)
{
    struct gossip *gossip = link->gossip;
    struct received_batch *page = begin_receiving(link, true, done);
    page->asked = *asked;
    page->bytes = answer->body.length_bytes;
    page->answer = http_client_take_answer(answer);
    *asked = (struct hash_list){0};
    if (verifier_submit(gossip->verifier, link->account, &page->answer.body, &gossip->community_id,
                        &page->asked, on_verified, page) != RESULT_OK) {
        give_up_receiving(link, page);
        return false;
    }
    return true;
}
