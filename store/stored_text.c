#include "store/stored_text_private.h"

#include <string.h>

#define AUTHOR "{\"author\":\"ed25519:"
#define MEMBER "\"community_id\":\""
#define NEXT "\"data\":"

/* Of {"author":"ed25519:…", and of "community_id":"ed25519:…", */
enum {
    KEY_CHARACTERS = NODE_ID_TEXT_BYTES - sizeof "ed25519:",
    AUTHOR_BYTES = sizeof AUTHOR - 1 + KEY_CHARACTERS + 2,
    MEMBER_BYTES = sizeof MEMBER - 1 + NODE_ID_TEXT_BYTES - 1 + 2,
};

static void write_member(const struct node_id *community_id, char out[static MEMBER_BYTES + 1])
{
    char *at = out + sizeof MEMBER - 1;
    memcpy(out, MEMBER, sizeof MEMBER - 1);
    node_id_format(community_id, at);
    memcpy(at + NODE_ID_TEXT_BYTES - 1, "\",", sizeof "\",");
}

static bool stands_at(const char *text, size_t length_bytes, size_t place, const char *what)
{
    return length_bytes >= place + strlen(what) && memcmp(text + place, what, strlen(what)) == 0;
}

void stored_text_shorten(const char *text, size_t length_bytes, const struct node_id *community_id,
                         struct buffer *out)
{
    char member[MEMBER_BYTES + 1];
    write_member(community_id, member);
    buffer_reserve(out, length_bytes);
    if (stands_at(text, length_bytes, AUTHOR_BYTES, member) &&
        stands_at(text, length_bytes, AUTHOR_BYTES + MEMBER_BYTES, NEXT)) {
        buffer_append(out, text, AUTHOR_BYTES);
        text += AUTHOR_BYTES + MEMBER_BYTES;
        length_bytes -= AUTHOR_BYTES + MEMBER_BYTES;
    }
    buffer_append(out, text, length_bytes);
}

const char *stored_text_whole(const char *text, size_t *length_bytes,
                              const struct node_id *community_id, struct buffer *space)
{
    char member[MEMBER_BYTES + 1];
    if (!stands_at(text, *length_bytes, AUTHOR_BYTES, NEXT)) {
        return text;
    }
    write_member(community_id, member);
    buffer_clear(space);
    buffer_reserve(space, *length_bytes + MEMBER_BYTES);
    buffer_append(space, text, AUTHOR_BYTES);
    buffer_append(space, member, MEMBER_BYTES);
    buffer_append(space, text + AUTHOR_BYTES, *length_bytes - AUTHOR_BYTES);
    *length_bytes = space->length_bytes;
    return buffer_text(space);
}
