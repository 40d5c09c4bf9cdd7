/* A hint in the local network (§19): "this node, of this community, listens on this port".
 * Unsigned, so nothing is believed of it but that it is worth a try.
 *
 * Thread: any. Plain values, no ownership. Limits: LAN_HINT_MOST_BYTES.
 */
#ifndef HEARTHCHAT_PROTOCOL_LAN_HINT_H
#define HEARTHCHAT_PROTOCOL_LAN_HINT_H

#include <stddef.h>
#include <stdint.h>

#include "core/result.h"
#include "protocol/node_id.h"

#define LAN_HINT_MOST_BYTES 1024

struct lan_hint {
    char node[NODE_ID_SHORT_BYTES];
    char community[NODE_ID_SHORT_BYTES];
    uint16_t port;
};

/* Reads one, the whole of `bytes`. What else is in it is left alone, an address above all.
 * RESULT_INVALID for what is too long, is no strict JSON (§2), is of another version, or names no
 * node, no community or no port. */
enum result lan_hint_read(const char *bytes, size_t length_bytes, struct lan_hint *hint_out);

/* Writes one, with a NUL behind it; returns its length. */
size_t lan_hint_write(const struct lan_hint *hint, char text_out[static LAN_HINT_MOST_BYTES]);

#endif
