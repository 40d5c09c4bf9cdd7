#include "store/log_facts_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/display_text.h"

/* What people call it, fit to be shown; the caller frees. */
static char *name_of(const struct event *event)
{
    if (event->type == EVENT_COMMUNITY_CREATED) {
        return display_text_make(event->data.created.name);
    }
    return display_text_make(event->type == EVENT_MEMBER_INVITED ? event->data.invited.display_name
                                                                 : "");
}

static void write_policy(const struct policy *policy, struct buffer *text)
{
    if (policy != NULL) {
        json_t *json = policy_to_json(policy);
        (void)canonical_write(json, text);
        json_decref(json);
    }
}

void log_facts_keep(struct event_log *log, const struct event *event, int64_t seq)
{
    struct fact_record record;
    struct buffer policy;
    buffer_init(&policy);
    fact_record_of(event, &record);
    write_policy(record.policy, &policy);
    char *name = name_of(event);
    database_run(&log->database,
                 "INSERT INTO facts(seq,type,lamport,wall,event_id,hash,author,target,invite_id,"
                 "level,expires,name,policy) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                 "iiiitbbbtiitt", seq, (int64_t)record.type, record.lamport, record.wall_seconds,
                 record.event_id, record.hash, BLAKE3_HASH_BYTES, record.author.key, NODE_ID_BYTES,
                 record.target.key, NODE_ID_BYTES, record.invite_event_id, (int64_t)record.level,
                 record.expires_at, name, buffer_text(&policy));
    for (size_t i = 0; i < record.signer_count; i++) {
        database_run(&log->database, "INSERT INTO fact_signers(signer,seq) VALUES(?1,?2)", "bi",
                     record.signers[i].key, NODE_ID_BYTES, seq);
    }
    memory_free(name);
    buffer_deinit(&policy);
}

static bool read_key(sqlite3_stmt *row, int column, struct node_id *key_out)
{
    if (sqlite3_column_bytes(row, column) != NODE_ID_BYTES) {
        return false;
    }
    memcpy(key_out->key, sqlite3_column_blob(row, column), NODE_ID_BYTES);
    return true;
}

static bool read_policy(const char *text, struct policy *policy_out)
{
    json_t *json = NULL;
    bool read =
        text[0] != '\0' &&
        canonical_parse(text, strlen(text), CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
        policy_parse(json, policy_out, NULL) == RESULT_OK;
    json_decref(json);
    return read;
}

/* False: the row is damaged. */
static bool read_record(sqlite3_stmt *row, struct fact_record *record_out,
                        struct policy *policy_out)
{
    struct fact_record record = {.seq = sqlite3_column_int64(row, 0),
                                 .type = (enum event_type)sqlite3_column_int(row, 1),
                                 .lamport = sqlite3_column_int64(row, 2),
                                 .wall_seconds = sqlite3_column_int64(row, 3),
                                 .level = (enum member_level)sqlite3_column_int(row, 9),
                                 .expires_at = sqlite3_column_int64(row, 10)};
    const char *event_id = database_text(row, 4);
    const char *invite_id = database_text(row, 8);
    if (!ulid_is_valid(event_id) || (invite_id[0] != '\0' && !ulid_is_valid(invite_id)) ||
        sqlite3_column_bytes(row, 5) != BLAKE3_HASH_BYTES || !read_key(row, 6, &record.author) ||
        !read_key(row, 7, &record.target)) {
        return false;
    }
    memcpy(record.event_id, event_id, ULID_TEXT_BYTES);
    (void)snprintf(record.invite_event_id, ULID_TEXT_BYTES, "%s", invite_id);
    memcpy(record.hash, sqlite3_column_blob(row, 5), BLAKE3_HASH_BYTES);
    record.policy = read_policy(database_text(row, 11), policy_out) ? policy_out : NULL;
    *record_out = record;
    return true;
}

void log_facts_add_signer(struct event_log *log, struct community *community, uint32_t person)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT seq FROM fact_signers WHERE signer=?1", "b",
                       community_key(community, person)->key, NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        community_add_signer(community, sqlite3_column_int64(row, 0), person);
    }
    database_done(row);
}

struct community *log_facts_read(struct event_log *log)
{
    struct community *community = community_create(&log->options.community_id);
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT seq,type,lamport,wall,event_id,hash,author,target,invite_id,level,"
                       "expires,policy FROM facts ORDER BY seq",
                       "");
    while (database_next(&log->database, row)) {
        struct fact_record record;
        struct policy policy;
        if (!read_record(row, &record, &policy)) {
            database_fail(&log->database, "a fact is damaged");
            break;
        }
        community_keep(community, &record);
    }
    database_done(row);
    for (uint32_t person = 0; person < community_count_people(community); person++) {
        log_facts_add_signer(log, community, person);
    }
    community_settle_kept(community);
    return community;
}

char *log_facts_name_in(struct event_log *log, uint32_t fact)
{
    char *name = NULL;
    if (fact != FACT_NONE) {
        sqlite3_stmt *row = database_query(&log->database, "SELECT name FROM facts WHERE seq=?1",
                                           "i", community_fact(log->state.community, fact)->seq);
        if (database_next(&log->database, row)) {
            name = memory_duplicate_string(database_text(row, 0));
        }
        database_done(row);
    }
    return name == NULL ? memory_duplicate_string("") : name;
}

char *log_facts_name(struct event_log *log)
{
    return log_facts_name_in(log, community_replay(log->state.community)->created);
}
