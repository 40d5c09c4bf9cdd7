#include "handlers/contact_path.h"

#include <string.h>

enum { MOST_PEER_BYTES = 128 };

bool contact_path_resolve(struct request *request, const struct node_parts *parts, const char *text,
                          struct node_id *peer_out)
{
    if (!node_parts_resolve(parts, request, text, peer_out)) {
        return false;
    }
    if (node_id_equal(peer_out, &parts->key->node_id)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "This is this node itself; choose another member.");
        return false;
    }
    return true;
}

bool contact_path_find(struct request *request, const struct node_parts *parts,
                       struct node_id *peer_out)
{
    static const char before[] = "/api/v1/contacts/";
    char text[MOST_PEER_BYTES] = "";
    const char *peer = request->path + sizeof before - 1;
    size_t length = strcspn(peer, "/");
    if (length < sizeof text) {
        memcpy(text, peer, length);
    }
    return contact_path_resolve(request, parts, text, peer_out);
}
