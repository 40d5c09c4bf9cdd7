#include "support/neighbours.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/event_reader.h"
#include "store/log_wait.h"
#include "support/terms.h"
#include "support/told.h"

enum { FOUNDER = 1, MOST_EVENTS = 2048 };

static int64_t now_ms(void *context)
{
    return ((const struct neighbours *)context)->now_ms;
}

void neighbours_reopen(struct neighbours *neighbours, int who)
{
    const struct event_log_options options = {.synchronous = true,
                                              .answers_messages = true,
                                              .keeps_keys = true,
                                              .clock = &neighbours->clock};
    test_log_reopen_with(&neighbours->logs[who], FOUNDER, &options);
}

void neighbours_begin(struct neighbours *neighbours, int count)
{
    memset(neighbours, 0, sizeof *neighbours);
    neighbours->count = count;
    neighbours->now_ms = 1800000000000;
    neighbours->clock = (struct clock){now_ms, now_ms, neighbours};
    for (int i = 1; i <= count; i++) {
        test_log_open(&neighbours->logs[i], FOUNDER, (uint8_t)i);
        neighbours_reopen(neighbours, i);
        (void)test_log_populate(&neighbours->logs[i], (uint8_t)count);
    }
}

void neighbours_begin_known(struct neighbours *neighbours, int count)
{
    neighbours_begin(neighbours, count);
    neighbours_exchange(neighbours);
}

void neighbours_end_whole(struct neighbours *neighbours)
{
    neighbours_verify_all(neighbours);
    neighbours_end(neighbours);
}

void neighbours_end(struct neighbours *neighbours)
{
    for (int i = 1; i <= neighbours->count; i++) {
        test_log_close(&neighbours->logs[i]);
    }
}

/* Events on their way. */
struct parcel {
    struct verified_event *events[MOST_EVENTS];
    size_t count;
    int64_t last_seq;
};

static bool pack(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct parcel *parcel = context;
    json_t *json = NULL;
    struct event *event = NULL;
    (void)lamport;
    assert_true(parcel->count < MOST_EVENTS);
    assert_int_equal(canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL), RESULT_OK);
    assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
    assert_int_equal(event_verify(&event, &parcel->events[parcel->count++]), RESULT_OK);
    parcel->last_seq = seq;
    json_decref(json);
    return true;
}

static void fill(struct neighbours *neighbours, int from, int to, struct parcel *parcel)
{
    *parcel = (struct parcel){.last_seq = neighbours->given[from][to]};
    assert_int_equal(event_reader_after_seq(neighbours->logs[from].log, parcel->last_seq,
                                            MOST_EVENTS, pack, parcel),
                     RESULT_OK);
    neighbours->given[from][to] = parcel->last_seq;
}

void neighbours_give(struct neighbours *neighbours, int from, int to)
{
    struct parcel *parcel = memory_allocate(1, sizeof *parcel);
    fill(neighbours, from, to, parcel);
    for (size_t i = 0; i < parcel->count; i += UINT8_MAX) {
        size_t left = parcel->count - i;
        test_log_receive(&neighbours->logs[to], parcel->events + i,
                         left < UINT8_MAX ? left : UINT8_MAX);
    }
    memory_free(parcel);
}

enum result neighbours_try_to_give(struct neighbours *neighbours, int from, int to)
{
    struct parcel *parcel = memory_allocate(1, sizeof *parcel);
    int64_t given = neighbours->given[from][to];
    fill(neighbours, from, to, parcel);
    struct verified_event **events =
        memory_allocate(parcel->count, sizeof(struct verified_event *));
    memcpy(events, parcel->events, parcel->count * sizeof(struct verified_event *));
    size_t accepted = 0;
    enum result result =
        log_wait_receive(neighbours->logs[to].log, events, parcel->count, NULL, &accepted, NULL);
    neighbours->given[from][to] = result == RESULT_OK ? parcel->last_seq : given;
    memory_free(parcel);
    return result;
}

void neighbours_give_backwards(struct neighbours *neighbours, int from, int to)
{
    struct parcel *parcel = memory_allocate(1, sizeof *parcel);
    fill(neighbours, from, to, parcel);
    while (parcel->count > 0) {
        test_log_receive(&neighbours->logs[to], &parcel->events[--parcel->count], 1);
    }
    memory_free(parcel);
}

static int64_t last_seq(struct neighbours *neighbours, int who)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(neighbours->logs[who].log);
    int64_t seq = snapshot->last_seq;
    log_snapshot_release(neighbours->logs[who].log, &snapshot);
    return seq;
}

void neighbours_exchange(struct neighbours *neighbours)
{
    bool more = true;
    while (more) {
        more = false;
        for (int from = 1; from <= neighbours->count; from++) {
            for (int to = 1; to <= neighbours->count; to++) {
                if (from != to && last_seq(neighbours, from) > neighbours->given[from][to]) {
                    neighbours_give(neighbours, from, to);
                    more = true;
                }
            }
        }
    }
    for (int i = 1; i <= neighbours->count; i++) {
        assert_int_equal(terms_find_wrong(neighbours->logs[i].log), 0);
    }
}

int64_t neighbours_send(struct neighbours *neighbours, int from, int to, const char *text)
{
    static unsigned sent;
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "c-%u", sent++);
    const struct append_answer *answer = test_log_append(
        &neighbours->logs[from], event_draft_message(client_id, test_id((uint8_t)to), text, NULL));
    assert_int_equal(answer->result, RESULT_OK);
    return answer->lamport;
}

struct counting {
    const char *text;
    enum message_e2e e2e;
    int count;
    int delivered;
};

