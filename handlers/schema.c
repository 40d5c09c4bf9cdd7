#include "handlers/schema.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/display_text.h"
#include "protocol/json_members.h"

enum { PATH_BYTES = 80 };

static bool has_type(const char *type, const json_t *value)
{
    int64_t integer = 0;
    if (strcmp(type, "object") == 0) {
        return json_is_object(value);
    }
    if (strcmp(type, "array") == 0) {
        return json_is_array(value);
    }
    if (strcmp(type, "string") == 0) {
        return json_is_string(value);
    }
    if (strcmp(type, "boolean") == 0) {
        return json_is_boolean(value);
    }
    if (strcmp(type, "integer") == 0) {
        return json_members_whole_number(value, &integer);
    }
    if (strcmp(type, "number") == 0) {
        return json_is_number(value);
    }
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static bool has_one_type(const json_t *types, const json_t *value)
{
    size_t index;
    json_t *type;
    if (types == NULL) {
        return true;
    }
    if (json_is_string(types)) {
        return has_type(json_string_value(types), value);
    }
    json_array_foreach(types, index, type)
    {
        if (has_type(json_string_value(type), value)) {
            return true;
        }
    }
    return false;
}

static bool is_enumerated(const json_t *choices, const json_t *value)
{
    size_t index;
    json_t *choice;
    json_array_foreach(choices, index, choice)
    {
        if (json_equal(choice, value)) {
            return true;
        }
    }
    return choices == NULL;
}

static bool is_within(const json_t *schema, const json_t *value)
{
    int64_t bound = 0;
    if (json_is_string(value)) {
        size_t characters = display_text_count_characters(json_string_value(value));
        if ((json_members_integer(schema, "minLength", 0, INT64_MAX, &bound) &&
             characters < (size_t)bound) ||
            (json_members_integer(schema, "maxLength", 0, INT64_MAX, &bound) &&
             characters > (size_t)bound)) {
            return false;
        }
    }
    if (json_is_array(value) && json_members_integer(schema, "maxItems", 0, INT64_MAX, &bound)) {
        return json_array_size(value) <= (size_t)bound;
    }
    if (json_is_number(value)) {
        const json_t *least = json_object_get(schema, "minimum");
        const json_t *most = json_object_get(schema, "maximum");
        double number = json_number_value(value);
        return (least == NULL || number >= json_number_value(least)) &&
               (most == NULL || number <= json_number_value(most));
    }
    return true;
}

static enum result validate(const json_t *schema, const json_t *value, const char *path,
                            struct error *error);

static enum result validate_object(const json_t *schema, const json_t *value, const char *path,
                                   struct error *error)
{
    const json_t *properties = json_object_get(schema, "properties");
    size_t index;
    json_t *name;
    json_t *member;
    const char *key;
    json_array_foreach(json_object_get(schema, "required"), index, name)
    {
        if (json_object_get(value, json_string_value(name)) == NULL) {
            return error_set(error, RESULT_INVALID, "%s lacks the member \"%s\".", path,
                             json_string_value(name));
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        char member_path[PATH_BYTES];
        const json_t *member_schema = json_object_get(properties, key);
        (void)snprintf(member_path, sizeof member_path, "%.40s.%.30s", path, key);
        if (member_schema == NULL &&
            json_is_false(json_object_get(schema, "additionalProperties"))) {
            return error_set(error, RESULT_INVALID, "%s has no member \"%.40s\".", path, key);
        }
        if (member_schema != NULL) {
            enum result result = validate(member_schema, member, member_path, error);
            if (result != RESULT_OK) {
                return result;
            }
        }
    }
    return RESULT_OK;
}

static enum result validate(const json_t *schema, const json_t *value, const char *path,
                            struct error *error)
{
    size_t index;
    json_t *item;
    if (!has_one_type(json_object_get(schema, "type"), value)) {
        const json_t *type = json_object_get(schema, "type");
        return error_set(error, RESULT_INVALID, "%s must be %s.", path,
                         json_is_string(type) ? json_string_value(type) : "of another type");
    }
    if (!is_enumerated(json_object_get(schema, "enum"), value)) {
        return error_set(error, RESULT_INVALID, "%s is none of the known values.", path);
    }
    if (!is_within(schema, value)) {
        return error_set(error, RESULT_INVALID, "%s is too short, too long or out of range.", path);
    }
    if (json_is_object(value)) {
        return validate_object(schema, value, path, error);
    }
    const json_t *items = json_object_get(schema, "items");
    if (items != NULL) {
        json_array_foreach(value, index, item)
        {
            char item_path[PATH_BYTES];
            (void)snprintf(item_path, sizeof item_path, "%.50s[%zu]", path, index);
            enum result result = validate(items, item, item_path, error);
            if (result != RESULT_OK) {
                return result;
            }
        }
    }
    return RESULT_OK;
}

enum result schema_validate(const json_t *schema, const json_t *value, struct error *error)
{
    return validate(schema, value, "input", error);
}

bool schema_is_understood(const json_t *schema)
{
    static const char known[] =
        " type required additionalProperties enum minLength maxLength minimum maximum maxItems"
        " description ";
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)schema, key, member)
    {
        if (strcmp(key, "properties") == 0) {
            const char *name;
            json_t *property;
            json_object_foreach(member, name, property)
            {
                if (!schema_is_understood(property)) {
                    return false;
                }
            }
        } else if (strcmp(key, "items") == 0) {
            if (!schema_is_understood(member)) {
                return false;
            }
        } else {
            char word[PATH_BYTES];
            (void)snprintf(word, sizeof word, " %s ", key);
            if (strstr(known, word) == NULL) {
                return false;
            }
        }
    }
    return true;
}
