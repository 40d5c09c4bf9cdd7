#include "store/log_ids_private.h"

#include <stdio.h>
#include <string.h>

static void read_id(struct database *database, sqlite3_stmt *row, char id_out[ULID_TEXT_BYTES])
{
    id_out[0] = '\0';
    if (database_next(database, row)) {
        (void)snprintf(id_out, ULID_TEXT_BYTES, "%s", database_text(row, 0));
    }
    database_done(row);
}

void log_ids_load(struct log_ids *ids, struct database *database)
{
    *ids = (struct log_ids){.greatest = ""};
    read_id(database, database_query(database, "SELECT max(event_id) FROM events", ""),
            ids->greatest);
}

/* The gap in which this one is, when none has it; the next is there, for it is not the greatest. */
static bool find_gap(struct log_ids *ids, struct database *database, const char *event_id)
{
    read_id(database,
            database_query(database,
                           "SELECT event_id FROM events INDEXED BY events_event_id"
                           " WHERE event_id>=?1 ORDER BY event_id LIMIT 1",
                           "t", event_id),
            ids->below);
    return strcmp(event_id, ids->below) < 0;
}

bool log_ids_take(struct log_ids *ids, struct database *database,
                  const char event_id[static ULID_TEXT_BYTES])
{
    char *before = ids->greatest;
    if (strcmp(event_id, ids->greatest) <= 0) {
        bool known = strcmp(event_id, ids->above) > 0 && strcmp(event_id, ids->below) < 0;
        if (!known && !find_gap(ids, database, event_id)) {
            ids->below[0] = '\0';
            return false;
        }
        before = ids->above;
    }
    memcpy(before, event_id, ULID_TEXT_BYTES);
    return true;
}
