/* A hint that is read names a node, a community and a port, and says so again when it is written
 * and read again. */
#include <string.h>

#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "protocol/lan_hint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct lan_hint hint;
    struct lan_hint again;
    char text[LAN_HINT_MOST_BYTES];
    uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
    char *copy = memory_duplicate(bytes, length);
    if (lan_hint_read(copy, length, &hint) == RESULT_OK) {
        FUZZ_ASSERT(length <= LAN_HINT_MOST_BYTES && hint.port != 0);
        FUZZ_ASSERT(node_id_parse_short(hint.node, prefix) == RESULT_OK);
        FUZZ_ASSERT(node_id_parse_short(hint.community, prefix) == RESULT_OK);
        size_t written = lan_hint_write(&hint, text);
        FUZZ_ASSERT(written < sizeof text && written == strlen(text));
        FUZZ_ASSERT(lan_hint_read(text, written, &again) == RESULT_OK);
        FUZZ_ASSERT(strcmp(hint.node, again.node) == 0 && hint.port == again.port);
        FUZZ_ASSERT(strcmp(hint.community, again.community) == 0);
    }
    memory_free(copy);
    return 0;
}
