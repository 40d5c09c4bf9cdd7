#include "server/request_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"

struct reading {
    const char *known;
    char *message;
};

static enum MHD_Result read_name(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    const struct reading *reading = context;
    size_t length = strlen(name);
    (void)kind;
    (void)value;
    for (const char *at = reading->known; at != NULL && *at != '\0';) {
        size_t known = strcspn(at, " ");
        if (known == length && strncmp(at, name, length) == 0) {
            return MHD_YES;
        }
        at += known + 1;
    }
    (void)snprintf(reading->message, REQUEST_NAMES_MESSAGE_BYTES,
                   "This path has no query parameter \"%.40s\".", name);
    utf8_mend(reading->message);
    return MHD_NO;
}

bool request_names_judge(struct MHD_Connection *connection, const char *known,
                         char message_out[static REQUEST_NAMES_MESSAGE_BYTES])
{
    struct reading reading = {known, message_out};
    message_out[0] = '\0';
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, read_name, &reading);
    return message_out[0] == '\0';
}

struct counting {
    const char *name;
    size_t count;
};

static enum MHD_Result count_name(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct counting *counting = context;
    (void)kind;
    (void)value;
    counting->count += strcasecmp(name, counting->name) == 0 ? 1 : 0;
    return MHD_YES;
}

size_t request_names_count_header(struct MHD_Connection *connection, const char *name)
{
    struct counting counting = {.name = name};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_name, &counting);
    return counting.count;
}
