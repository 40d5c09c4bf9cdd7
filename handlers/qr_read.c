#include "core/buffer.h"
#include "handlers/handlers.h"
#include "handlers/qr_find.h"
#include "protocol/json_build.h"

void qr_read_handle(struct request *request, const struct node_parts *parts)
{
    int64_t width = 0;
    int64_t height = 0;
    struct buffer text;
    (void)parts;
    if (!request_query_integer(request, "width", 0, &width) ||
        !request_query_integer(request, "height", 0, &height)) {
        return;
    }
    if (width < 1 || height < 1 || width > QR_FIND_MOST_SIDE || height > QR_FIND_MOST_SIDE ||
        request->bytes == NULL || (size_t)(width * height) != request->bytes_count) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Send width=… times height=… bytes, one for each pixel's grey, and "
                            "at most 4096 pixels a side.");
        return;
    }
    buffer_init(&text);
    json_t *read = NULL;
    bool found = qr_find_text(request->bytes, (int)width, (int)height, &text) &&
                 json_build_try_text(text.data, text.length_bytes, &read) == RESULT_OK;
    buffer_deinit(&text);
    if (!found) {
        request_reply_error(
            request, WIRE_NOT_FOUND,
            "No QR code with a text found; take the picture closer and straighter.");
        return;
    }
    request_reply_output(request, json_build_pack("{s:o}", "text", read));
}
