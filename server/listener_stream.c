#include <string.h>

#include "server/listener_request_private.h"

/* On a reader: the next piece, and the loop goes on. */
static bool produce(struct reader_job *job)
{
    struct listener_request *request =
        (void *)((char *)job - offsetof(struct listener_request, job));
    struct http_listener *listener = request->listener;
    enum reply_piece made = request->stream->next(request->stream, &request->piece);
    connections_sending(listener->connections, request->place);
    lock_take(listener->lock);
    request->piece_made = made;
    MHD_resume_connection(request->connection);
    if (--listener->pending == 0) {
        lock_wake_all(listener->lock);
    }
    lock_release(listener->lock);
    return true;
}

/* With the lock taken. */
static bool have_produced(struct listener_request *request)
{
    struct http_listener *listener = request->listener;
    if (listener->drained) {
        return false; /* MHD can't be stopped while a connection is suspended */
    }
    listener->pending++;
    connections_handling(listener->connections, request->place);
    MHD_suspend_connection(request->connection);
    request->job.run = produce;
    readers_post(listener->options.readers, &request->job);
    return true;
}

static ssize_t give(void *context, uint64_t position, char *bytes_out, size_t most)
{
    struct listener_request *request = context;
    struct buffer *piece = &request->piece;
    ssize_t given = 0;
    (void)position;
    lock_take(request->listener->lock);
    if (piece->length_bytes > request->piece_given) {
        size_t left = piece->length_bytes - request->piece_given;
        given = (ssize_t)(left < most ? left : most);
        memcpy(bytes_out, piece->data + request->piece_given, (size_t)given);
        request->piece_given += (size_t)given;
    } else if (request->piece_made == REPLY_PIECE_LAST) {
        given = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        buffer_clear(piece);
        request->piece_given = 0;
        given = request->piece_made == REPLY_PIECE_FAILED || !have_produced(request)
                    ? MHD_CONTENT_READER_END_WITH_ERROR
                    : 0;
    }
    lock_release(request->listener->lock);
    return given;
}

struct MHD_Response *listener_stream_create(struct listener_request *request,
                                            const struct reply *reply)
{
    buffer_append(&request->piece, reply->bytes, reply->length_bytes);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, REQUEST_PIECE_BYTES, give, request,
                                             NULL);
}

void listener_stream_end(struct listener_request *request)
{
    if (request->stream != NULL) {
        request->stream->end(request->stream);
        request->stream = NULL;
    }
    buffer_deinit(&request->piece);
}
