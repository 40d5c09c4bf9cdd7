#include "handlers/capability_table.h"

#include "handlers/handlers.h"

static struct capability table[] = {
    {.name = "chat.send",
     .major = 1,
     .minor = 0,
     .max_concurrent = 64,
     .idempotent = true,
     .call = chat_send_call},
    {.name = "chat.history",
     .major = 1,
     .minor = 0,
     .max_concurrent = 64,
     .idempotent = true,
     .call = chat_history_call},
    {.name = "community.invite",
     .major = 1,
     .minor = 0,
     .max_concurrent = 8,
     .call = admission_invite_call},
    {.name = "community.revoke",
     .major = 1,
     .minor = 0,
     .max_concurrent = 8,
     .call = member_change_revoke_call},
};

enum result capability_table_load(void)
{
    return capabilities_load(table, sizeof table / sizeof table[0]);
}
