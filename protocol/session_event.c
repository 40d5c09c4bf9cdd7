#include "protocol/session_event.h"

#include "protocol/hex.h"
#include "protocol/json_members.h"

static bool read_session(const struct event *event, struct node_id *peer_out,
                         struct receiving_key *reply_out)
{
    const char *reply = NULL;
    return json_members_node_id(event->data.kept, "peer", peer_out) &&
           !node_id_equal(peer_out, &event->author) &&
           json_members_string(event->data.kept, "reply", &reply, NULL) &&
           receiving_key_parse(reply, reply_out) == RESULT_OK;
}

bool session_event_established(const struct event *event,
                               struct session_established *established_out)
{
    return event->type == EVENT_SESSION_ESTABLISHED &&
           read_session(event, &established_out->peer, &established_out->reply);
}

static bool read_hash(const struct session_broken *broken, size_t index,
                      uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    const char *text = json_string_value(json_array_get(broken->events, index));
    return text != NULL && hex_parse(text, hash_out, BLAKE3_HASH_BYTES);
}

bool session_event_broken(const struct event *event, struct session_broken *broken_out)
{
    uint8_t hash[BLAKE3_HASH_BYTES];
    if (event->type != EVENT_SESSION_BROKEN ||
        !read_session(event, &broken_out->peer, &broken_out->reply) ||
        !json_members_array(event->data.kept, "events", &broken_out->events)) {
        return false;
    }
    broken_out->count = json_array_size(broken_out->events);
    if (broken_out->count < 1 || broken_out->count > SESSION_EVENT_MOST_HASHES) {
        return false;
    }
    for (size_t i = 0; i < broken_out->count; i++) {
        if (!read_hash(broken_out, i, hash)) {
            return false;
        }
    }
    return true;
}

void session_event_hash(const struct session_broken *broken, size_t index,
                        uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    (void)read_hash(broken, index, hash_out);
}
