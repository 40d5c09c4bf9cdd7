/* An event that is accepted has the hash of its canonical bytes, and what is passed on reads back
 * as it; without the parser it is read as by the parser. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/event.h"
#include "support/alike.h"

static void check(struct verified_event *verified)
{
    json_t *again = NULL;
    struct event *reread = NULL;
    size_t length = 0;
    const char *text = event_verified_text(verified, &length);
    FUZZ_ASSERT(canonical_parse(text, length, CANONICAL_MOST_NESTING, &again, NULL) == RESULT_OK);
    FUZZ_ASSERT(event_parse(again, NULL, &reread) == EVENT_ACCEPTABLE);
    FUZZ_ASSERT(memcmp(reread->hash, event_verified_get(verified)->hash, sizeof reread->hash) == 0);
    event_destroy(&reread);
    json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    uint8_t hash[BLAKE3_HASH_BYTES];
    if (signing_start() != RESULT_OK) {
        return 0;
    }
    FUZZ_ASSERT(alike_difference((const char *)bytes, length) == NULL);
    if (canonical_parse((const char *)bytes, length, CANONICAL_MOST_NESTING, &json, NULL) !=
        RESULT_OK) {
        return 0;
    }
    if (event_parse(json, NULL, &event) == EVENT_ACCEPTABLE) {
        FUZZ_ASSERT(event->lamport >= 1 && event->signed_text.length_bytes <= EVENT_MOST_BYTES);
        blake3_hash(event->signed_text.data, event->signed_text.length_bytes, hash);
        FUZZ_ASSERT(memcmp(hash, event->hash, sizeof hash) == 0);
        if (event_verify(&event, &verified) == RESULT_OK) {
            check(verified);
            event_verified_destroy(&verified);
        }
        FUZZ_ASSERT(event == NULL);
    }
    json_decref(json);
    return 0;
}
