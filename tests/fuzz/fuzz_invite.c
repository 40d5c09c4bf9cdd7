/* An invite that is accepted names an inviter whose signature it carries, and says so again when
 * read again. */
#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "protocol/invite.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct invite invite = {0};
    struct invite again = {0};
    struct error error = {""};
    if (signing_start() != RESULT_OK) {
        return 0;
    }
    char *text = memory_duplicate(bytes, length);
    if (invite_parse(text, &invite, &error) == RESULT_OK) {
        FUZZ_ASSERT(invite_parse(text, &again, NULL) == RESULT_OK);
        FUZZ_ASSERT(node_id_equal(&invite.inviter, &again.inviter));
        FUZZ_ASSERT(!invite.is_open || invite.invite_event_id[0] == '\0');
        FUZZ_ASSERT(invite.bootstrap_endpoints.count <= NODE_MANIFEST_MOST_ENDPOINTS);
        invite_deinit(&again);
        invite_deinit(&invite);
    } else {
        FUZZ_ASSERT(error.message[0] != '\0');
    }
    memory_free(text);
    return 0;
}
