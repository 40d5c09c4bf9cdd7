#include "store/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "store/damaged_files.h"
#include "store/event_reader.h"
#include "store/log_keep_aside_private.h"
#include "store/log_wait.h"
#include "store/maintenance.h"
#include "store/page_carver.h"
#include "store/salvage_tables_private.h"
#include "store/stored_text_private.h"
#include "store/work_place_private.h"

enum { BATCH_EVENTS = 1000, MOST_PASSES = 16 };

static const char membership_mark[] = "\"event_type\":\"community.";

/* One source on its way into the log. */
struct salvaging {
    const struct salvage_options *options;
    struct event_log *log;
    struct salvage_report *report;
    bool membership;  /* this pass: who belongs; the next ones: all else */
    bool counts;      /* the first look at each */
    bool keeps_aside; /* the last one, at what was refused until then */
    struct verified_event **batch;
    size_t batch_count;
    int64_t accepted; /* in this pass */
    int64_t refused;  /* in this pass, for now */
    int64_t last_seq;
    int64_t seqs; /* that were read, of those that are known */
    enum result result;
};

static void give_batch(struct salvaging *salvaging)
{
    size_t accepted = 0;
    size_t count = salvaging->batch_count;
    struct verified_event **batch = salvaging->batch;
    salvaging->batch = memory_allocate(BATCH_EVENTS, sizeof(struct verified_event *));
    salvaging->batch_count = 0;
    enum result result =
        salvaging->keeps_aside
            ? log_keep_aside_events(salvaging->log, batch, count, &salvaging->report->aside)
            : log_wait_receive(salvaging->log, batch, count, NULL, &accepted, NULL);
    salvaging->accepted += (int64_t)accepted;
    salvaging->refused += (int64_t)(count - accepted);
    salvaging->report->kept += (int64_t)accepted;
    salvaging->result = salvaging->result == RESULT_OK ? result : salvaging->result;
}

static enum event_refusal read_event(const struct salvaging *salvaging, const char *text,
                                     size_t length_bytes, struct event **event_out)
{
    json_t *json = NULL;
    enum event_refusal refusal = EVENT_BAD;
    struct buffer space;
    buffer_init(&space);
    text = stored_text_whole(text, &length_bytes, &salvaging->options->community_id, &space);
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK) {
        refusal = event_parse(json, &salvaging->options->community_id, event_out);
    }
    json_decref(json);
    buffer_deinit(&space);
    return refusal;
}

static void count_event(struct salvaging *salvaging, int64_t seq, const struct event *event)
{
    if (salvaging->counts) {
        salvaging->report->readable++;
        salvaging->report->own +=
            node_id_equal(&event->author, &salvaging->options->key->node_id) ? 1 : 0;
        salvaging->seqs += seq > 0 ? 1 : 0;
        salvaging->last_seq = seq > salvaging->last_seq ? seq : salvaging->last_seq;
    }
}

static bool is_in_batch(const struct salvaging *salvaging, const struct event *event)
{
    for (size_t i = 0; i < salvaging->batch_count; i++) {
        if (memcmp(event_verified_get(salvaging->batch[i])->hash, event->hash,
                   sizeof event->hash) == 0) {
            return true;
        }
    }
    return false;
}

static void take(void *context, int64_t seq, const char *text, size_t length_bytes)
{
    struct salvaging *salvaging = context;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    if (salvaging->result != RESULT_OK ||
        (strstr(text, membership_mark) != NULL) != salvaging->membership) {
        return;
    }
    enum event_refusal refusal = read_event(salvaging, text, length_bytes, &event);
    if (refusal == EVENT_ACCEPTABLE &&
        (is_in_batch(salvaging, event) || event_reader_holds(salvaging->log, event->hash))) {
        event_destroy(&event);
        return; /* proven before; or it lies there twice */
    }
    if (refusal == EVENT_ACCEPTABLE && event_verify(&event, &verified) == RESULT_OK) {
        count_event(salvaging, seq, event_verified_get(verified));
        salvaging->batch[salvaging->batch_count++] = verified;
        if (salvaging->batch_count == BATCH_EVENTS) {
            give_batch(salvaging);
        }
    } else if (salvaging->counts && seq > 0) {
        salvaging->report->unproven++;
    }
}

static void take_pass(struct salvaging *salvaging, struct page_carver *carver)
{
    salvaging->accepted = 0;
    salvaging->refused = 0;
    page_carver_run(carver, take, salvaging);
    if (salvaging->batch_count > 0) {
        give_batch(salvaging);
    }
}

/* As often as that brings something: an event may lie before what makes its author a member. */
static void take_all(struct salvaging *salvaging, struct page_carver *carver, bool membership)
{
    bool more = true;
    salvaging->membership = membership;
    salvaging->counts = true;
    for (int pass = 0; pass < MOST_PASSES && more && salvaging->result == RESULT_OK; pass++) {
        take_pass(salvaging, carver);
        salvaging->counts = false;
        more = salvaging->accepted > 0 && salvaging->refused > 0;
    }
}

