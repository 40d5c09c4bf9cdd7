#include "store/search_grams_private.h"

#include <stdbool.h>
#include <string.h>

#include "core/utf8.h"

/* Of scripts with many characters two in a row are rare enough. */
enum { MOST_CHARACTERS = 3, FIRST_OF_MANY = 0x2e80, MOST_GRAMS_OF_A_WORD = 16 };

/* The last characters of a word, the newest at the end. */
struct window {
    uint32_t characters[MOST_CHARACTERS];
    size_t count;
};

static void push(struct window *window, uint32_t character)
{
    if (window->count == MOST_CHARACTERS) {
        window->count--;
        memmove(window->characters, window->characters + 1,
                window->count * sizeof window->characters[0]);
    }
    window->characters[window->count++] = character;
}

/* Takes the next character of a folded text; a blank empties the window. */
static void advance(struct window *window, const char *text, size_t length_bytes, size_t *at)
{
    uint32_t character = 0;
    size_t bytes = utf8_decode(text + *at, length_bytes - *at, &character);
    *at += bytes == 0 ? 1 : bytes;
    if (character == ' ') {
        window->count = 0;
    } else {
        push(window, character);
    }
}

static bool has_many(const struct window *window, size_t count)
{
    for (size_t i = window->count - count; i < window->count; i++) {
        if (window->characters[i] >= FIRST_OF_MANY) {
            return true;
        }
    }
    return false;
}

/* Whether the last `count` characters are a run that is kept. */
static bool is_gram(const struct window *window, size_t count)
{
    return count <= window->count && (count < MOST_CHARACTERS || !has_many(window, count));
}

/* What parts tokens becomes one of the controls above ASCII, which no folded text holds. */
static uint32_t disguise(uint32_t character)
{
    static const char marks[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    const uint32_t first_control = 0x80;
    const char *mark = character < 0x80 ? memchr(marks, (int)character, sizeof marks - 1) : NULL;
    return mark == NULL ? character : first_control + (uint32_t)(mark - marks);
}

static void append_gram(const struct window *window, size_t count, struct buffer *out)
{
    for (size_t i = window->count - count; i < window->count; i++) {
        char bytes[4];
        buffer_append(out, bytes, utf8_encode(disguise(window->characters[i]), bytes));
    }
}

void search_grams_write(const char *folded, int64_t conversation, struct buffer *out)
{
    struct window window = {.count = 0};
    size_t length = strlen(folded);
    size_t at = 0;
    buffer_append_format(out, "peer%lld", (long long)conversation);
    while (at < length) {
        advance(&window, folded, length, &at);
        for (size_t count = 1; is_gram(&window, count); count++) {
            buffer_append_byte(out, ' ');
            append_gram(&window, count, out);
        }
    }
}

/* How long the run at the end of the window is that is to be looked for; 0: others will do. */
static size_t choose(const struct window *window, bool is_last)
{
    if (is_gram(window, MOST_CHARACTERS)) {
        return MOST_CHARACTERS;
    }
    if (window->count >= 2 && (has_many(window, 2) || is_last)) {
        return 2;
    }
    return window->count == 1 && is_last ? 1 : 0;
}

/* Of a word, which may hold blanks. */
static void express_word(const struct search_word *word, struct buffer *out)
{
    struct window window = {.count = 0};
    size_t written = 0;
    size_t at = 0;
    while (at < word->length_bytes && written < MOST_GRAMS_OF_A_WORD) {
        advance(&window, word->text, word->length_bytes, &at);
        size_t count = choose(&window, word->text[at] == '\0' || word->text[at] == ' ');
        if (count > 0) {
            buffer_append_byte(out, '"');
            append_gram(&window, count, out);
            buffer_append_text(out, "\" ");
            written++;
        }
    }
}

void search_grams_express(const struct search_words *words, int64_t conversation,
                          struct buffer *out)
{
    for (size_t i = 0; i < words->count; i++) {
        express_word(&words->list[i], out);
    }
    if (conversation != 0) {
        buffer_append_format(out, "\"peer%lld\"", (long long)conversation);
    }
}
