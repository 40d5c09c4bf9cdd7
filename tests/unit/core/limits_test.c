#include "core/limits.h"

#include <stdio.h>
#include <string.h>

#include "store/data_directory.h"
#include "support/test_support.h"

#define MIB 1048576

/* Measured, for their structs are private; with air. */
enum {
    TLS_BYTES = 32768, /* GnuTLS's of a connection: 14 KiB, and a record on its way */
    CALLER_BYTES = 3200,
    REQUEST_ID_BYTES = 80,
    BUCKET_BYTES = 16,
};

enum {
    PEER_CONNECTIONS = LIMITS_PEER_CONNECTIONS + LIMITS_CONNECTIONS_SLACK,
    LOCAL_CONNECTIONS = LIMITS_LOCAL_CONNECTIONS + LIMITS_CONNECTIONS_SLACK,
    TARGETS_BYTES = 2 * LIMITS_TARGET_BYTES, /* of a request: as it came, and its path */
};

/* What others can make this node hold, all of them at once. */
static const struct row {
    const char *what;
    int64_t strangers_bytes; /* of the network, with as many keys as they like */
    int64_t all_bytes;       /* those, members, and other users of this machine */
} rows[] = {
    {"connections to the peer listener, with TLS",
     (int64_t)PEER_CONNECTIONS *(LIMITS_PEER_CONNECTION_BYTES + TLS_BYTES),
     (int64_t)PEER_CONNECTIONS *(LIMITS_PEER_CONNECTION_BYTES + TLS_BYTES)},
    {"the addresses in their requests", (int64_t)PEER_CONNECTIONS *TARGETS_BYTES,
     (int64_t)PEER_CONNECTIONS *TARGETS_BYTES},
    {"answers too small to be counted", (int64_t)PEER_CONNECTIONS *LIMITS_SMALL_ANSWER_BYTES,
     (int64_t)PEER_CONNECTIONS *LIMITS_SMALL_ANSWER_BYTES},
    {"bodies and answers of requests, and answers to our calls", LIMITS_BYTES_OF_ALL / 2,
     LIMITS_BYTES_OF_ALL},
    {"texts that are read as JSON, up to the commit", LIMITS_JSON_OF_ALL / 2, LIMITS_JSON_OF_ALL},
    {"connections to the local listener, and their addresses", 0,
     (int64_t)LOCAL_CONNECTIONS *(LIMITS_LOCAL_CONNECTION_BYTES + TARGETS_BYTES)},
    {"who called, what was signed, heard and knocked at",
     LIMITS_CALLERS *CALLER_BYTES + LIMITS_REQUEST_IDS *REQUEST_ID_BYTES +
         (2 * LIMITS_HINT_SOURCES + LIMITS_KNOCKED_HOSTS) * BUCKET_BYTES,
     LIMITS_CALLERS *CALLER_BYTES + LIMITS_REQUEST_IDS *REQUEST_ID_BYTES +
         (2 * LIMITS_HINT_SOURCES + LIMITS_KNOCKED_HOSTS) * BUCKET_BYTES},
};

static long long in_mib(int64_t bytes)
{
    return (long long)((bytes + MIB - 1) / MIB);
}

/* docs/security.md has the row, with these numbers. */
static void expect_row(const char *document, const char *what, int64_t strangers, int64_t all)
{
    char line[160];
    (void)snprintf(line, sizeof line, "\n| %s | %lld | %lld |\n", what, in_mib(strangers),
                   in_mib(all));
    if (strstr(document, line) == NULL) {
        fail_msg("docs/security.md lacks%s", line);
    }
}

static void limits__what_others_hold_is_what_the_document_promises(void **state)
{
    int64_t strangers_bytes = 0;
    int64_t all_bytes = 0;
    char *document = NULL;
    size_t length = 0;
    (void)state;
    assert_int_equal(
        data_directory_read_file(HEARTHCHAT_SOURCE "/docs/security.md", MIB, &document, &length),
        RESULT_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_row(document, rows[i].what, rows[i].strangers_bytes, rows[i].all_bytes);
        strangers_bytes += rows[i].strangers_bytes;
        all_bytes += rows[i].all_bytes;
    }
    expect_row(document, "sum", strangers_bytes, all_bytes);
    assert_true(strangers_bytes <= (int64_t)256 * MIB);
    assert_true(all_bytes <= (int64_t)384 * MIB);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits__what_others_hold_is_what_the_document_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
