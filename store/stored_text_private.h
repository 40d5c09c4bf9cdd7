/* The text of an event as its row has it: canonical JSON without "community_id", which is the same
 * in a whole log. What an older version stored has it, and stays as it is.
 *
 * Thread: any.
 * A row's text is JSON too, and begins as the event does: who carves pages finds it.
 */
#ifndef HEARTHCHAT_STORE_STORED_TEXT_PRIVATE_H
#define HEARTHCHAT_STORE_STORED_TEXT_PRIVATE_H

#include <stddef.h>

#include "core/buffer.h"
#include "protocol/node_id.h"

/* The event's text to the row's, appended. As it is where "community_id" does not stand between
 * "author" and "data". */
void stored_text_shorten(const char *text, size_t length_bytes, const struct node_id *community_id,
                         struct buffer *out);

/* The row's text to the event's, whose length is put in the other's place. Borrowed of `text`, or
 * of `space`, which it overwrites. */
const char *stored_text_whole(const char *text, size_t *length_bytes,
                              const struct node_id *community_id, struct buffer *space);

#endif