static void count_message(void *context, const struct history_message *message)
{
    struct counting *counting = context;
    bool is_it = strcmp(message->body, counting->text) == 0;
    counting->count += is_it && message->e2e == counting->e2e ? 1 : 0;
    counting->delivered += is_it && message->delivered_at != NULL ? 1 : 0;
}

static void count_messages(struct neighbours *neighbours, int who, struct counting *counting)
{
    bool more = false;
    const struct history_query query = {.limit = HISTORY_MOST_LIMIT};
    assert_int_equal(
        history_page(neighbours->logs[who].log, &query, count_message, counting, &more), RESULT_OK);
}

int neighbours_count(struct neighbours *neighbours, int who, const char *text, enum message_e2e e2e)
{
    struct counting counting = {.text = text, .e2e = e2e};
    count_messages(neighbours, who, &counting);
    return counting.count;
}

int neighbours_count_delivered(struct neighbours *neighbours, int who, const char *text)
{
    struct counting counting = {.text = text};
    count_messages(neighbours, who, &counting);
    return counting.delivered;
}

int neighbours_count_events(struct neighbours *neighbours, int who, const char *one,
                            const char *two)
{
    return (int)told_count(neighbours->logs[who].log, one, two, NULL);
}

static char *database_path(const struct neighbours *neighbours, int who)
{
    return memory_format("%s/events.sqlite", neighbours->logs[who].directory);
}

void neighbours_change_database(struct neighbours *neighbours, int who, const char *sql)
{
    sqlite3 *database = NULL;
    char *path = database_path(neighbours, who);
    event_log_close(&neighbours->logs[who].log);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
    neighbours_reopen(neighbours, who);
}

struct asking {
    sqlite3 *database;
    sqlite3_stmt *row;
    bool found;
};

static struct asking ask(struct neighbours *neighbours, int who, const char *sql)
{
    struct asking asking = {.found = false};
    char *path = database_path(neighbours, who);
    assert_int_equal(sqlite3_open_v2(path, &asking.database, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(asking.database, sql, -1, &asking.row, NULL), SQLITE_OK);
    asking.found = sqlite3_step(asking.row) == SQLITE_ROW;
    memory_free(path);
    return asking;
}

static void end_asking(struct asking *asking)
{
    assert_int_equal(sqlite3_finalize(asking->row), SQLITE_OK);
    assert_int_equal(sqlite3_close(asking->database), SQLITE_OK);
}

int64_t neighbours_ask_database(struct neighbours *neighbours, int who, const char *sql)
{
    struct asking asking = ask(neighbours, who, sql);
    assert_true(asking.found);
    int64_t answer = sqlite3_column_int64(asking.row, 0);
    end_asking(&asking);
    return answer;
}

bool neighbours_ask_bytes(struct neighbours *neighbours, int who, const char *sql, void *bytes_out,
                          size_t length_bytes)
{
    struct asking asking = ask(neighbours, who, sql);
    bool found = asking.found;
    if (found) {
        assert_int_equal(sqlite3_column_bytes(asking.row, 0), length_bytes);
        memcpy(bytes_out, sqlite3_column_blob(asking.row, 0), length_bytes);
    }
    end_asking(&asking);
    return found;
}

static bool holds_bytes(const char *path, const void *bytes, size_t length_bytes)
{
    enum { MOST_FILE_BYTES = 1 << 26 };
    char *content = NULL;
    size_t content_bytes = 0;
    bool found = false;
    if (data_directory_read_file(path, MOST_FILE_BYTES, &content, &content_bytes) == RESULT_OK) {
        found = memmem(content, content_bytes, bytes, length_bytes) != NULL;
        memory_free(content);
    }
    return found;
}

bool neighbours_holds_bytes(struct neighbours *neighbours, int who, const void *bytes,
                            size_t length_bytes)
{
    const char *directory = neighbours->logs[who].directory;
    DIR *files = opendir(directory);
    size_t count = 0;
    bool found = false;
    assert_non_null(files);
    const struct dirent *file = NULL;
    while ((file = readdir(files)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        if (file->d_name[0] != '.') {
            char *path = memory_format("%s/%s", directory, file->d_name);
            found = holds_bytes(path, bytes, length_bytes) || found;
            memory_free(path);
            count++;
        }
    }
    assert_int_equal(closedir(files), 0);
    assert_true(count > 0);
    return found;
}

static void be_done(void *context, const struct append_answer *answer)
{
    (void)context, (void)answer;
}

/* A job that changes nothing. */
void neighbours_pass(struct neighbours *neighbours, int who, int64_t ms)
{
    neighbours->now_ms += ms;
    assert_int_equal(log_mark_read_up_to(neighbours->logs[who].log, test_id(NEIGHBOURS_MOST + 1),
                                         "01HXR000000000000000000000", true, be_done, NULL),
                     RESULT_OK);
}

struct receiving_key neighbours_prekey(struct neighbours *neighbours, int who)
{
    struct receiving_key key = {{0}};
    assert_true(neighbours_ask_bytes(neighbours, who,
                                     "SELECT public FROM offers WHERE owner=1 AND peer=0"
                                     " ORDER BY lamport DESC,event_id DESC,hash DESC LIMIT 1",
                                     key.key, sizeof key.key));
    return key;
}

void neighbours_verify(struct neighbours *neighbours, int who)
{
    assert_int_equal(terms_find_wrong(neighbours->logs[who].log), 0);
    (void)test_log_verify(&neighbours->logs[who], FOUNDER);
}

void neighbours_verify_all(struct neighbours *neighbours)
{
    for (int i = 1; i <= neighbours->count; i++) {
        neighbours_verify(neighbours, i);
    }
}
