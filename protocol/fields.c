#include "protocol/fields.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/number.h"
#include "protocol/wall_clock.h"

bool fields_are(const json_t *object, const char *const *names)
{
    size_t count = 0;
    if (!json_is_object(object)) {
        return false;
    }
    for (; names[count] != NULL; count++) {
        if (json_object_get(object, names[count]) == NULL) {
            return false;
        }
    }
    return json_object_size(object) == count;
}

bool fields_string(const json_t *object, const char *name, const char **text_out,
                   size_t *length_bytes_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value)) {
        return false;
    }
    *text_out = json_string_value(value);
    if (length_bytes_out != NULL) {
        *length_bytes_out = json_string_length(value);
    }
    return true;
}

bool fields_whole_number(const json_t *value, int64_t *integer_out)
{
    if (json_is_integer(value)) {
        *integer_out = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value)) {
        return false;
    }
    double real = json_real_value(value);
    if (real != trunc(real) || fabs(real) > (double)NUMBER_SAFE_INTEGER) {
        return false;
    }
    *integer_out = (int64_t)real;
    return true;
}

bool fields_integer(const json_t *object, const char *name, int64_t least, int64_t most,
                    int64_t *integer_out)
{
    int64_t integer = 0;
    if (!fields_whole_number(json_object_get(object, name), &integer) || integer < least ||
        integer > most) {
        return false;
    }
    *integer_out = integer;
    return true;
}

bool fields_boolean(const json_t *object, const char *name, bool *boolean_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value)) {
        return false;
    }
    *boolean_out = json_is_true(value);
    return true;
}

bool fields_node_id(const json_t *object, const char *name, struct node_id *node_id_out)
{
    const char *text = NULL;
    return fields_string(object, name, &text, NULL) &&
           node_id_parse(text, node_id_out) == RESULT_OK;
}

bool fields_wall_clock(const json_t *object, const char *name, const char **text_out)
{
    const char *text = NULL;
    int64_t seconds = 0;
    if (!fields_string(object, name, &text, NULL) ||
        wall_clock_parse(text, &seconds) != RESULT_OK) {
        return false;
    }
    *text_out = text;
    return true;
}

bool fields_array(const json_t *object, const char *name, const json_t **array_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_array(value)) {
        return false;
    }
    *array_out = value;
    return true;
}

bool fields_object(const json_t *object, const char *name, const json_t **object_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_object(value)) {
        return false;
    }
    *object_out = value;
    return true;
}

size_t fields_count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80) {
            count++;
        }
    }
    return count;
}

char *fields_displayable(const char *text)
{
    const size_t most_characters = 64;
    size_t bytes = 0;
    size_t characters = 0;
    for (; text[bytes] != '\0'; bytes++) {
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && ++characters > most_characters) {
            break;
        }
    }
    char *shown = memory_duplicate(text, bytes);
    for (char *at = shown; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f) {
            *at = ' ';
        }
    }
    return shown;
}

bool fields_has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
    }
    return false;
}
