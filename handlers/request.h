/* One request and its one answer, without sockets: what a handler sees of a listener.
 *
 * Thread: a handler is called on a reader's thread; the answer may be given then or later, from
 * any thread, exactly once. A request is gone once it is answered, and what called go_on() is over.
 */
#ifndef HEARTHCHAT_HANDLERS_REQUEST_H
#define HEARTHCHAT_HANDLERS_REQUEST_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "handlers/caller.h"
#include "handlers/wire_code.h"

struct reply {
    int status;
    const char *content_type;
    const char *content_encoding; /* NULL: none */
    const void *bytes;            /* borrowed for the call … */
    size_t length_bytes;
    struct buffer *whole;   /* … or they are in this, which may be taken, with
                             * REQUEST_SIGNATURE_ROOM_BYTES around them; NULL: they are not */
    bool canonical;         /* the bytes are canonical JSON. Listeners sign them (§10) */
    bool uncounted;         /* the call brought news: it is none of those that are limited (§16) */
    int64_t retry_after_ms; /* 0: none */
    const char *error;      /* the code of a refusal, for the log; NULL: it is none */
    const char *message;    /* its sentence */
};

/* An answer that is long, in pieces: whoever reads slowly has no more than one of them wait here.
 */
#define REQUEST_PIECE_BYTES 65536
enum reply_piece { REPLY_PIECE, REPLY_PIECE_LAST, REPLY_PIECE_FAILED };
struct reply_stream {
    /* Appends the next one, of about REQUEST_PIECE_BYTES, or all that is made already. Thread: a
     * reader's. */
    enum reply_piece (*next)(struct reply_stream *stream, struct buffer *piece);
    /* Once, whatever came of it; the stream is gone behind this. */
    void (*end)(struct reply_stream *stream);
};

struct request;
typedef void request_step(struct request *request, void *context);

struct request {
    /* UTF-8; NULL: absent */
    const char *(*query)(const struct request *request, const char *name);
    const char *(*header)(const struct request *request, const char *name); /* NULL: absent */
    void (*reply)(struct request *request, const struct reply *reply);
    /* The same; the reply's bytes are the first piece. */
    void (*stream)(struct request *request, const struct reply *reply, struct reply_stream *stream);
    /* Has `step` called on a reader's thread, when it is this caller's turn: for callbacks on
     * threads that have others to serve. One step at a time: who called it leaves the request alone
     * until then. Thread: any. */
    void (*go_on)(struct request *request, request_step *step, void *context);
    /* Whether this step has worked for as long as others should wait for it: the rest is for
     * another one. Thread: the step's. */
    bool (*is_over)(const struct request *request);
    const struct clock *clock;
    int64_t started_ms; /* monotonic */
    struct caller caller;
    const char *path;
    json_t *body;      /* the request's JSON, until the handler returns (or took it, leaving NULL);
                        * NULL: none was sent */
    const void *bytes; /* a body that is no JSON (application/octet-stream) */
    size_t bytes_count;
    atomic_size_t *counted; /* calls in flight, this one among them until it is answered. Or NULL */
};

/* The JSON as it is. Consumes it. */
void request_reply_json(struct request *request, int status, json_t *json);

/* Status 200 with text that is canonical JSON already; `news`: to a call that need not count. */
void request_reply_canonical(struct request *request, const char *text, size_t length_bytes);
void request_reply_to_news(struct request *request, const char *text, size_t length_bytes,
                           bool news);

/* The same with a long one, which nobody copies: `whole`, which is emptied, begins with
 * REQUEST_SIGNATURE_ROOM_BYTES that are nobody's. */
void request_reply_whole(struct request *request, struct buffer *whole);

/* Status 200 with canonical JSON in pieces, which no signature goes with. A failure of the first
 * is answered with internal_error and that message; of another one, by hanging up. Consumes the
 * stream. */
void request_reply_stream(struct request *request, struct reply_stream *stream,
                          const char *message);

/* {"output":…,"meta":{"ms":…}}. Consumes the output. */
void request_reply_output(struct request *request, json_t *output);

void request_reply_error(struct request *request, enum wire_code code, const char *message);

/* The same with a status of HTTP's own, as bad_request (§16): 405, 411, 413, 415. */
void request_reply_http_error(struct request *request, int status, const char *message);

/* The same as schema_mismatch, with the hash of the schema that is expected. */
void request_reply_schema_mismatch(struct request *request, const char *message,
                                   const char *schema_hash);

/* The same, with when to try again; 0: as usual (a second for 429, else never). */
void request_reply_later(struct request *request, enum wire_code code, const char *message,
                         int64_t retry_after_ms);

/* Bytes of another type. */
void request_reply_bytes(struct request *request, const char *content_type, const void *bytes,
                         size_t length_bytes);

/* A query parameter that is an integer; `otherwise` when absent. False (and answered with
 * bad_request) when it is something else. */
bool request_query_integer(struct request *request, const char *name, int64_t otherwise,
                           int64_t *integer_out);

#endif
