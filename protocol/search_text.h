/* Text as search compares it: one spelling for whatever people would call the same.
 *
 * Thread: any; tables are made when the first text is folded, and kept.
 * Case, compatibility forms, accents and points (of Latin, Greek, Cyrillic, Hebrew, Arabic and
 * Syriac letters), what is invisible (soft hyphens, joiners, zero widths, variation selectors), the
 * colours of skins and the length of Arabic lines fall away; ß is ss, ı is i, every digit is one of
 * 0-9, every dash a "-", every quotation mark a ' or a ". Blanks of any kind and length, controls
 * (a NUL too) and bytes that are no UTF-8 become one space; at the beginning there is none.
 * Limits: what is folded has at most SEARCH_TEXT_MOST_GROWTH times the bytes. Folded again it stays
 * as it is, if no more than 30 combining characters follow each other.
 */
#ifndef HEARTHCHAT_PROTOCOL_SEARCH_TEXT_H
#define HEARTHCHAT_PROTOCOL_SEARCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

#define SEARCH_TEXT_MOST_GROWTH 12
#define SEARCH_TEXT_VERSION_BYTES 32

/* Appends the text, folded. */
void search_text_fold(const char *text, size_t length_bytes, struct buffer *out);

/* Which rules these are, ours and Unicode's: texts that were folded by others don't compare. */
void search_text_version(char version_out[static SEARCH_TEXT_VERSION_BYTES]);

/* The same piece by piece, to find the way back. */
struct search_text_piece {
    size_t begin; /* bytes of the text */
    size_t end;
    size_t folded_bytes; /* how many were appended for them; may be 0 */
};

struct search_text_walk {
    const char *text;
    size_t length_bytes;
    size_t at;
    bool after_blank; /* true at first */
};

/* Appends the next piece; false at the end. */
bool search_text_next(struct search_text_walk *walk, struct buffer *out,
                      struct search_text_piece *piece_out);

#endif
