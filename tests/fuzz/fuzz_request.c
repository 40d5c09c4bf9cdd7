/* Whatever is sent to a listener is answered in HTTP, with the status of its error code, without an
 * internal error and without a word about the insides; who does not name the node is told nothing.
 *
 * The first byte says how the rest is sent: L raw to the local listener, P raw to the peer
 * listener, l and p as "METHOD TARGET\nBODY" with the headers that a request needs, p signed by a
 * member. The port 7860 in raw bytes stands for the listener's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "handlers/wire_code.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "protocol/request_signature.h"
#include "protocol/ulid.h"
#include "protocol/wall_clock.h"
#include "support/live_node.h"
#include "support/test_support.h"

static bool has_status_of(const char *code, long status)
{
    for (int i = 0; i <= WIRE_WRONG_COMMUNITY; i++) {
        if (strcmp(wire_code_name((enum wire_code)i), code) == 0 &&
            wire_code_status((enum wire_code)i) == status) {
            return true;
        }
    }
    bool of_http = status == 405 || status == 411 || status == 413 || status == 415 ||
                   status == 426 || status == 431;
    return of_http && strcmp(code, "bad_request") == 0;
}

static void check_body(const char *body, size_t length, long status)
{
    json_t *json = NULL;
    const char *code = NULL;
    const char *message = NULL;
    struct error error = {""};
    FUZZ_ASSERT(canonical_parse(body, length, CANONICAL_MOST_NESTING_REQUEST, &json, &error) ==
                RESULT_OK);
    if (status != 200) {
        FUZZ_ASSERT(json_members_string(json, "error", &code, NULL));
        FUZZ_ASSERT(json_members_string(json, "message", &message, NULL));
        FUZZ_ASSERT(has_status_of(code, status));
        FUZZ_ASSERT(message[0] != '\0' && strstr(message, TEST_DIRECTORY) == NULL &&
                    strcasestr(message, "sql") == NULL);
    }
    json_decref(json);
}

/* One answer after the other, for requests may be pipelined. */
static void check_answers(const char *text, size_t length, bool named)
{
    const char *end = text + length;
    while (text < end && strncmp(text, "HTTP/1.1 100 ", 13) != 0) {
        const char *blank = strstr(text, "\r\n\r\n");
        FUZZ_ASSERT(strncmp(text, "HTTP/1.1 ", 9) == 0 || strncmp(text, "HTTP/1.0 ", 9) == 0);
        FUZZ_ASSERT(blank != NULL);
        long status = strtol(text + 9, NULL, 10);
        FUZZ_ASSERT(status >= 200 && status < 600 && status != 500);
        FUZZ_ASSERT(named || status != 200);
        char *head = memory_duplicate(text, (size_t)(blank - text));
        const char *said = strcasestr(head, "\r\nContent-Length: ");
        bool json = strcasestr(head, "\r\nContent-Type: application/json") != NULL;
        size_t body = said == NULL ? 0 : (size_t)strtoul(said + 18, NULL, 10);
        memory_free(head);
        text = blank + 4;
        /* An answer to HEAD says a length and has no body. */
        size_t left = (size_t)(end - text);
        body = strncmp(text, "HTTP/1.", 7) == 0 ? 0 : body;
        if (json && body > 0 && body <= left) {
            check_body(text, body, status);
        }
        text += body < left ? body : left;
    }
}

static void sign(const struct live_node *node, struct buffer *request, const char *target,
                 const json_t *body)
{
    static unsigned counter;
    char from[NODE_ID_TEXT_BYTES];
    char id[ULID_TEXT_BYTES];
    char timestamp[WALL_CLOCK_TEXT_BYTES];
    char text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    struct buffer canonical;
    (void)snprintf(id, sizeof id, "01%024u", ++counter);
    node_id_format(&node->key->node_id, from);
    wall_clock_format(live_node_wall_seconds(), timestamp);
    struct request_envelope envelope = {.capability = target,
                                        .version = "1.0",
                                        .request_id = id,
                                        .from = from,
                                        .community = from,
                                        .timestamp = timestamp};
    buffer_init(&canonical);
    if (request_signature_canonical(&envelope, body, &canonical) == RESULT_OK) {
        signing_sign(node->key, canonical.data, canonical.length_bytes, &signature);
        signing_format_signature(&signature, text);
        buffer_append_format(request,
                             "X-HearthNet-Capability: %s\r\nX-HearthNet-Capability-Version: "
                             "1.0\r\nX-HearthNet-Request-Id: %s\r\nX-HearthNet-From: "
                             "%s\r\nX-HearthNet-Community: %s\r\nX-HearthNet-Timestamp: "
                             "%s\r\nX-HearthNet-Signature: %s\r\n",
                             target, id, from, from, timestamp, text);
    }
    buffer_deinit(&canonical);
}

