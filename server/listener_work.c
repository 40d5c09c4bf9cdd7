#include <stdio.h>

#include "core/limits.h"
#include "core/memory.h"
#include "core/thread.h"
#include "server/listener_request_private.h"
#include "server/request_head.h"

struct account *listener_work_account(struct listener_request *request)
{
    if (request->account == NULL) {
        request->account = account_open(request->listener->options.accounts, &request->payer);
    }
    return request->account;
}

bool listener_work_hold(struct listener_request *request, size_t bytes)
{
    bool held = account_charge(listener_work_account(request), ACCOUNT_BYTES, bytes);
    request->held_bytes += held ? bytes : 0;
    return held;
}

void listener_work_let_go(struct listener_request *request)
{
    if (request->account != NULL) {
        account_give_back(request->account, ACCOUNT_BYTES, request->held_bytes);
        request->held_bytes = 0;
    }
}

static void free_text(void *text)
{
    memory_free(text);
}

static struct MHD_Response *make_of_bytes(const struct reply *reply)
{
    void *bytes = (void *)(uintptr_t)reply->bytes;
    if (reply->whole == NULL) {
        return MHD_create_response_from_buffer(reply->length_bytes, bytes, MHD_RESPMEM_MUST_COPY);
    }
    return MHD_create_response_from_buffer_with_free_callback_cls(
        reply->length_bytes, bytes, free_text, buffer_take(reply->whole));
}

static struct MHD_Response *make_response(struct listener_request *request,
                                          const struct reply *reply, bool sign)
{
    char seconds[32];
    const struct http_listener_options *options = &request->listener->options;
    struct MHD_Response *response =
        request->stream != NULL ? listener_stream_create(request, reply) : make_of_bytes(reply);
    if (reply->content_type != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", reply->content_type);
    }
    if (reply->content_encoding != NULL) {
        (void)MHD_add_response_header(response, "Content-Encoding", reply->content_encoding);
    }
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->status == 405 && request->other != NULL) {
        (void)MHD_add_response_header(response, "Allow", request->other->method);
    }
    if (reply->retry_after_ms > 0) {
        (void)snprintf(seconds, sizeof seconds, "%lld",
                       (long long)((reply->retry_after_ms + 999) / 1000));
        (void)MHD_add_response_header(response, "Retry-After", seconds);
    }
    if (options->decorate != NULL) {
        options->decorate(options->context, request, response, reply);
    }
    if (sign) {
        options->sign(options->context, request, response, reply);
    }
    return response;
}

/* With the lock taken, which is given back: MHD's thread is not to run into it. The request is
 * MHD's from the resumption on. */
static void finish(struct listener_request *request)
{
    struct http_listener *listener = request->listener;
    lock_release(listener->lock);
    foreign_text_close(&request->text);
    MHD_resume_connection(request->connection);
    lock_take(listener->lock);
    if (--listener->pending == 0) {
        lock_wake_all(listener->lock);
    }
    lock_release(listener->lock);
}

static void respond(struct listener_request *request, const struct reply *reply, bool sign)
{
    struct MHD_Response *response = make_response(request, reply, sign);
    struct http_listener *listener = request->listener;
    connections_sending(listener->connections, request->place);
    lock_take(listener->lock);
    request->response = response;
    request->status = reply->status;
    listener_phases_follow(&request->phase, LISTENER_ANSWERS);
    if (request->phase == LISTENER_ANSWERED) {
        finish(request);
    } else {
        lock_release(listener->lock);
    }
}

static void respond_signed(struct request *base, void *context)
{
    struct listener_request *request = (struct listener_request *)base;
    (void)context;
    respond(request, &request->unsigned_reply, true);
}

/* A loop makes no signature: a reader does, of a copy. */
static void keep_unsigned(struct listener_request *request, const struct reply *reply)
{
    buffer_append(&request->unsigned_bytes, reply->bytes, reply->length_bytes);
    request->unsigned_reply = (struct reply){.status = reply->status,
                                             .content_type = reply->content_type,
                                             .bytes = request->unsigned_bytes.data,
                                             .length_bytes = reply->length_bytes,
                                             .canonical = true,
                                             .uncounted = reply->uncounted,
                                             .retry_after_ms = reply->retry_after_ms};
}

