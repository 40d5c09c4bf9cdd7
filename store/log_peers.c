#include "store/log_peers.h"

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
    peers->job = (struct writer_job){.run = run_save_peers, .done = forget_save_peers};
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

struct addresses_job {
    struct writer_job job;
    struct node_id peer;
    size_t count;
    struct peer_address addresses[];
};

static void run_save_addresses(struct writer_job *job, struct event_log *log)
{
    struct addresses_job *saving = (struct addresses_job *)job;
    database_run(&log->database, "DELETE FROM addresses WHERE node=?1", "b", saving->peer.key,
                 NODE_ID_BYTES);
    for (size_t i = 0; i < saving->count; i++) {
        const struct peer_address *address = &saving->addresses[i];
        database_run(&log->database,
                     "INSERT OR REPLACE INTO addresses(node,host,port,source,last_success,place)"
                     " VALUES(?1,?2,?3,?4,?5,?6)",
                     "btitii", saving->peer.key, NODE_ID_BYTES, address->endpoint.host,
                     (int64_t)address->endpoint.port, address->source, address->last_success,
                     (int64_t)i);
    }
}

enum result log_peers_save_addresses(struct event_log *log, const struct node_id *peer,
                                     const struct peer_address *addresses, size_t count)
{
    struct addresses_job *saving = memory_allocate(1, sizeof *saving + count * sizeof *addresses);
    saving->job = (struct writer_job){.run = run_save_addresses, .done = forget_save_peers};
    saving->peer = *peer;
    saving->count = count;
    if (count > 0) {
        memcpy(saving->addresses, addresses, count * sizeof *addresses);
    }
    enum result result = log_writer_submit(log, &saving->job);
    if (result != RESULT_OK) {
        memory_free(saving);
    }
    return result;
}
