#include "store/founding.h"

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/log_wait.h"

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
        struct append_answer answer;
        struct event_draft draft = event_draft_created(name, &key->node_id, policy);
        result = log_wait_append(log, &draft, &answer);
        *error = answer.error;
    }
    event_log_close(&log);
    if (result == RESULT_OK) {
        result = data_directory_adopt_joining(data_directory, &key->node_id, clock, error);
    }
    data_directory_discard_joining(data_directory);
    memory_free(path);
    return result;
}
