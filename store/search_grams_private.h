/* What the index of messages holds of a text: its runs of up to three characters, so that what
 * stands inside of words is found, too.
 *
 * Thread: any. Texts are folded (protocol/search_text.h), runs are taken inside of words. Each is
 * one token to SQLite's tokenizer "ascii"; which conversation it is, is one more.
 */
#ifndef HEARTHCHAT_STORE_SEARCH_GRAMS_PRIVATE_H
#define HEARTHCHAT_STORE_SEARCH_GRAMS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "protocol/search_words.h"

/* Appends all of a message. */
void search_grams_write(const char *folded, int64_t conversation, struct buffer *out);

/* Appends an expression that every message with all of the words fulfils, and few others.
 * `conversation` 0: of all. */
void search_grams_express(const struct search_words *words, int64_t conversation,
                          struct buffer *out);

#endif
