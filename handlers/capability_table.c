#include "handlers/capability_table.h"

#include "core/limits.h"

static struct capability table[] = {
    {.name = "chat.send",
     .major = 1,
     .minor = 0,
     .max_concurrent = LIMITS_CHAT_CALLS_AT_ONCE,
     .idempotent = true,
     .call = chat_send_call},
    {.name = "chat.history",
     .major = 1,
     .minor = 0,
     .max_concurrent = LIMITS_CHAT_CALLS_AT_ONCE,
     .idempotent = true,
     .call = chat_history_call},
    {.name = "community.invite",
     .major = 1,
     .minor = 0,
     .max_concurrent = LIMITS_CHANGES_AT_ONCE,
     .call = admission_invite_call},
    {.name = "community.revoke",
     .major = 1,
     .minor = 0,
     .max_concurrent = LIMITS_CHANGES_AT_ONCE,
     .call = member_change_revoke_call},
};

enum result capability_table_load(void)
{
    return capabilities_load(table, sizeof table / sizeof table[0]);
}
