#include "protocol/json_text.h"

#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/canonical.h"

void json_text_separate(struct buffer *out)
{
    const char *last = out->length_bytes == 0 ? "{" : out->data + out->length_bytes - 1;
    if (*last != '{' && *last != '[') {
        buffer_append_byte(out, ',');
    }
}

void json_text_name(struct buffer *out, const char *name)
{
    json_text_separate(out);
    buffer_append_byte(out, '"');
    buffer_append_text(out, name);
    buffer_append(out, "\":", 2);
}

void json_text_write(struct buffer *out, const char *text)
{
    if (text == NULL) {
        buffer_append_text(out, "null");
    } else if (utf8_is_text(text)) {
        canonical_write_text(text, strlen(text), out);
    } else {
        char *mended = memory_duplicate_string(text);
        utf8_mend(mended);
        canonical_write_text(mended, strlen(mended), out);
        memory_free(mended);
    }
}

void json_text_add(struct buffer *out, const char *name, const char *text)
{
    json_text_name(out, name);
    json_text_write(out, text);
}

void json_text_add_bool(struct buffer *out, const char *name, bool value)
{
    json_text_name(out, name);
    buffer_append_text(out, value ? "true" : "false");
}

void json_text_add_integer(struct buffer *out, const char *name, int64_t integer)
{
    json_text_name(out, name);
    buffer_append_format(out, "%lld", (long long)integer);
}
