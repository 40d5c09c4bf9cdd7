/* Draws a text as a QR code: for the tab (the handler is in handlers.h) and for the terminal.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_QR_DRAW_H
#define HEARTHCHAT_HANDLERS_QR_DRAW_H

/* NULL when the text is too long; the caller frees. */
char *qr_draw_for_terminal(const char *text);

#endif