/* "METHOD TARGET\nBODY" as a whole request. False: it is none. */
static bool compose(const struct live_node *node, const char *text, size_t length, bool to_peer,
                    struct buffer *request)
{
    const char *newline = memchr(text, '\n', length);
    const char *space = memchr(text, ' ', length);
    if (newline == NULL || space == NULL || space > newline) {
        return false;
    }
    const char *body = newline + 1;
    size_t body_bytes = length - (size_t)(body - text);
    char *target = memory_duplicate(space + 1, (size_t)(newline - space - 1));
    json_t *json = NULL;
    bool parsed =
        canonical_parse(body, body_bytes, CANONICAL_MOST_NESTING_REQUEST, &json, NULL) == RESULT_OK;
    buffer_append(request, text, (size_t)(newline - text));
    buffer_append_format(request, " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n",
                         (unsigned)(to_peer ? node->peer_port : node->local_port));
    if (to_peer && (parsed || body_bytes == 0)) {
        sign(node, request, target, json);
    }
    if (body_bytes > 0) {
        buffer_append_format(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                             body_bytes);
    }
    buffer_append_text(request, "Connection: close\r\n\r\n");
    buffer_append(request, body, body_bytes);
    json_decref(json);
    memory_free(target);
    return true;
}

/* What names the usual port means the node's. */
static void append_with_port(struct buffer *request, const char *text, size_t length,
                             const char *port)
{
    static const char usual[] = ":7860";
    const char *at = NULL;
    while ((at = memmem(text, length, usual, sizeof usual - 1)) != NULL) {
        size_t before = (size_t)(at - text);
        buffer_append(request, text, before);
        buffer_append_text(request, port);
        text += before + sizeof usual - 1;
        length -= before + sizeof usual - 1;
    }
    buffer_append(request, text, length);
}

/* Waiting for what comes is another target's, and would hold this one up. And an error may repeat
 * what it was given, also when that looks like the insides. */
static bool is_left_out(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 3 <= length; i++) {
        if (strncasecmp((const char *)bytes + i, "sql", 3) == 0) {
            return true;
        }
    }
    return memmem(bytes, length, TEST_DIRECTORY, sizeof TEST_DIRECTORY - 1) != NULL ||
           memmem(bytes, length, "pubsub", 6) != NULL || memmem(bytes, length, "%", 1) != NULL ||
           memmem(bytes, length, "100-", 4) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct buffer request;
    char port[8];
    size_t answered = 0;
    if (length < 2 || is_left_out(bytes, length)) {
        return 0;
    }
    const struct live_node *node = live_node_get();
    const char *text = (const char *)bytes + 1;
    bool to_peer = bytes[0] == 'P' || bytes[0] == 'p';
    (void)snprintf(port, sizeof port, ":%u", (unsigned)node->local_port);
    buffer_init(&request);
    if (bytes[0] == 'L' || bytes[0] == 'P') {
        append_with_port(&request, text, length - 1, port);
    } else if (!compose(node, text, length - 1, to_peer, &request)) {
        buffer_deinit(&request);
        return 0;
    }
    bool named = to_peer || memmem(request.data, request.length_bytes, port, strlen(port)) != NULL;
    int descriptor = live_node_connect(to_peer ? node->peer_port : node->local_port);
    char *answer = live_node_talk(descriptor, request.data, request.length_bytes, &answered);
    check_answers(answer, answered, named);
    FUZZ_ASSERT(strstr(answer, node->directory) == NULL);
    memory_free(answer);
    buffer_deinit(&request);
    return 0;
}
