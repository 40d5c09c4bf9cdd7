#include "server/websocket_handshake.h"

#include <libwebsockets.h>
#include <string.h>

bool websocket_handshake_is_key(const char *key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { DIGITS_OF_16_BYTES = 22 };
    return strspn(key, digits) == DIGITS_OF_16_BYTES && strcmp(key + DIGITS_OF_16_BYTES, "==") == 0;
}

bool websocket_handshake_offers(const char *offered, const char *sub_protocol)
{
    static const char between[] = ", \t";
    const char *at = offered == NULL ? "" : offered;
    while (*at != '\0') {
        at += strspn(at, between);
        size_t length = strcspn(at, between);
        if (length == strlen(sub_protocol) && strncmp(at, sub_protocol, length) == 0) {
            return true;
        }
        at += length;
    }
    return false;
}

void websocket_handshake_answer(const char *key, const char *sub_protocol, struct buffer *answer)
{
    enum { SHA1_BYTES = 20, BASE64_BYTES = 32 }; /* lws ends 28 characters only where 30 fit */
    unsigned char digest[SHA1_BYTES];
    char accept[BASE64_BYTES];
    struct buffer hashed;
    buffer_init(&hashed);
    buffer_append_format(&hashed, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    (void)lws_SHA1((const unsigned char *)hashed.data, hashed.length_bytes, digest);
    (void)lws_b64_encode_string((const char *)digest, sizeof digest, accept, sizeof accept);
    buffer_deinit(&hashed);
    buffer_append_format(answer,
                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                         accept);
    if (sub_protocol != NULL) {
        buffer_append_format(answer, "Sec-WebSocket-Protocol: %s\r\n", sub_protocol);
    }
    buffer_append_text(answer, "\r\n");
}
