#include "support/terms.h"

#include <string.h>

#include "store/log_sealing_private.h"

static bool hold(struct event_log *log, const struct log_terms *kept)
{
    struct log_terms found;
    return log_sealing_read_terms(log, kept->peer, &found) &&
           memcmp(found.to.key, kept->to.key, sizeof found.to.key) == 0 &&
           found.number == kept->number && found.needs_reply == kept->needs_reply;
}

int64_t terms_find_wrong(struct event_log *log)
{
    for (size_t i = 0; i < LOG_TERMS_PLACES; i++) {
        const struct log_terms *kept = &log->terms[i];
        if (kept->peer != 0 && !hold(log, kept)) {
            return kept->peer;
        }
    }
    return 0;
}
