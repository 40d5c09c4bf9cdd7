#include "core/memory.h"
#include "gossip/gossip_private.h"

enum { MOST_TOLD = 256, PATIENCE_MS = 1000, MOST_URL_BYTES = 320 };

static void told(void *context, enum result result, struct http_answer *answer)
{
    size_t *waiting = context;
    (void)result;
    (void)answer; /* who does not know the word finds out by itself */
    (*waiting)--;
}

static bool is_live(const struct peer_link *link)
{
    int64_t cursor = 0;
    bool online = false;
    return !link->removed && link->called_at.port != 0 &&
           gossip_state_look(link->gossip->state, &link->node_id, &cursor, &online) && online;
}

static void tell(struct peer_link *link, size_t *waiting)
{
    char base[MOST_URL_BYTES];
    node_manifest_format_url(&link->called_at, base, sizeof base);
    char *url = memory_format("%s/sync/v1/leaving", base);
    struct http_call call = {.url = url,
                             .method = "POST",
                             .body = "{}",
                             .body_bytes = 2,
                             .total_ms = PATIENCE_MS,
                             .most_answer_bytes = PEER_CALL_MOST_NOTHING_BYTES,
                             .peer = &link->node_id,
                             .identity = link->gossip->options.identity};
    (*waiting)++;
    http_client_send(link->gossip->client, &call, told, waiting);
    memory_free(url);
}

/* Answers to other calls may come meanwhile; nothing follows from them any more. */
void peer_leaving_tell(struct gossip *gossip)
{
    size_t waiting = 0;
    size_t count = 0;
    int64_t until_ms = gossip_io_now(gossip) + PATIENCE_MS;
    if (gossip->client == NULL) {
        return;
    }
    for (struct peer_link *link = gossip->links; link != NULL && count < MOST_TOLD;
         link = link->next) {
        if (is_live(link)) {
            tell(link, &waiting);
            count++;
        }
    }
    for (int64_t left_ms = PATIENCE_MS; waiting > 0 && left_ms > 0;
         left_ms = until_ms - gossip_io_now(gossip)) {
        http_client_run(gossip->client, left_ms);
    }
}
