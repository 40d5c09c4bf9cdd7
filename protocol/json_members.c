#include "protocol/json_members.h"

#include <math.h>

#include "protocol/hex.h"
#include "protocol/number.h"
#include "protocol/wall_clock.h"

bool json_members_are(const json_t *object, const char *const *names)
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

bool json_members_string(const json_t *object, const char *name, const char **text_out,
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

bool json_members_whole_number(const json_t *value, int64_t *integer_out)
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

bool json_members_integer(const json_t *object, const char *name, int64_t least, int64_t most,
                          int64_t *integer_out)
{
    int64_t integer = 0;
    if (!json_members_whole_number(json_object_get(object, name), &integer) || integer < least ||
        integer > most) {
        return false;
    }
    *integer_out = integer;
    return true;
}

bool json_members_boolean(const json_t *object, const char *name, bool *boolean_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value)) {
        return false;
    }
    *boolean_out = json_is_true(value);
    return true;
}

bool json_members_node_id(const json_t *object, const char *name, struct node_id *node_id_out)
{
    const char *text = NULL;
    return json_members_string(object, name, &text, NULL) &&
           node_id_parse(text, node_id_out) == RESULT_OK;
}

bool json_members_hash(const json_t *object, const char *name,
                       uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    const char *text = NULL;
    return json_members_string(object, name, &text, NULL) &&
           hex_parse(text, hash_out, BLAKE3_HASH_BYTES);
}

bool json_members_wall_clock(const json_t *object, const char *name, const char **text_out)
{
    const char *text = NULL;
    int64_t seconds = 0;
    if (!json_members_string(object, name, &text, NULL) ||
        wall_clock_parse(text, &seconds) != RESULT_OK) {
        return false;
    }
    *text_out = text;
    return true;
}

bool json_members_array(const json_t *object, const char *name, const json_t **array_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_array(value)) {
        return false;
    }
    *array_out = value;
    return true;
}

bool json_members_object(const json_t *object, const char *name, const json_t **object_out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_object(value)) {
        return false;
    }
    *object_out = value;
    return true;
}
