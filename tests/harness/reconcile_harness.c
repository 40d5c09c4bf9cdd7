/* Reconciliation on stdin and stdout, a line each, so that anybody's implementation can be run
 * against ours:
 *
 *   item,<timestamp>,<64 hex>   before seal
 *   seal
 *   initiate                    answers msg,<hex>
 *   msg,<hex>                   answers have,<hex> and need,<hex> (initiator), then msg,<hex> or
 * done exit
 *
 * What can't be done is answered with error,<text>. The size limit comes from the environment
 * variable FRAMESIZELIMIT (0 or absent: none).
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/number.h"
#include "protocol/reconcile.h"

struct session {
    struct item_set *set;
    size_t limit_bytes;
    bool sealed;
    bool initiator;
};

static void print_hex(const char *word, const void *bytes, size_t length_bytes)
{
    char *hex = memory_allocate(2 * length_bytes + 1, 1);
    (void)sodium_bin2hex(hex, 2 * length_bytes + 1, bytes, length_bytes);
    (void)printf("%s,%s\n", word, hex);
    memory_free(hex);
}

static void print_learned(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    (void)context;
    print_hex(ours ? "have" : "need", id, ITEM_ID_BYTES);
}

/* NULL on success, else what is wrong. */
static const char *add_item(struct session *session, const char *arguments)
{
    char *end = NULL;
    size_t id_bytes = 0;
    struct item item = {.timestamp = strtoll(arguments, &end, 10)};
    if (session->sealed) {
        return "the set is sealed";
    }
    if (end == arguments || *end != ',' || item.timestamp < 0 ||
        item.timestamp > NUMBER_SAFE_INTEGER ||
        sodium_hex2bin(item.id, sizeof item.id, end + 1, strlen(end + 1), NULL, &id_bytes, NULL) !=
            0 ||
        id_bytes != sizeof item.id) {
        return "expected item,<timestamp up to 2^53-1>,<64 hex>";
    }
    return item_set_insert(session->set, &item) ? NULL : "this item is there already";
}

static const char *initiate(struct session *session)
{
    struct buffer message;
    if (!session->sealed) {
        return "seal first";
    }
    session->initiator = true;
    buffer_init(&message);
    reconcile_initiate(session->set, session->limit_bytes, &message);
    print_hex("msg", message.data, message.length_bytes);
    buffer_deinit(&message);
    return NULL;
}

static const char *take_message(struct session *session, const char *hex)
{
    static struct error error;
    size_t length_bytes = 0;
    const char *problem = NULL;
    struct buffer next;
    if (!session->sealed) {
        return "seal first";
    }
    uint8_t *bytes = memory_allocate(strlen(hex) / 2 + 1, 1);
    buffer_init(&next);
    if (sodium_hex2bin(bytes, strlen(hex) / 2, hex, strlen(hex), NULL, &length_bytes, NULL) != 0 ||
        2 * length_bytes != strlen(hex)) {
        problem = "expected msg,<hex>";
    } else {
        enum result result =
            session->initiator
                ? reconcile_continue(session->set, bytes, length_bytes, session->limit_bytes,
                                     print_learned, NULL, &next, &error)
                : reconcile_respond(session->set, bytes, length_bytes, session->limit_bytes, &next,
                                    &error);
        problem = result == RESULT_OK ? NULL : error.message;
    }
    if (problem == NULL && next.length_bytes == 0) {
        (void)puts("done");
    } else if (problem == NULL) {
        print_hex("msg", next.data, next.length_bytes);
    }
    buffer_deinit(&next);
    memory_free(bytes);
    return problem;
}

static const char *obey(struct session *session, char *line)
{
    if (strncmp(line, "item,", 5) == 0) {
        return add_item(session, line + 5);
    }
    if (strcmp(line, "seal") == 0) {
        session->sealed = true;
        return NULL;
    }
    if (strcmp(line, "initiate") == 0) {
        return initiate(session);
    }
    if (strncmp(line, "msg,", 4) == 0) {
        return take_message(session, line + 4);
    }
    return "expected item, seal, initiate, msg or exit";
}

int main(void)
{
    struct session session = {.set = item_set_create()};
    const char *limit = getenv("FRAMESIZELIMIT"); // NOLINT(concurrency-mt-unsafe): one thread
    char *line = NULL;
    size_t capacity = 0;
    session.limit_bytes = limit == NULL ? 0 : (size_t)strtoull(limit, NULL, 10);
    if (session.limit_bytes != 0 && session.limit_bytes < RECONCILE_LEAST_LIMIT_BYTES) {
        (void)fprintf(stderr, "FRAMESIZELIMIT is 0 or at least %d.\n", RECONCILE_LEAST_LIMIT_BYTES);
        return 2;
    }
    while (getline(&line, &capacity, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strcmp(line, "exit") == 0) {
            break;
        }
        const char *problem = obey(&session, line);
        if (problem != NULL) {
            (void)printf("error,%s\n", problem);
        }
        (void)fflush(stdout);
    }
    free(line);
    item_set_destroy(&session.set);
    return 0;
}
