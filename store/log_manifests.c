#include "store/log_manifests_private.h"

#include "core/memory.h"
#include "protocol/display_text.h"
#include "store/log_events_private.h"
#include "store/log_facts_private.h"
#include "store/log_kinds_private.h"
#include "store/log_schema_private.h"

/* Whether it comes after the one that is there, and takes its place. */
static void keep_last(struct event_log *log, const struct event *event, const json_t *json)
{
    struct node_manifest manifest;
    struct buffer endpoints;
    if (node_manifest_parse(json, &manifest) != RESULT_OK) {
        return;
    }
    char *name = display_text_make(manifest.display_name);
    buffer_init(&endpoints);
    member_profile_write_endpoints(&manifest.endpoints, &endpoints);
    database_run(&log->database,
                 "INSERT INTO manifests(author,lamport,event_id,hash,name,endpoints)"
                 " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(author) DO UPDATE SET"
                 " lamport=excluded.lamport,event_id=excluded.event_id,hash=excluded.hash,"
                 "name=excluded.name,endpoints=excluded.endpoints"
                 " WHERE (excluded.lamport,excluded.event_id,excluded.hash)>"
                 "(lamport,event_id,hash)",
                 "bitbtt", event->author.key, NODE_ID_BYTES, event->lamport, event->event_id,
                 event->hash, (int)sizeof event->hash, name, buffer_text(&endpoints));
    buffer_deinit(&endpoints);
    memory_free(name);
}

static void publish(struct event_log *log, const struct event *event)
{
    uint32_t person = community_find(log->state.community, &event->author);
    if (person != PEOPLE_NOBODY) {
        log_manifests_publish(log, person);
    }
}

static const json_t *manifest_of(const struct event *event)
{
    return event->type == EVENT_MEMBER_JOINED ? event->data.joined.manifest
                                              : event->data.manifest.manifest;
}

static bool apply_manifest(struct event_log *log, const struct event *event, int64_t seq,
                           struct parties *parties)
{
    (void)seq, (void)parties;
    keep_last(log, event, manifest_of(event));
    publish(log, event);
    return false;
}

/* The one before it is the last now. */
static void take_back_manifest(struct event_log *log, const struct event *event, int64_t seq)
{
    database_run(&log->database, "DELETE FROM manifests WHERE author=?1 AND hash=?2", "bb",
                 event->author.key, NODE_ID_BYTES, event->hash, (int)sizeof event->hash);
    if (sqlite3_changes(log->database.handle) == 0) {
        return;
    }
    int64_t before = database_integer(
        &log->database, 0,
        "SELECT seq FROM events INDEXED BY events_author"
        " WHERE " LOG_SCHEMA_IS_AUTHOR(
            "author",
            "?1") " AND aside=0 AND seq<>?2"
                  " AND type IN (?3,?4) ORDER BY lamport DESC,event_id DESC,hash DESC LIMIT 1",
        "biii", event->author.key, NODE_ID_BYTES, seq, (int64_t)EVENT_MEMBER_JOINED,
        (int64_t)EVENT_MANIFEST_UPDATED);
    struct event *last = before == 0 ? NULL : log_events_read(log, before);
    if (last != NULL) {
        keep_last(log, last, manifest_of(last));
    }
    event_destroy(&last);
    publish(log, event);
}

void log_manifests_publish(struct event_log *log, uint32_t person)
{
    struct community *community = log->state.community;
    const struct standing standing = replay_standing(community_replay(community), person);
    char *invited = NULL;
    if (standing.joined == FACT_NONE) {
        return;
    }
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT name,endpoints FROM manifests WHERE author=?1", "b",
                       community_key(community, person)->key, NODE_ID_BYTES);
    bool has_manifest = database_next(&log->database, row);
    const char *name = has_manifest ? database_text(row, 0) : "";
    if (name[0] == '\0') {
        name = invited = log_facts_name_in(log, standing.invitation);
    }
    const struct fact *joined = community_fact(community, standing.joined);
    uint32_t inviter = standing.invitation == FACT_NONE
                           ? person
                           : community_fact(community, standing.invitation)->author;
    community_publish_profile(community, person,
                              member_profile_create(name, joined->wall_seconds,
                                                    community_key(community, inviter),
                                                    has_manifest ? database_text(row, 1) : ""));
    database_done(row);
    log->state.membership_changed = true;
    memory_free(invited);
}

const struct log_kind log_manifests_joined = {
    .apply = apply_manifest, .take_back = take_back_manifest, .last_counts = true};
const struct log_kind log_manifests_updated = {
    .apply = apply_manifest, .take_back = take_back_manifest, .last_counts = true};
