#include "gossip/session_state.h"

#include <string.h>

#include "core/memory.h"

void session_state_gather(struct session_state *session, struct event_batch *page)
{
    struct event_batch *gathered = session->gathered;
    if (page->count == 0) {
        return;
    }
    if (gathered == NULL) {
        gathered = session->gathered = memory_allocate(1, sizeof *gathered);
    }
    gathered->events = memory_resize(gathered->events, gathered->count + page->count,
                                     sizeof(struct verified_event *));
    memcpy(gathered->events + gathered->count, page->events,
           page->count * sizeof(struct verified_event *));
    gathered->count += page->count;
    page->count = 0;
    event_batch_move_texts(page, gathered);
}

void session_state_forget(struct session_state *session)
{
    if (session->gathered != NULL) {
        event_batch_deinit(session->gathered);
        memory_free(session->gathered);
        session->gathered = NULL;
    }
    buffer_deinit(&session->message);
    hash_list_clear(&session->need);
    hash_list_clear(&session->have);
    hash_list_clear(&session->asked);
    *session =
        (struct session_state){.receiving = session->receiving, .number = session->number + 1};
}
