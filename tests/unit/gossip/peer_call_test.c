#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "support/scripted_peers.h"

enum { BOB = 2, MOST_LOG_BYTES = 4096 };

/* What the program's log has about a peer that was late with the second half of a page. */
static void peer_call__blames_nobody_for_a_link_that_stalls(void **state)
{
    static const char half[] = "{\"events\":[";
    static const uint8_t hash[BLAKE3_HASH_BYTES] = {1};
    struct scripted_peers scripted;
    struct error error = {""};
    char text[MOST_LOG_BYTES] = "";
    char *directory = test_directory();
    char *path = memory_format("%s/log", directory);
    (void)state;
    assert_int_equal(log_open(path, LOG_WARNING, &error), RESULT_OK);
    scripted_peers_open(&scripted, 1);
    for (size_t i = 0; i < 2; i++) {
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), hash,
                             1);
        scripted_peers_stall(&scripted, scripted_peers_await(&scripted, BOB, "/fetch"), half,
                             sizeof half - 1);
    }
    scripted_peers_close(&scripted);
    log_close();
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)fread(text, 1, sizeof text - 1, file);
    assert_int_equal(fclose(file), 0);
    const char *stalled = strstr(text, "\"peer.stalled\"");
    assert_non_null(stalled);
    assert_null(strstr(stalled + 1, "\"peer.stalled\"")); /* once in ten minutes */
    assert_null(strstr(text, "misbehaves"));
    memory_free(path);
    test_remove_directory(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_call__blames_nobody_for_a_link_that_stalls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
