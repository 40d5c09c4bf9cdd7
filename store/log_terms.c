#include "store/log_terms_private.h"

#include "store/log_early_private.h"

static struct log_terms *place_of(struct event_log *log, int64_t peer)
{
    return &log->terms[(uint64_t)peer % LOG_TERMS_PLACES];
}

bool log_terms_find(struct event_log *log, int64_t peer, struct log_terms *terms_out)
{
    const struct log_terms *place = place_of(log, peer);
    *terms_out = *place;
    return peer != 0 && place->peer == peer;
}

void log_terms_keep(struct event_log *log, const struct log_terms *terms)
{
    *place_of(log, terms->peer) = *terms;
}

void log_terms_pass(struct event_log *log, int64_t peer, int64_t number)
{
    struct log_terms *place = place_of(log, peer);
    if (place->peer == peer && number >= place->number) {
        place->number = number >= UINT32_MAX ? UINT32_MAX : (uint32_t)(number + 1);
    }
}

void log_terms_forget(struct event_log *log, int64_t peer)
{
    struct log_terms *place = place_of(log, peer);
    if (place->peer == peer) {
        place->peer = 0;
        log_early_forget(log, peer);
    }
}

void log_terms_forget_all(struct event_log *log)
{
    for (size_t i = 0; i < LOG_TERMS_PLACES; i++) {
        log->terms[i].peer = 0;
    }
    log_early_forget_all(log);
}
