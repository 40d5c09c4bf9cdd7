#include "store/founding.h"

#include "core/memory.h"
#include "core/thread.h"
#include "store/data_directory.h"

struct meeting {
    struct lock *lock;
    bool over;
    struct append_answer answer;
};

static void on_appended(void *context, const struct append_answer *answer)
{
    struct meeting *meeting = context;
    lock_take(meeting->lock);
    meeting->answer = *answer;
    meeting->over = true;
    lock_wake_all(meeting->lock);
    lock_release(meeting->lock);
}

static enum result append_created(struct event_log *log, const struct signing_key *key,
                                  const char *name, const struct policy *policy,
                                  struct error *error)
{
    struct meeting meeting = {.lock = lock_create()};
    struct event_draft draft = event_draft_created(name, &key->node_id, policy);
    enum result result = event_log_append(log, &draft, on_appended, &meeting);
    if (result == RESULT_OK) {
        lock_take(meeting.lock);
        while (!meeting.over) {
            (void)lock_wait(meeting.lock, -1);
        }
        lock_release(meeting.lock);
        result = meeting.answer.result;
        *error = meeting.answer.error;
    }
    lock_destroy(&meeting.lock);
    return result;
}

enum result founding_run(const char *data_directory, const struct signing_key *key,
                         const struct clock *clock, const char *name, const struct policy *policy,
                         struct error *error)
{
    struct node_id existing;
    struct event_log *log = NULL;
    if (data_directory_find_community(data_directory, &existing) == RESULT_OK) {
        return error_set(error, RESULT_EXISTS, "This node is in a community already.");
    }
    data_directory_discard_joining(data_directory);
    char *path = data_directory_joining_path(data_directory);
    struct event_log_options options = {
        .directory = path, .community_id = key->node_id, .key = key, .clock = clock};
    enum result result = event_log_open(&options, &log, error);
    if (result == RESULT_OK) {
        result = append_created(log, key, name, policy, error);
    }
    event_log_close(&log);
    if (result == RESULT_OK) {
        result = data_directory_adopt_joining(data_directory, &key->node_id, error);
    }
    data_directory_discard_joining(data_directory);
    memory_free(path);
    return result;
}