void listener_work_reply(struct request *base, const struct reply *reply)
{
    struct listener_request *request = (struct listener_request *)base;
    const struct http_listener_options *options = &request->listener->options;
    if (options->holds_answers && reply->length_bytes > LIMITS_SMALL_ANSWER_BYTES) {
        if (!listener_work_hold(request, reply->length_bytes)) {
            request_reply_error(base, WIRE_CAPACITY_EXCEEDED,
                                "Too many answers are on their way to you; read those first.");
            return;
        }
    }
    if (reply->error != NULL && options->refused != NULL) {
        options->refused(options->context, request, reply,
                         request->reason != NULL ? request->reason : reply->message);
    }
    bool sign = options->sign != NULL && reply->canonical && base->caller.identified;
    if (!sign || thread_may(THREAD_SIGNS)) {
        respond(request, reply, sign);
        return;
    }
    keep_unsigned(request, reply);
    if (request->counted) {
        listener_work_go_on(base, respond_signed, NULL);
    }
}

void listener_work_stream(struct request *base, const struct reply *reply,
                          struct reply_stream *stream)
{
    struct listener_request *request = (struct listener_request *)base;
    request->stream = stream;
    respond(request, reply, false);
}

void listener_work_hang_up(struct listener_request *request)
{
    const struct reply none = {.status = 400};
    request->hangs_up = true;
    respond(request, &none, false);
}

static bool run(struct reader_job *job)
{
    struct listener_request *request =
        (void *)((char *)job - offsetof(struct listener_request, job));
    struct lock *lock = request->listener->lock;
    lock_take(lock);
    request_step *step = request->step;
    void *context = request->step_context;
    lock_release(lock);
    step(&request->base, context);
    lock_take(lock);
    listener_phases_follow(&request->phase, LISTENER_RETURNS);
    bool again = request->phase == LISTENER_WORKING;
    if (request->phase == LISTENER_ANSWERED) {
        finish(request);
    } else {
        lock_release(lock);
    }
    return !again;
}

void listener_work_go_on(struct request *base, request_step *step, void *context)
{
    struct listener_request *request = (struct listener_request *)base;
    struct http_listener *listener = request->listener;
    lock_take(listener->lock);
    listener_phases_follow(&request->phase, LISTENER_GOES_ON);
    bool waited = request->phase == LISTENER_WORKING;
    request->step = step;
    request->step_context = context;
    request->job.is_long = false; /* its body is read */
    lock_release(listener->lock);
    if (waited) {
        readers_post(listener->options.readers, &request->job);
    }
}

bool listener_work_is_over(const struct request *base)
{
    const struct listener_request *request = (const struct listener_request *)base;
    return readers_is_over(&request->job);
}

/* A caller; of the owner's, who is one, a connection: a script does not keep the tab waiting. */
static uint32_t payer_of(const struct listener_request *request)
{
    const struct http_listener_options *options = &request->listener->options;
    return options->from_anywhere ? account_table_hash(options->accounts, &request->payer)
                                  : (uint32_t)((uintptr_t)request->place >> 4);
}

bool listener_work_begin(struct listener_request *request, request_step *step)
{
    struct http_listener *listener = request->listener;
    lock_take(listener->lock);
    /* None is taken on once the drain began: MHD can't be stopped while one is suspended. */
    request->counted = !listener->quiesced;
    if (request->counted) {
        listener->pending++;
        listener->unsent++;
        listener_phases_follow(&request->phase, LISTENER_BEGINS);
        request->step = step;
        MHD_suspend_connection(request->connection);
    }
    lock_release(listener->lock);
    if (request->counted) {
        request->job.run = run;
        request->job.payer = payer_of(request);
        request->job.goes_first = request->base.caller.is_tab;
        request->job.is_long = request->body.length_bytes > LIMITS_LONG_BODY_BYTES;
        readers_post(listener->options.readers, &request->job);
    }
    return request->counted;
}

bool listener_work_is_answered(struct listener_request *request)
{
    lock_take(request->listener->lock);
    bool answered = request->response != NULL || request->unsigned_reply.status != 0;
    lock_release(request->listener->lock);
    return answered;
}

enum MHD_Result listener_work_send(struct listener_request *request)
{
    if (request->headers_only && !request_head_announces_body(request->connection)) {
        return MHD_YES; /* MHD calls once more */
    }
    if (request->response == NULL) {
        if (listener_work_begin(request, respond_signed)) {
            return MHD_YES;
        }
        respond(request, &request->unsigned_reply, false);
    }
    return request->hangs_up ? MHD_NO
                             : MHD_queue_response(request->connection, (unsigned)request->status,
                                                  request->response);
}

void listener_work_end(struct listener_request *request)
{
    struct http_listener *listener = request->listener;
    lock_take(listener->lock);
    if (request->counted && --listener->unsent == 0) {
        lock_wake_all(listener->lock);
    }
    lock_release(listener->lock);
    if (request->response != NULL) {
        MHD_destroy_response(request->response);
    }
    listener_stream_end(request);
    buffer_deinit(&request->unsigned_bytes);
}