static bool is_founded(struct event_log *log)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool founded = snapshot->membership->name != NULL;
    log_snapshot_release(log, &snapshot);
    return founded;
}

/* What made their authors members is not readable, and comes from the neighbours. */
static void keep_the_rest(struct salvaging *salvaging, struct page_carver *carver)
{
    if (salvaging->refused > 0 && salvaging->result == RESULT_OK && is_founded(salvaging->log)) {
        salvaging->keeps_aside = true;
        take_pass(salvaging, carver);
    }
}

/* What is left of one log. */
struct remains {
    char *path;
    bool is_damaged; /* it was in its place until now */
    bool again;      /* it was read before, without a founding */
};

static enum result take_events(const struct salvage_options *options, struct event_log *log,
                               const struct remains *remains, struct salvage_report *report,
                               struct error *error)
{
    struct page_carver *carver = NULL;
    struct salvaging salvaging = {.options = options, .log = log, .report = report};
    enum result result = page_carver_open(remains->path, &carver, error);
    if (result != RESULT_OK) {
        return result;
    }
    salvaging.batch = memory_allocate(BATCH_EVENTS, sizeof(struct verified_event *));
    take_all(&salvaging, carver, true);
    take_all(&salvaging, carver, false);
    keep_the_rest(&salvaging, carver);
    if (remains->is_damaged && !remains->again && salvaging.last_seq > salvaging.seqs) {
        report->missing = salvaging.last_seq - salvaging.seqs;
    }
    page_carver_close(&carver);
    memory_free(salvaging.batch);
    return salvaging.result == RESULT_OK
               ? RESULT_OK
               : error_set(error, salvaging.result,
                           "The new log can't be written; is there room for one more of its size?");
}

/* Keys came that open what is there already. */
static enum result derive_again(const struct salvage_options *options, const char *directory,
                                struct error *error)
{
    struct event_log *log = NULL;
    const struct event_log_options log_options = {.directory = directory,
                                                  .community_id = options->community_id,
                                                  .key = options->key,
                                                  .clock = options->clock,
                                                  .synchronous = true};
    enum result result = event_log_open(&log_options, &log, error);
    event_log_close(&log);
    return result;
}

/* Into the log in `directory`. It answers no message before it has caught up: its own old answers
 * may be among what is missing. */
static enum result fill(const struct salvage_options *options, const struct remains *remains,
                        const char *directory, struct salvage_report *report, struct error *error)
{
    struct event_log *log = NULL;
    struct event_log_options log_options = {.directory = directory,
                                            .community_id = options->community_id,
                                            .key = options->key,
                                            .clock = options->clock,
                                            .synchronous = true,
                                            .has_a_life = true,
                                            .answers_messages = options->answers_messages};
    enum result result = event_log_open(&log_options, &log, error);
    if (result == RESULT_OK) {
        result = log_caught_up_await(log);
    }
    if (result == RESULT_OK) {
        result = take_events(options, log, remains, report, error);
        report->has_log = is_founded(log);
    }
    event_log_close(&log);
    if (result == RESULT_OK && report->has_log) {
        char *to = memory_format("%s/events.sqlite", directory);
        result = salvage_tables_copy(remains->path, to, remains->is_damaged, report->lost,
                                     sizeof report->lost, error);
        memory_free(to);
    }
    return result == RESULT_OK && report->has_log ? derive_again(options, directory, error)
                                                  : result;
}

bool salvage_finds_any(const char *directory)
{
    struct damaged_files files;
    damaged_files_list(directory, &files);
    bool any = files.count > 0;
    damaged_files_deinit(&files);
    return any;
}

struct author_look {
    char begin[NODE_ID_TEXT_BYTES + 16];
    bool found;
};

static void look_for_author(void *context, int64_t seq, const char *text, size_t length_bytes)
{
    struct author_look *look = context;
    (void)seq;
    (void)length_bytes;
    look->found = look->found || strncmp(text, look->begin, strlen(look->begin)) == 0;
}

/* Whether the node that the log says it is of wrote any of it: what is no other node's, and not
 * ours either, is damaged. */
static bool is_anothers(const struct salvage_options *options, const char *path)
{
    struct author_look look = {.found = false};
    struct page_carver *carver = NULL;
    char owner_text[NODE_ID_TEXT_BYTES] = "";
    struct node_id owner;
    salvage_tables_read_owner(path, owner_text);
    if (node_id_parse(owner_text, &owner) == RESULT_OK &&
        !node_id_equal(&owner, &options->key->node_id) &&
        page_carver_open(path, &carver, NULL) == RESULT_OK) {
        (void)snprintf(look.begin, sizeof look.begin, "{\"author\":\"%s\"", owner_text);
        page_carver_run(carver, look_for_author, &look);
        page_carver_close(&carver);
    }
    return look.found;
}

