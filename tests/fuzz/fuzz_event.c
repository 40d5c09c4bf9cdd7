/* An event that is accepted has the hash of its canonical bytes, and what is passed on reads back
 * as it. */
#include <string.h>

#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/event_scan.h"
#include "protocol/offer.h"

/* What is offered is so whichever way it was read. */
static void check_offer(const struct event *one, const struct event *other)
{
    struct offer left;
    struct offer right;
    bool offers = offer_of(one, &left);
    FUZZ_ASSERT(offer_of(other, &right) == offers);
    FUZZ_ASSERT(!offers ||
                (node_id_equal(&left.peer, &right.peer) &&
                 memcmp(&left.key, &right.key, sizeof left.key) == 0 &&
                 left.to_everybody == right.to_everybody && left.is_reset == right.is_reset));
}

/* What the scanner reads, the parser reads just the same. */
static void check_scan(const uint8_t *bytes, size_t length)
{
    static const struct node_id nobody;
    struct event *scanned = NULL;
    struct event *parsed = NULL;
    json_t *json = NULL;
    size_t taken = 0;
    const char *text = (const char *)bytes;
    const char *community = memmem(bytes, length, "\"community_id\":\"", 16);
    struct node_id community_id = nobody;
    if (community != NULL && community + 16 + 51 < text + length) {
        char *id = memory_duplicate(community + 16, 51);
        (void)!node_id_parse(id, &community_id);
        memory_free(id);
    }
    if (!event_scan_one(text, length, &community_id, &scanned, &taken)) {
        return;
    }
    FUZZ_ASSERT(taken <= length);
    FUZZ_ASSERT(canonical_parse(text, taken, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK);
    FUZZ_ASSERT(event_parse(json, NULL, &parsed) == EVENT_ACCEPTABLE);
    FUZZ_ASSERT(memcmp(scanned->hash, parsed->hash, sizeof parsed->hash) == 0);
    FUZZ_ASSERT(strcmp(scanned->event_id, parsed->event_id) == 0);
    FUZZ_ASSERT(strcmp(scanned->signature_text, parsed->signature_text) == 0);
    FUZZ_ASSERT(strcmp(scanned->wall_clock, parsed->wall_clock) == 0);
    FUZZ_ASSERT(scanned->lamport == parsed->lamport && scanned->type == parsed->type);
    FUZZ_ASSERT(node_id_equal(&scanned->author, &parsed->author));
    if (parsed->type == EVENT_MESSAGE_SENT) {
        const struct message_sent *left = &scanned->data.message;
        const struct message_sent *right = &parsed->data.message;
        FUZZ_ASSERT(left->body_bytes == right->body_bytes && strcmp(left->body, right->body) == 0);
        FUZZ_ASSERT(strcmp(left->client_id, right->client_id) == 0);
        FUZZ_ASSERT(json_equal(left->attachments, right->attachments) != 0);
        FUZZ_ASSERT(left->sealed == right->sealed);
        FUZZ_ASSERT(!left->sealed || json_equal(left->envelope, right->envelope) != 0);
        FUZZ_ASSERT(node_id_equal(&left->recipient, &right->recipient));
    } else if (parsed->type == EVENT_MESSAGE_DELIVERED || parsed->type == EVENT_MESSAGE_READ) {
        FUZZ_ASSERT(strcmp(scanned->data.receipt.at, parsed->data.receipt.at) == 0);
        FUZZ_ASSERT(strcmp(scanned->data.receipt.target_event_id,
                           parsed->data.receipt.target_event_id) == 0);
    }
    check_offer(scanned, parsed);
    event_destroy(&scanned);
    event_destroy(&parsed);
    json_decref(json);
}

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
    if (signing_start() == RESULT_OK) {
        check_scan(bytes, length);
    }
    if (signing_start() != RESULT_OK ||
        canonical_parse((const char *)bytes, length, CANONICAL_MOST_NESTING, &json, NULL) !=
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
