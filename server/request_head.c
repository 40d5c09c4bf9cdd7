#include "server/request_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "server/request_names.h"

enum { PATIENCE_FACTOR = 16 }; /* what is only somewhat too large is read to its end */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

struct token_search {
    const char *name;
    const char *token;
    bool found;
};

static bool has_token(const char *list, const char *token)
{
    while (*list != '\0') {
        size_t blanks = strspn(list, ", \t");
        size_t length = strcspn(list + blanks, ", \t");
        if (length == strlen(token) && strncasecmp(list + blanks, token, length) == 0) {
            return true;
        }
        list += blanks + length;
    }
    return false;
}

static enum MHD_Result look_for_token(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct token_search *search = context;
    (void)kind;
    search->found = search->found || (strcasecmp(name, search->name) == 0 && value != NULL &&
                                      has_token(value, search->token));
    return search->found ? MHD_NO : MHD_YES;
}

bool request_head_has_token(struct MHD_Connection *connection, const char *name, const char *token)
{
    struct token_search search = {.name = name, .token = token};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_for_token, &search);
    return search.found;
}

/* It takes the first apart, so there is one before them. */
void request_head_drop_cookies(struct MHD_Connection *connection)
{
    (void)MHD_set_connection_value(connection, MHD_HEADER_KIND, "Cookie", "");
}

static enum MHD_Result add_cookie(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    size_t *bytes = context;
    (void)kind;
    *bytes += strcasecmp(name, "Cookie") == 0 ? strlen(value) : 0;
    return MHD_YES;
}

int request_head_judge_length(struct MHD_Connection *connection, const char *target,
                              const char **message_out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t cookies = 0;
    if (strlen(target) > LIMITS_TARGET_BYTES) {
        *message_out = "The address is too long: it has 10 KiB at most, with its parameters.";
        return 414;
    }
    if (info == NULL || info->header_size <= LIMITS_HEADERS_BYTES) {
        return 0;
    }
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, add_cookie, &cookies);
    if (info->header_size - cookies > LIMITS_HEADERS_BYTES) {
        *message_out = "The headers are too long: they have 16 KiB at most; leave out what this "
                       "node doesn't read.";
        return 431;
    }
    return 0;
}

bool request_head_announces_body(struct MHD_Connection *connection)
{
    const char *length = header(connection, "Content-Length");
    return header(connection, "Transfer-Encoding") != NULL ||
           (length != NULL && strcmp(length, "0") != 0);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    return content_type != NULL && strncasecmp(content_type, json, sizeof json - 1) == 0 &&
           strchr("; ", content_type[sizeof json - 1]) != NULL;
}

static bool is_bytes(const char *content_type)
{
    return content_type != NULL && strcasecmp(content_type, "application/octet-stream") == 0;
}

int request_head_judge_body(struct MHD_Connection *connection, enum route_body body,
                            size_t most_bytes, const char **message_out)
{
    const char *type = header(connection, "Content-Type");
    const char *length = header(connection, "Content-Length");
    const char *coding = header(connection, "Transfer-Encoding");
    if (request_names_count_header(connection, "Content-Length") > 1 ||
        (length != NULL && coding != NULL)) {
        *message_out = "Say the body's length once: by Content-Length or by chunks.";
        return 400;
    }
    if (coding != NULL && strcasecmp(coding, "chunked") != 0) {
        *message_out = "Send the body as it is, or in chunks: no other Transfer-Encoding is known.";
        return 501;
    }
    if (body == BODY_JSON && !is_json(type)) {
        *message_out = "Send the body as Content-Type: application/json.";
        return 415;
    }
    if (body == BODY_BYTES && !is_bytes(type)) {
        *message_out = "Send the body as Content-Type: application/octet-stream.";
        return 415;
    }
    /* What is only somewhat too large is read to its end: who still sends does not hear. */
    if (length != NULL && strtoull(length, NULL, 10) > PATIENCE_FACTOR * most_bytes) {
        *message_out = "The request's body is too large.";
        return 413;
    }
    return 0;
}

/* With the headers known: gates and everything that needs no body. */
