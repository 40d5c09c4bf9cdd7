#include "handlers/qr_draw.h"

#include <qrencode.h>
#include <string.h>

#include "core/buffer.h"
#include "handlers/handlers.h"

enum { QUIET_MODULES = 4, MOST_TEXT_BYTES = 2900 };

/* Whole pixels a module, so that each is as large as the others: as many as make a small code easy
 * to aim at, and what a camera tells apart at least. */
enum { LEAST_MODULE_PIXELS = 3, USUAL_PIXELS = 300 };

static QRcode *encode(const char *text)
{
    return strlen(text) > MOST_TEXT_BYTES
               ? NULL
               : QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_L);
}

static bool is_dark(const QRcode *code, int row, int column)
{
    return row >= 0 && row < code->width && column >= 0 && column < code->width &&
           (code->data[row * code->width + column] & 1) != 0;
}

void qr_draw_handle(struct request *request, const struct node_parts *parts)
{
    const char *text = request->query(request, "text");
    (void)parts;
    QRcode *code = text == NULL || text[0] == '\0' ? NULL : encode(text);
    if (code == NULL) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Give text=… of 1 to 2900 bytes to draw as a QR code.");
        return;
    }
    struct buffer svg;
    int size = code->width + 2 * QUIET_MODULES;
    int module = USUAL_PIXELS / size;
    int pixels = size * (module > LEAST_MODULE_PIXELS ? module : LEAST_MODULE_PIXELS);
    buffer_init(&svg);
    buffer_append_format(&svg,
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
                         "height=\"%d\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><path "
                         "fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
                         "<path fill=\"#000\" d=\"",
                         pixels, pixels, size, size, size, size);
    for (int row = 0; row < code->width; row++) {
        for (int column = 0; column < code->width; column++) {
            if (is_dark(code, row, column)) {
                buffer_append_format(&svg, "M%d %dh1v1h-1z", column + QUIET_MODULES,
                                     row + QUIET_MODULES);
            }
        }
    }
    buffer_append_text(&svg, "\"/></svg>");
    request_reply_bytes(request, "image/svg+xml", svg.data, svg.length_bytes);
    buffer_deinit(&svg);
    QRcode_free(code);
}

char *qr_draw_for_terminal(const char *text)
{
    QRcode *code = encode(text);
    if (code == NULL) {
        return NULL;
    }
    struct buffer out;
    buffer_init(&out);
    /* Two rows a line, light on dark, so that it reads on either kind of terminal. */
    for (int row = -QUIET_MODULES / 2; row < code->width + QUIET_MODULES / 2; row += 2) {
        buffer_append_text(&out, "\033[37;40m");
        for (int column = -QUIET_MODULES / 2; column < code->width + QUIET_MODULES / 2; column++) {
            bool top = !is_dark(code, row, column);
            bool bottom = !is_dark(code, row + 1, column);
            buffer_append_text(&out, top && bottom ? "█" : top ? "▀" : bottom ? "▄" : " ");
        }
        buffer_append_text(&out, "\033[0m\n");
    }
    QRcode_free(code);
    return buffer_take(&out);
}
