#include "gossip/gossip_private.h"

enum { SELF_FRESH_MS = 1000, SAVE_SOON_MS = 5000 };

int64_t gossip_io_now(const struct gossip *gossip)
{
    return clock_monotonic_ms(gossip->options.clock);
}

int64_t gossip_io_wall_seconds(const struct gossip *gossip)
{
    return clock_wall_ms(gossip->options.clock) / 1000;
}

void gossip_io_begin(void *gossip_context, const struct http_call *call, http_client_done *done,
                     void *context)
{
    struct gossip *gossip = gossip_context;
    const struct gossip_transport *transport = gossip->options.transport;
    if (transport == NULL) {
        http_client_send(gossip->client, call, done, context);
    } else {
        transport->send(transport->context, call, done, context);
    }
}

void gossip_io_send(struct gossip *gossip, enum urgency urgency, const struct http_call *call,
                    http_client_done *done, void *context)
{
    outward_calls_send(gossip->outward, urgency, call, done, context);
}

void gossip_io_wake(void *context)
{
    struct gossip *gossip = context;
    if (gossip->client != NULL) {
        http_client_wake(gossip->client);
    }
}

void gossip_io_tell_caught_up(struct gossip *gossip)
{
    if (log_caught_up_is_awaited(gossip->options.log)) {
        (void)log_caught_up_tell(gossip->options.log); /* else the next time */
    }
}

const struct address_book_self *gossip_io_self(struct gossip *gossip)
{
    int64_t now_ms = gossip_io_now(gossip);
    if (gossip->options.transport == NULL && now_ms >= gossip->self_until_ms) {
        local_interfaces_read(&gossip->self.interfaces);
        gossip->self_until_ms = now_ms + SELF_FRESH_MS;
    }
    return &gossip->self;
}

void gossip_io_save_by(struct gossip *gossip, int64_t at_ms)
{
    int64_t soon_ms = gossip_io_now(gossip) + SAVE_SOON_MS;
    at_ms = at_ms > soon_ms ? at_ms : soon_ms;
    gossip->save_at_ms = at_ms < gossip->save_at_ms ? at_ms : gossip->save_at_ms;
}
