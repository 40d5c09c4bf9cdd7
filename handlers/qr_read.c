#include "core/buffer.h"
#include "handlers/endpoints.h"
#include "handlers/qr_picture.h"

void qr_read_handle(struct exchange *exchange, const struct services *services)
{
    int64_t width = 0;
    int64_t height = 0;
    struct buffer text;
    (void)services;
    if (!exchange_query_integer(exchange, "width", 0, &width) ||
        !exchange_query_integer(exchange, "height", 0, &height)) {
        return;
    }
    if (width < 1 || height < 1 || width > QR_PICTURE_MOST_SIDE || height > QR_PICTURE_MOST_SIDE ||
        exchange->bytes == NULL || (size_t)(width * height) != exchange->bytes_count) {
        exchange_reply_error(exchange, WIRE_BAD_REQUEST,
                             "Send width=… times height=… bytes, one for each pixel's grey, and "
                             "at most 4096 pixels a side.");
        return;
    }
    buffer_init(&text);
    bool found = qr_picture_read(exchange->bytes, (int)width, (int)height, &text);
    json_t *output = found ? json_pack("{s:o}", "text", json_string(buffer_text(&text))) : NULL;
    buffer_deinit(&text);
    if (output == NULL) {
        exchange_reply_error(
            exchange, WIRE_NOT_FOUND,
            "No QR code with a text found; take the picture closer and straighter.");
        return;
    }
    exchange_reply_output(exchange, output);
}
