/* What somebody looks for, and where it stands in a text.
 *
 * Thread: any, one at a time. Texts are compared as search_text.h folds them.
 * A query is words between blanks, each found wherever it stands, inside words too; "what is
 * quoted" is one word with its blanks, and found where no letter or digit goes on before or behind
 * it (in scripts that part words). Nothing else in a query is an operator: c++, 3.5 and
 * foo@bar.de are found as they are typed. All words must be there.
 */
#ifndef HEARTHCHAT_PROTOCOL_SEARCH_WORDS_H
#define HEARTHCHAT_PROTOCOL_SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct search_word {
    char *text; /* folded, never "" */
    size_t length_bytes;
    bool quoted;
};

struct search_words {
    struct search_word *list;
    size_t count; /* 0: there is nothing to look for */
};

void search_words_init(struct search_words *words, const char *query);
void search_words_deinit(struct search_words *words);

/* Whether all of them are in that folded text. */
bool search_words_match(const struct search_words *words, const char *folded);

/* Bytes of a text, always whole characters as people see them (grapheme clusters). */
struct search_range {
    size_t begin;
    size_t end;
};

/* Where any of them stands in that text, not folded: the first `most`, in order, none touching
 * another. Returns how many. */
size_t search_words_find(const struct search_words *words, const char *text, size_t most,
                         struct search_range *ranges_out);

#endif
