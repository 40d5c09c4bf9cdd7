#include "handlers/invite_text.h"

#include "core/memory.h"
#include "protocol/json_build.h"

bool invite_text_endpoints(struct request *request, const struct node_parts *parts,
                           struct endpoints *endpoints_out)
{
    parts->endpoints(parts->node, endpoints_out);
    if (endpoints_out->count == 0) {
        request_reply_error(request, WIRE_PARTITION,
                            "This machine has no address in a network yet, so nobody could follow "
                            "the invite: connect it by cable or Wi-Fi and ask again, or set "
                            "[transport] advertise to the address by which others reach it.");
    }
    return endpoints_out->count != 0;
}

void invite_text_reply(struct request *request, const struct node_parts *parts,
                       const struct invite *invite)
{
    char expires_at[WALL_CLOCK_TEXT_BYTES];
    char *text = invite_make(invite, parts->key);
    bool comes_back = !invite->is_open && invite->invite_event_id[0] == '\0';
    wall_clock_format(invite->expires_at, expires_at);
    request_reply_output(request, json_build_pack("{s:s,s:s,s:b}", "invite", text, "expires_at",
                                                  expires_at, "already", (int)comes_back));
    memory_free(text);
}
