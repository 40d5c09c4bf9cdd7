/* The handshake of a WebSocket (RFC 6455, section 4.2): what a client must show, and what it is
 * told.
 *
 * Thread: any; pure.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_HANDSHAKE_H
#define HEARTHCHAT_SERVER_WEBSOCKET_HANDSHAKE_H

#include <stdbool.h>

#include "core/buffer.h"

/* Whether that is a Sec-WebSocket-Key: 16 bytes in base64. */
bool websocket_handshake_is_key(const char *key);

/* Whether a Sec-WebSocket-Protocol, or NULL, offers that one. */
bool websocket_handshake_offers(const char *offered, const char *sub_protocol);

/* Appends the answer to a right key; `sub_protocol` NULL: none was offered that we know. */
void websocket_handshake_answer(const char *key, const char *sub_protocol, struct buffer *answer);

#endif