enum result salvage_check(const struct salvage_options *options, bool *whole_out,
                          struct error *error)
{
    struct maintenance_report report;
    char *path = memory_format("%s/events.sqlite", options->directory);
    *whole_out = false;
    if (access(path, F_OK) != 0) {
        memory_free(path);
        return RESULT_NOT_FOUND;
    }
    enum result result = maintenance_verify(options->directory, &options->community_id,
                                            options->key, options->clock, &report, error);
    if (result == RESULT_MISMATCH && !is_anothers(options, path)) {
        result = RESULT_IO;
    }
    memory_free(path);
    if (result == RESULT_UNSUPPORTED || result == RESULT_MISMATCH || result == RESULT_FULL) {
        return result;
    }
    *whole_out =
        result == RESULT_OK && report.damaged == 0 && report.database_is_sound && report.events > 0;
    return RESULT_OK;
}

static bool move(const char *from_directory, const char *from, const char *to_directory,
                 const char *to)
{
    char *old_path = memory_format("%s/%s", from_directory, from);
    char *new_path = memory_format("%s/%s", to_directory, to);
    bool moved = rename(old_path, new_path) == 0 || errno == ENOENT;
    memory_free(old_path);
    memory_free(new_path);
    return moved;
}

/* The log that is in its place, if it is `damaged`, and everything that was set aside before. */
static struct remains *list_remains(const char *directory, bool damaged, size_t *count_out)
{
    struct damaged_files files;
    size_t count = 0;
    damaged_files_list(directory, &files);
    struct remains *list = memory_allocate(files.count + 1, sizeof *list);
    if (damaged) {
        list[count++].path = memory_format("%s/events.sqlite", directory);
        list[0].is_damaged = true;
    }
    for (size_t i = 0; i < files.count; i++) {
        list[count++].path = memory_format("%s/%s", directory, files.names[i]);
    }
    damaged_files_deinit(&files);
    *count_out = count;
    return list;
}

static void forget_remains(struct remains *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!list[i].is_damaged) {
            char *shared = memory_format("%s-shm", list[i].path);
            (void)unlink(shared); /* SQLite made it */
            memory_free(shared);
        }
        memory_free(list[i].path);
    }
    memory_free(list);
}

/* Nothing of what these hold could be taken when they were read first. */
static enum result fill_again(const struct salvage_options *options, struct remains *list,
                              size_t count, const char *directory, struct salvage_report *report,
                              struct error *error)
{
    enum result result = RESULT_OK;
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        list[i].again = true;
        result = fill(options, &list[i], directory, report, error);
    }
    return result;
}

static enum result fill_from_all(const struct salvage_options *options, bool damaged,
                                 const char *directory, struct salvage_report *report,
                                 struct error *error)
{
    size_t count = 0;
    size_t unfounded = 0; /* the first ones, which don't tell that the community was founded */
    struct salvage_report of_unfounded = {.readable = 0};
    enum result result = RESULT_OK;
    struct remains *list = list_remains(options->directory, damaged, &count);
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        result = fill(options, &list[i], directory, report, error);
        if (!report->has_log) {
            unfounded = i + 1;
            of_unfounded = *report;
        }
    }
    if (report->has_log && result == RESULT_OK) {
        report->readable -= of_unfounded.readable;
        report->own -= of_unfounded.own;
        report->unproven -= of_unfounded.unproven;
        result = fill_again(options, list, unfounded, directory, report, error);
    }
    forget_remains(list, count);
    return result;
}

static enum result replace(const struct salvage_options *options, const char *place, bool there,
                           struct salvage_report *report, struct error *error)
{
    enum result result = RESULT_OK;
    if (there) {
        result =
            damaged_files_set_aside(options->directory, options->clock, report->set_aside, error);
    }
    if (result == RESULT_OK && report->has_log &&
        !(move(place, "events.sqlite-wal", options->directory, "events.sqlite-wal") &&
          move(place, "events.sqlite", options->directory, "events.sqlite"))) {
        result = error_set(error, RESULT_IO, "The new log can't be put in its place: %s.",
                           strerrordesc_np(errno));
    }
    return result;
}

enum result salvage_run(const struct salvage_options *options, bool whole,
                        struct salvage_report *report_out, struct error *error)
{
    bool there = damaged_files_is_any_in_place(options->directory);
    *report_out = (struct salvage_report){.has_log = whole};
    if (whole) {
        return fill_from_all(options, false, options->directory, report_out, error);
    }
    char *place = work_place_make(options->directory, "repair", error);
    if (place == NULL) {
        return RESULT_IO;
    }
    enum result result = fill_from_all(options, there, place, report_out, error);
    if (result == RESULT_OK) {
        result = replace(options, place, there, report_out, error);
    }
    work_place_remove(place);
    memory_free(place);
    return result;
}
