#include "store/log_kinds_private.h"

static const struct log_kind kept = {.apply = NULL};

static const struct {
    enum event_type type;
    const struct log_kind *kind;
} kinds[] = {
    {EVENT_MEMBER_INVITED, &log_standing_rules_invited},
    {EVENT_MEMBER_JOINED, &log_manifests_joined},
    {EVENT_MEMBER_REVOKED, &log_standing_rules_changed},
    {EVENT_MEMBER_PROMOTED, &log_standing_rules_changed},
    {EVENT_MEMBER_DEMOTED, &log_standing_rules_changed},
    {EVENT_MANIFEST_UPDATED, &log_manifests_updated},
    {EVENT_MESSAGE_SENT, &log_messages_sent},
    {EVENT_MESSAGE_DELIVERED, &log_receipts_delivered},
    {EVENT_MESSAGE_READ, &log_receipts_read},
    {EVENT_SESSION_BROKEN, &log_questions_broken},
};

const struct log_kind *log_kinds_find(enum event_type type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].type == type) {
            return kinds[i].kind;
        }
    }
    return &kept;
}
