/* A message is refused or answered within the limit, with a message that the other side can read;
 * and an initiator that reads it learns of ours only what we have. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/reconcile.h"

enum { LIMIT = RECONCILE_LEAST_LIMIT_BYTES };

struct learning {
    struct item_set *set;
    size_t theirs;
};

static void learn(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct learning *learning = context;
    bool held = false;
    for (size_t rank = 0; ours && !held && rank < item_set_count(learning->set); rank++) {
        held = memcmp(item_set_get(learning->set, rank)->id, id, ITEM_ID_BYTES) == 0;
    }
    FUZZ_ASSERT(!ours || held);
    learning->theirs += ours ? 0 : 1;
}

/* The first byte says how large our set is. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        return 0;
    }
    struct learning learning = {.set = item_set_create()};
    struct buffer answer;
    struct buffer next;
    for (unsigned i = 0; i < (unsigned)bytes[0] * 2; i++) {
        struct item item = {.timestamp = 1 + i / 3};
        memset(item.id, (int)(i * 37 & 0xff), sizeof item.id);
        (void)item_set_insert(learning.set, &item);
    }
    buffer_init(&answer);
    buffer_init(&next);
    bool answered =
        reconcile_respond(learning.set, bytes + 1, length - 1, LIMIT, &answer, NULL) == RESULT_OK;
    FUZZ_ASSERT(answered == (answer.length_bytes > 0) && answer.length_bytes <= LIMIT);
    if (answered) {
        FUZZ_ASSERT(reconcile_continue(learning.set, answer.data, answer.length_bytes, LIMIT, learn,
                                       &learning, &next, NULL) == RESULT_OK);
        FUZZ_ASSERT(learning.theirs == 0); /* it is our own set that answered */
    }
    buffer_clear(&next);
    (void)reconcile_continue(learning.set, bytes + 1, length - 1, LIMIT, learn, &learning, &next,
                             NULL);
    FUZZ_ASSERT(learning.theirs <= length / ITEM_ID_BYTES && next.length_bytes <= LIMIT);
    buffer_deinit(&answer);
    buffer_deinit(&next);
    item_set_destroy(&learning.set);
    return 0;
}
