/* canonical(parse(canonical(x))) = canonical(x), always (§2); and no NUL is ever let through. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *value = NULL;
    json_t *again = NULL;
    struct buffer text;
    struct buffer second;
    if (canonical_parse((const char *)bytes, length, CANONICAL_MOST_NESTING, &value, NULL) !=
        RESULT_OK) {
        return 0;
    }
    FUZZ_ASSERT(memchr(bytes, '\0', length) == NULL);
    buffer_init(&text);
    buffer_init(&second);
    FUZZ_ASSERT(canonical_write(value, &text) == RESULT_OK);
    FUZZ_ASSERT(canonical_parse(buffer_text(&text), text.length_bytes, CANONICAL_MOST_NESTING,
                                &again, NULL) == RESULT_OK);
    FUZZ_ASSERT(canonical_write(again, &second) == RESULT_OK);
    FUZZ_ASSERT(text.length_bytes == second.length_bytes &&
                memcmp(text.data, second.data, text.length_bytes) == 0);
    json_decref(value);
    json_decref(again);
    buffer_deinit(&text);
    buffer_deinit(&second);
    return 0;
}
