/* The shipped gossip of one node with a real log, on a clock and a transport of the test's: what it
 * asks of its peers waits here until the test answers for them.
 *
 * Thread: the test's. The node is 1, the founder; its peers are 2, 3 … (see test_key).
 */
#ifndef HEARTHCHAT_TESTS_SCRIPTED_PEERS_H
#define HEARTHCHAT_TESTS_SCRIPTED_PEERS_H

#include "core/readers.h"
#include "gossip/gossip.h"
#include "support/test_support.h"

enum { SCRIPTED_MOST_REQUESTS = 64 };

/* What the node asks and nobody has answered yet. */
struct scripted_request {
    bool waiting;
    uint8_t peer; /* 0: whose key it takes is not said */
    char *url;
    struct buffer body;
    size_t most_answer_bytes;
    struct account *account; /* NULL: nobody pays for the answer */
    int64_t took_ms;         /* the test's: how long its answer takes … */
    bool uncounted;          /* … and that it says so of the call */
    http_client_done *done;
    void *context;
};

struct scripted_peers {
    struct test_log log;
    struct gossip *gossip;
    struct account_table *accounts;
    uint8_t peers; /* the last of them */
    int64_t now_ms;
    int64_t wake_at_ms; /* when gossip wants to be called again */
    struct clock clock;
    struct gossip_transport transport;
    struct scripted_request requests[SCRIPTED_MOST_REQUESTS];
    unsigned asked; /* requests so far */
    bool hurried;   /* the test's: nobody waits for the readers */
};

void scripted_peers_open(struct scripted_peers *scripted, uint8_t peers);

/* The same with readers (the test's, which stops them behind gossip): what is slow is done by them
 * meanwhile. */
void scripted_peers_open_with(struct scripted_peers *scripted, uint8_t peers,
                              struct readers *own_readers, struct readers *peer_readers);
void scripted_peers_close(struct scripted_peers *scripted);

/* Waits for what the readers do for gossip, and for all that follows from it at once, unless it is
 * `hurried`. */
void scripted_peers_settle(struct scripted_peers *scripted);

/* Lets time pass until then, as far as gossip wants to be called. */
void scripted_peers_run(struct scripted_peers *scripted, int64_t until_ms);

/* The request to that peer and path that waits, or NULL. */
struct scripted_request *scripted_peers_find(struct scripted_peers *scripted, uint8_t peer,
                                             const char *path);

/* The same, after as much time as it takes, up to a minute; fails the test when there is none. */
struct scripted_request *scripted_peers_await(struct scripted_peers *scripted, uint8_t peer,
                                              const char *path);

/* The peer answers with 200, or with another status; or it can't be reached. */
void scripted_peers_answer(struct scripted_peers *scripted, struct scripted_request *request,
                           const void *bytes, size_t length_bytes);
void scripted_peers_refuse(struct scripted_peers *scripted, struct scripted_request *request,
                           long status, const char *text);
void scripted_peers_fail(struct scripted_peers *scripted, struct scripted_request *request);

/* Its answer is larger than may be. */
/* The node had no room for its answer. */
void scripted_peers_crowd(struct scripted_peers *scripted, struct scripted_request *request);
void scripted_peers_overflow(struct scripted_peers *scripted, struct scripted_request *request);

/* The connection breaks, after so much of the answer. */
void scripted_peers_break_off(struct scripted_peers *scripted, struct scripted_request *request,
                              const void *bytes, size_t length_bytes);

/* The same, but nothing moves any more. */
void scripted_peers_stall(struct scripted_peers *scripted, struct scripted_request *request,
                          const void *bytes, size_t length_bytes);

/* A comparison's answer of somebody who has these events, above all of ours, and lacks none. */
void scripted_peers_claim(struct scripted_peers *scripted, struct scripted_request *request,
                          const void *hashes, size_t count);

/* A comparison's answer of somebody who has nothing at all. */
void scripted_peers_lack(struct scripted_peers *scripted, struct scripted_request *request);

/* The texts (the events' own) as the answer to a fetch. */
void scripted_peers_deliver(struct scripted_peers *scripted, struct scripted_request *request,
                            const char *const *texts, size_t count);

/* A message of the third of them, number 3, to that node, with the id of that number: its text,
 * which the caller frees, and its hash. */
char *scripted_peers_message(uint8_t recipient, unsigned number,
                             uint8_t hash_out[static BLAKE3_HASH_BYTES]);

/* How many times the text occurs. */
size_t scripted_peers_count(const struct scripted_request *request, const char *text);

#endif
