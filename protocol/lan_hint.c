#include "protocol/lan_hint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocol/canonical.h"
#include "protocol/json_members.h"

enum { MOST_NESTING = 4 };

static bool read_short(const json_t *json, const char *name, char text_out[NODE_ID_SHORT_BYTES])
{
    uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
    const char *text = NULL;
    if (!json_members_string(json, name, &text, NULL) ||
        node_id_parse_short(text, prefix) != RESULT_OK) {
        return false;
    }
    memcpy(text_out, text, NODE_ID_SHORT_BYTES);
    return true;
}

enum result lan_hint_read(const char *bytes, size_t length_bytes, struct lan_hint *hint_out)
{
    struct lan_hint hint;
    json_t *json = NULL;
    int64_t version = 0;
    int64_t port = 0;
    if (length_bytes > LAN_HINT_MOST_BYTES ||
        canonical_parse(bytes, length_bytes, MOST_NESTING, &json, NULL) != RESULT_OK) {
        return RESULT_INVALID;
    }
    bool read = json_members_integer(json, "v", 1, 1, &version) &&
                json_members_integer(json, "port", 1, 65535, &port) &&
                read_short(json, "node", hint.node) &&
                read_short(json, "community", hint.community);
    json_decref(json);
    if (!read) {
        return RESULT_INVALID;
    }
    hint.port = (uint16_t)port;
    *hint_out = hint;
    return RESULT_OK;
}

size_t lan_hint_write(const struct lan_hint *hint, char text_out[static LAN_HINT_MOST_BYTES])
{
    return (size_t)snprintf(text_out, LAN_HINT_MOST_BYTES,
                            "{\"caps\":[\"chat.send\"],\"community\":\"%s\",\"node\":\"%s\","
                            "\"port\":%u,\"v\":1}",
                            hint->community, hint->node, (unsigned)hint->port);
}
