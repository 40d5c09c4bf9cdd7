#include "protocol/json_build.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/utf8.h"

static json_t *or_abort(json_t *value, const char *what, const char *reason)
{
    if (value == NULL) {
        log_write(LOG_ERROR, "json.not_built", "of", what, "reason", reason, NULL);
        abort();
    }
    return value;
}

json_t *json_build_pack(const char *format, ...)
{
    json_error_t reason = {.text = ""};
    va_list arguments;
    va_start(arguments, format);
    json_t *value = json_vpack_ex(&reason, 0, format, arguments);
    va_end(arguments);
    return or_abort(value, format, reason.text);
}

json_t *json_build_text(const char *text)
{
    return or_abort(json_string(text), "a text", text == NULL ? "no text" : "no valid UTF-8");
}

json_t *json_build_ascii(const char *bytes, size_t length_bytes)
{
    return or_abort(json_stringn_nocheck(bytes, length_bytes), "a text", "no memory");
}

json_t *json_build_number(double number)
{
    return or_abort(json_real(number), "a number", "not finite, or no memory");
}

void json_build_member(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new_nocheck(object, name, value) != 0) {
        (void)or_abort(NULL, name, "no memory");
    }
}

json_t *json_build_copy(const json_t *value)
{
    return or_abort(json_deep_copy(value), "a copy", value == NULL ? "of nothing" : "no memory");
}

enum result json_build_try(json_t **value_out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *value_out = json_vpack_ex(NULL, 0, format, arguments);
    va_end(arguments);
    return *value_out == NULL ? RESULT_INVALID : RESULT_OK;
}

enum result json_build_try_text(const char *bytes, size_t length_bytes, json_t **value_out)
{
    bool has_nul = length_bytes > 0 && memchr(bytes, '\0', length_bytes) != NULL;
    *value_out = has_nul ? NULL : json_stringn(bytes, length_bytes);
    return *value_out == NULL ? RESULT_INVALID : RESULT_OK;
}

json_t *json_build_stored_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *string = json_string(text);
    if (string == NULL) {
        char *mended = memory_duplicate_string(text);
        utf8_mend(mended);
        string = json_build_text(mended);
        memory_free(mended);
    }
    return string;
}
