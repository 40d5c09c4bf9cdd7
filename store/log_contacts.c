#include "store/log_contacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_blocked_private.h"
#include "store/log_lost_private.h"
#include "store/log_nodes_private.h"
#include "store/log_readers_private.h"
#include "store/log_turns_private.h"
#include "store/log_writer_private.h"

enum { AS_IT_WAS = -1 };

struct change_job {
    struct writer_job job;
    struct node_id contact;
    bool has_nickname;
    char nickname[LOG_CONTACTS_MOST_NICKNAME_BYTES + 1];
    int64_t muted; /* 0, 1 or AS_IT_WAS */
    int64_t blocked;
    int64_t pinned;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static bool is_known(struct event_log *log, const struct node_id *contact)
{
    return community_is_member(log->state.community, contact) ||
           log_nodes_find_conversation(&log->database, contact) != 0;
}

/* What was not written to it by itself while it was blocked is owed again. */
static void catch_up(struct event_log *log, const struct node_id *contact)
{
    int64_t peer = log_nodes_number(log, contact);
    if (database_integer(&log->database, 0,
                         "SELECT 1 FROM sealings WHERE author=?1 AND recipient=?2 LIMIT 1", "ii",
                         peer, log->self) != 0) {
        log_turns_owe_offer(log, peer);
        log_turns_note_waiting(log);
    }
}

static void run_change(struct writer_job *job, struct event_log *log)
{
    struct change_job *change = (struct change_job *)job;
    const uint8_t *key = change->contact.key;
    if (!is_known(log, &change->contact)) {
        change->answer.result = error_set(&change->answer.error, RESULT_NOT_FOUND,
                                          "That node is not a member of this community.");
        return;
    }
    bool was_blocked = log_blocked_is(log, &change->contact);
    database_run(&log->database,
                 "INSERT OR IGNORE INTO contacts(node,nickname,muted,blocked,pinned)"
                 " VALUES(?1,'',0,0,0)",
                 "b", key, NODE_ID_BYTES);
    database_run(&log->database,
                 "UPDATE contacts SET nickname=coalesce(?2,nickname),"
                 "muted=CASE ?3 WHEN -1 THEN muted ELSE ?3 END,"
                 "blocked=CASE ?4 WHEN -1 THEN blocked ELSE ?4 END,"
                 "pinned=CASE ?5 WHEN -1 THEN pinned ELSE ?5 END WHERE node=?1",
                 "btiii", key, NODE_ID_BYTES, change->has_nickname ? change->nickname : NULL,
                 change->muted, change->blocked, change->pinned);
    database_run(&log->database,
                 "DELETE FROM contacts WHERE node=?1 AND nickname='' AND muted=0 AND blocked=0"
                 " AND pinned=0",
                 "b", key, NODE_ID_BYTES);
    log_blocked_load(log);
    if (was_blocked && change->blocked == 0) {
        catch_up(log, &change->contact);
    }
}

static void answer_change(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct change_job *change = (struct change_job *)job;
    if (commit != RESULT_OK) {
        change->answer.result =
            log_writer_explain(log, "The disk did not take it.", &change->answer.error);
    } else if (change->answer.result == RESULT_OK) {
        log_lost_tell_of(log, &change->contact);
    }
    change->done(change->context, &change->answer);
    memory_free(change);
}

static int64_t wanted(const bool *wish)
{
    return wish == NULL ? AS_IT_WAS : *wish ? 1 : 0;
}

enum result log_contacts_change(struct event_log *log, const struct node_id *contact,
                                const struct log_contact_wish *wish, event_log_answered *done,
                                void *context)
{
    struct change_job *change = memory_allocate(1, sizeof *change);
    *change = (struct change_job){.job = {.run = run_change, .done = answer_change},
                                  .contact = *contact,
                                  .has_nickname = wish->nickname != NULL,
                                  .muted = wanted(wish->muted),
                                  .blocked = wanted(wish->blocked),
                                  .pinned = wanted(wish->pinned),
                                  .done = done,
                                  .context = context};
    (void)snprintf(change->nickname, sizeof change->nickname, "%s",
                   wish->nickname == NULL ? "" : wish->nickname);
    enum result result = log_writer_submit(log, &change->job);
    if (result != RESULT_OK) {
        memory_free(change);
    }
    return result;
}

enum result log_contacts_read(struct event_log *log, struct log_contacts *contacts_out)
{
    struct database *reader = log_readers_acquire(log);
    size_t room = 0;
    *contacts_out = (struct log_contacts){0};
    sqlite3_stmt *row = database_query(
        reader, "SELECT node,nickname,muted,blocked,pinned FROM contacts ORDER BY node", "");
    while (database_next(reader, row)) {
        if (sqlite3_column_bytes(row, 0) != NODE_ID_BYTES) {
            continue; /* of a damaged log */
        }
        if (contacts_out->count == room) {
            room = room == 0 ? 16 : 2 * room;
            contacts_out->list =
                memory_resize(contacts_out->list, room, sizeof *contacts_out->list);
        }
        struct log_contact *contact = &contacts_out->list[contacts_out->count++];
        *contact = (struct log_contact){.muted = sqlite3_column_int(row, 2) != 0,
                                        .blocked = sqlite3_column_int(row, 3) != 0,
                                        .pinned = sqlite3_column_int(row, 4) != 0};
        memcpy(contact->node_id.key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
        (void)snprintf(contact->nickname, sizeof contact->nickname, "%s", database_text(row, 1));
        if (contact->nickname[0] != '\0') {
            contact->keys = person_name_keys(contact->nickname);
        }
    }
    database_done(row);
    enum result result = log_readers_release(log, &reader);
    if (result != RESULT_OK) {
        log_contacts_free(contacts_out);
    }
    return result;
}

void log_contacts_free(struct log_contacts *contacts)
{
    memory_free(contacts->list);
    *contacts = (struct log_contacts){0};
}

static int compare(const void *node_id, const void *contact)
{
    return memcmp(((const struct node_id *)node_id)->key,
                  ((const struct log_contact *)contact)->node_id.key, NODE_ID_BYTES);
}

const struct log_contact *log_contacts_find(const struct log_contacts *contacts,
                                            const struct node_id *node_id)
{
    static const struct log_contact none;
    const struct log_contact *found =
        contacts->count == 0
            ? NULL
            : bsearch(node_id, contacts->list, contacts->count, sizeof *contacts->list, compare);
    return found == NULL ? &none : found;
}
