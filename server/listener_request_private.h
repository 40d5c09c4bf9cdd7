/* What the two halves of a request share: listener_request.c takes it in, on a loop of MHD's;
 * listener_work.c has it worked on by the readers, and answers it.
 *
 * Thread: the loop while it is received, then one reader at a time; the lock is the listener's.
 */
#ifndef HEARTHCHAT_SERVER_LISTENER_REQUEST_PRIVATE_H
#define HEARTHCHAT_SERVER_LISTENER_REQUEST_PRIVATE_H

#include "core/buffer.h"
#include "core/readers.h"
#include "protocol/foreign_text.h"
#include "server/http_listener_private.h"
#include "server/listener_phases.h"

/* Lives from the request line to MHD's completion, suspended while it is worked on. */
struct listener_request {
    struct request base; /* first: the one pointer becomes the other */
    struct http_listener *listener;
    struct MHD_Connection *connection;
    struct connection *place; /* among the listener's connections */
    char *target;
    char method[16];
    const struct route *route; /* NULL: none has this path and method */
    const struct route *other; /* … but this one has the path */
    const char *reason;        /* of a refusal, for the log */
    bool begun;
    bool deferred;     /* who calls is known only from the whole */
    bool headers_only; /* nothing else has been read yet */
    bool too_large;
    bool too_much; /* is held for this caller already */
    bool hangs_up; /* instead of an answer */
    struct account_key payer;
    struct account *account; /* NULL: nothing is charged to it yet */
    size_t held_bytes;
    struct buffer body;
    struct foreign_text text; /* … as JSON: paid for until there is an answer */
    void (*released)(void *context);
    void *released_context;
    struct reader_job job;
    struct reply_stream *stream; /* of an answer in pieces; NULL: it is whole */
    struct buffer piece;
    size_t piece_given;
    struct reply unsigned_reply; /* status 0: none. Its bytes are what follows */
    struct buffer unsigned_bytes;

    enum listener_phase phase; /* guarded by the lock, as all that follows */
    bool counted;              /* among the listener's */
    request_step *step;
    void *step_context;
    struct MHD_Response *response;
    int status;
    enum reply_piece piece_made;
};

/* listener_work.c: who pays for the request. False when too much is held for them already. Thread:
 * the one whose the request is. */
struct account *listener_work_account(struct listener_request *request);
bool listener_work_hold(struct listener_request *request, size_t bytes);
void listener_work_let_go(struct listener_request *request);

/* An answer is there, signed or not. */
bool listener_work_is_answered(struct listener_request *request);

/* listener_stream.c: a response that the readers make, a piece when the last one was taken; the
 * reply's bytes are the first. End: MHD is done with it. */
struct MHD_Response *listener_stream_create(struct listener_request *request,
                                            const struct reply *reply);
void listener_stream_end(struct listener_request *request);

/* For struct request: an answer, a further step, the end of this one's time. */
void listener_work_reply(struct request *base, const struct reply *reply);
void listener_work_stream(struct request *base, const struct reply *reply,
                          struct reply_stream *stream);
void listener_work_go_on(struct request *base, request_step *step, void *context);
bool listener_work_is_over(const struct request *base);

/* An answer without a body or a signature, for a connection that is hung up. */
void listener_work_hang_up(struct listener_request *request);

/* Suspends the request and gives it to the readers. False: none is taken on any more, for the
 * listener stops. Thread: the loop. */
bool listener_work_begin(struct listener_request *request, request_step *step);

/* Queues the answer, or has it signed before. Thread: the loop. */
enum MHD_Result listener_work_send(struct listener_request *request);

/* MHD is done with it. Thread: the loop. */
void listener_work_end(struct listener_request *request);

#endif
