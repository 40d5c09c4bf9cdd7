#include <string.h>

#include "core/memory.h"
#include "store/log_writer_private.h"

struct peers_job {
    struct writer_job job;
    size_t count;
    struct peer_record records[];
};

static void run_save_peers(struct writer_job *job, struct event_log *log)
{
    struct peers_job *peers = (struct peers_job *)job;
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer_record *record = &peers->records[i];
        database_run(&log->database,
                     "INSERT OR REPLACE INTO peers(node_id,cursor,last_seen) VALUES(?1,?2,?3)",
                     "bii", record->node_id.key, NODE_ID_BYTES, record->cursor, record->last_seen);
    }
}

static void forget_save_peers(struct writer_job *job, struct event_log *log, enum result commit)
{
    (void)log;
    (void)commit;
    memory_free(job);
}

enum result log_peers_save(struct event_log *log, const struct peer_record *records, size_t count)
{
    struct peers_job *peers = memory_allocate(1, sizeof *peers + count * sizeof *records);
    peers->job = (struct writer_job){run_save_peers, forget_save_peers};
    peers->count = count;
    if (count > 0) {
        memcpy(peers->records, records, count * sizeof *records);
    }
    enum result result = log_writer_submit(log, &peers->job);
    if (result != RESULT_OK) {
        memory_free(peers);
    }
    return result;
}
