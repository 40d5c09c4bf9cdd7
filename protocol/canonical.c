#include "protocol/canonical.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/json_escape_private.h"
#include "protocol/number.h"

static enum result check_values(const json_t *value, int nesting_left, struct error *error)
{
    enum result result = RESULT_OK;
    const char *key;
    json_t *member;
    size_t index;
    switch (json_typeof(value)) {
    case JSON_REAL:
        if (!number_has_text(json_real_value(value))) {
            return error_set(error, RESULT_INVALID,
                             "A number is beyond ±(2^53-1); send large integers as text.");
        }
        break;
    case JSON_OBJECT:
        if (nesting_left == 0) {
            return error_set(error, RESULT_INVALID, "The JSON is nested too deeply.");
        }
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            result = check_values(member, nesting_left - 1, error);
            if (result != RESULT_OK) {
                return result;
            }
        }
        break;
    case JSON_ARRAY:
        if (nesting_left == 0) {
            return error_set(error, RESULT_INVALID, "The JSON is nested too deeply.");
        }
        json_array_foreach(value, index, member)
        {
            result = check_values(member, nesting_left - 1, error);
            if (result != RESULT_OK) {
                return result;
            }
        }
        break;
    case JSON_STRING:
    case JSON_INTEGER:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return RESULT_OK;
}

enum result canonical_parse(const char *bytes, size_t length_bytes, int most_nesting,
                            json_t **value_out, struct error *error)
{
    json_error_t reason;
    /* jansson's lexer gives back the byte behind a number or a literal, and a NUL is lost then. */
    const char *nul = length_bytes == 0 ? NULL : memchr(bytes, '\0', length_bytes);
    if (nul != NULL) {
        return error_set(error, RESULT_INVALID,
                         "The JSON can't be read: there is a NUL at byte %zu of %zu.",
                         (size_t)(nul - bytes) + 1, length_bytes);
    }
    json_t *value =
        json_loadb(bytes, length_bytes,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &reason);
    if (value == NULL) {
        return error_set(error, RESULT_INVALID, "The JSON can't be read (line %d, column %d): %s.",
                         reason.line, reason.column, reason.text);
    }
    if (check_values(value, most_nesting, error) != RESULT_OK) {
        json_decref(value);
        return RESULT_INVALID;
    }
    *value_out = value;
    return RESULT_OK;
}

size_t canonical_measure(const json_t *value)
{
    struct buffer text;
    buffer_init(&text);
    bool written = canonical_write(value, &text) == RESULT_OK;
    size_t length_bytes = written ? text.length_bytes : SIZE_MAX;
    buffer_deinit(&text);
    return length_bytes;
}

enum result canonical_check_nesting(const json_t *value, int most_nesting)
{
    return check_values(value, most_nesting, NULL);
}

void canonical_write_text(const char *text, size_t length_bytes, struct buffer *out)
{
    static const char short_escapes[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    buffer_append_byte(out, '"');
    size_t plain = 0; /* start of the run that needs no escape */
    for (size_t at = 0; at < length_bytes; at++) {
        at += json_escape_pass(text + at, length_bytes - at);
        unsigned char byte = (unsigned char)text[at];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        buffer_append(out, text + plain, at - plain);
        plain = at + 1;
        if (byte >= 0x20) {
            char escape[2] = {'\\', (char)byte};
            buffer_append(out, escape, 2);
        } else if (short_escapes[byte] != 0) {
            char escape[2] = {'\\', short_escapes[byte]};
            buffer_append(out, escape, 2);
        } else {
            buffer_append_format(out, "\\u%04x", byte);
        }
    }
    buffer_append(out, text + plain, length_bytes - plain);
    buffer_append_byte(out, '"');
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

enum { KEYS_ON_STACK = 24 };

static enum result write_object(const json_t *object, const char *except, struct buffer *out)
{
    enum result result = RESULT_OK;
    size_t count = 0;
    const char *few[KEYS_ON_STACK];
    size_t size = json_object_size(object);
    const char **keys = size <= KEYS_ON_STACK ? few : memory_allocate(size, sizeof *keys);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        if (except == NULL || strcmp(key, except) != 0) {
            keys[count++] = key;
        }
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        canonical_write_text(keys[i], strlen(keys[i]), out);
        buffer_append_byte(out, ':');
        result = canonical_write(json_object_get(object, keys[i]), out);
    }
    buffer_append_byte(out, '}');
    if (keys != few) {
        memory_free(keys);
    }
    return result;
}

static enum result write_number(double number, struct buffer *out)
{
    char text[NUMBER_TEXT_BYTES];
    if (!number_format(number, text)) {
        return RESULT_INVALID;
    }
    buffer_append_text(out, text);
    return RESULT_OK;
}

enum result canonical_write(const json_t *value, struct buffer *text)
{
    enum result result = RESULT_OK;
    size_t index;
    json_t *member;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(value, NULL, text);
    case JSON_ARRAY:
        buffer_append_byte(text, '[');
        json_array_foreach(value, index, member)
        {
            if (index > 0) {
                buffer_append_byte(text, ',');
            }
            result = canonical_write(member, text);
            if (result != RESULT_OK) {
                return result;
            }
        }
        buffer_append_byte(text, ']');
        return RESULT_OK;
    case JSON_STRING:
        canonical_write_text(json_string_value(value), json_string_length(value), text);
        return RESULT_OK;
    case JSON_INTEGER: {
        json_int_t integer = json_integer_value(value);
        if (integer > NUMBER_SAFE_INTEGER || integer < -NUMBER_SAFE_INTEGER) {
            return RESULT_INVALID;
        }
        buffer_append_format(text, "%lld", (long long)integer);
        return RESULT_OK;
    }
    case JSON_REAL:
        return write_number(json_real_value(value), text);
    case JSON_TRUE:
        buffer_append_text(text, "true");
        return RESULT_OK;
    case JSON_FALSE:
        buffer_append_text(text, "false");
        return RESULT_OK;
    case JSON_NULL:
        buffer_append_text(text, "null");
        return RESULT_OK;
    }
    return RESULT_INVALID;
}

enum result canonical_write_without(const json_t *object, const char *except, struct buffer *text)
{
    return write_object(object, except, text);
}

/* Of jansson and the allocator, rounded up: a value, and the room that its container keeps for it.
 */
enum {
    OBJECT_BYTES = 320,
    MEMBER_BYTES = 64,
    ARRAY_BYTES = 160,
    VALUE_BYTES = 48,
    TEXT_BYTES = 56
};

size_t canonical_weigh(const char *bytes, size_t length_bytes)
{
    size_t weight = VALUE_BYTES;
    bool in_string = false;
    for (size_t i = 0; i < length_bytes; i++) {
        i += in_string ? json_escape_pass(bytes + i, length_bytes - i) : 0;
        if (bytes[i] == '"') {
            in_string = !in_string;
            weight += in_string ? TEXT_BYTES : 0;
        } else if (in_string) {
            i += bytes[i] == '\\' ? 1 : 0;
        } else if (bytes[i] == '{') {
            weight += OBJECT_BYTES;
        } else if (bytes[i] == '[') {
            weight += ARRAY_BYTES;
        } else if (bytes[i] == ':') {
            weight += MEMBER_BYTES;
        } else if (bytes[i] == ',') {
            weight += VALUE_BYTES;
        }
    }
    return weight;
}
