#include "left_on_disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/hpke.h"

static sqlite3 *open_database(const struct sim_node *node)
{
    sqlite3 *database = NULL;
    char *path = memory_format("%s/events.sqlite", node->directory);
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        abort();
    }
    memory_free(path);
    return database;
}

static bool has_secret(sqlite3 *database, const uint8_t secret[static HPKE_KEY_BYTES])
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(database, "SELECT 1 FROM receiving_keys WHERE secret=?1", -1, &row,
                           NULL) != SQLITE_OK) {
        abort();
    }
    (void)sqlite3_bind_blob(row, 1, secret, HPKE_KEY_BYTES, SQLITE_STATIC);
    bool has = sqlite3_step(row) == SQLITE_ROW;
    (void)sqlite3_finalize(row);
    return has;
}

static bool is_remembered(const struct chronicle *chronicle, unsigned node, const uint8_t *secret)
{
    for (size_t i = 0; i < chronicle->secret_count; i++) {
        if (chronicle->secrets[i].node == node &&
            memcmp(chronicle->secrets[i].secret, secret, HPKE_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

void left_on_disk_look(struct chronicle *chronicle, const struct sim_node *node)
{
    sqlite3 *database = open_database(node);
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(database, "SELECT secret FROM receiving_keys", -1, &row, NULL) !=
        SQLITE_OK) {
        abort();
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        const uint8_t *secret = sqlite3_column_blob(row, 0);
        if (!is_remembered(chronicle, node->index, secret)) {
            chronicle->secrets = memory_resize(chronicle->secrets, chronicle->secret_count + 1,
                                               sizeof *chronicle->secrets);
            struct kept_secret *kept = &chronicle->secrets[chronicle->secret_count++];
            kept->node = node->index;
            memcpy(kept->secret, secret, HPKE_KEY_BYTES);
        }
    }
    (void)sqlite3_finalize(row);
    (void)sqlite3_close(database);
}

static void read_file(const struct sim_node *node, const char *ending, struct buffer *bytes)
{
    char block[65536];
    size_t length = 0;
    char *path = memory_format("%s/events.sqlite%s", node->directory, ending);
    FILE *file = fopen(path, "rb");
    while (file != NULL && (length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_append(bytes, block, length);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    memory_free(path);
}

static unsigned complain(const struct sim_node *node, const char *what)
{
    (void)fprintf(stderr, "  %s: %s\n", node->name, what);
    return 1;
}

static unsigned check_secrets(const struct chronicle *chronicle, const struct sim_node *node,
                              const struct buffer *bytes, size_t *gone)
{
    unsigned problems = 0;
    sqlite3 *database = open_database(node);
    for (size_t i = 0; i < chronicle->secret_count; i++) {
        const struct kept_secret *kept = &chronicle->secrets[i];
        if (kept->node == node->index && !has_secret(database, kept->secret)) {
            ++*gone;
            if (memmem(bytes->data, bytes->length_bytes, kept->secret, HPKE_KEY_BYTES) != NULL) {
                problems += complain(node, "has left a secret on the disk that it deleted");
            }
        }
    }
    (void)sqlite3_close(database);
    return problems;
}

/* Whoever it was not for. */
static unsigned check_words(const struct chronicle *chronicle, const struct sim_node *node,
                            const struct buffer *bytes)
{
    const char *at = bytes->data;
    const char *end = bytes->data + bytes->length_bytes;
    while ((at = memmem(at, (size_t)(end - at), HISTORY_BODY, strlen(HISTORY_BODY))) != NULL) {
        size_t number = 0;
        for (at += strlen(HISTORY_BODY); at < end && *at >= '0' && *at <= '9'; at++) {
            number = number * 10 + (size_t)(*at - '0');
        }
        const struct sent_message *message = &chronicle->messages[number];
        if (number < chronicle->message_count && message->e2e && message->from != node->index &&
            message->to != node->index) {
            return complain(node, "knows what was sealed for others");
        }
    }
    return 0;
}

unsigned left_on_disk_check(struct chronicle *chronicle, size_t *gone_out)
{
    unsigned problems = 0;
    *gone_out = 0;
    for (unsigned i = 0; i < chronicle->world->node_count; i++) {
        struct sim_node *node = chronicle->world->nodes[i];
        struct buffer bytes;
        if (node->up) {
            sim_node_kill(node);
        }
        buffer_init(&bytes);
        read_file(node, "", &bytes);
        read_file(node, "-wal", &bytes);
        problems += check_secrets(chronicle, node, &bytes, gone_out);
        problems += check_words(chronicle, node, &bytes);
        buffer_deinit(&bytes);
    }
    return problems;
}
