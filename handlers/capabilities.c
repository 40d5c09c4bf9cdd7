#include "handlers/capabilities.h"

#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/embedded_file.h"
#include "handlers/schema.h"
#include "protocol/blake3.h"
#include "protocol/canonical.h"

extern const struct embedded_file schema_files[];

static struct capability capabilities[] = {
    {.name = "chat.send",
     .major = 1,
     .minor = 0,
     .max_concurrent = 64,
     .idempotent = true,
     .call = chat_send_call},
    {.name = "chat.history",
     .major = 1,
     .minor = 0,
     .max_concurrent = 64,
     .idempotent = true,
     .call = chat_history_call},
    {.name = "community.invite",
     .major = 1,
     .minor = 0,
     .max_concurrent = 8,
     .call = community_invite_call},
    {.name = "community.revoke",
     .major = 1,
     .minor = 0,
     .max_concurrent = 8,
     .call = community_revoke_call},
};
enum { COUNT = sizeof capabilities / sizeof capabilities[0] };

static json_t *documents[COUNT];

static const struct embedded_file *find_file(const char *name)
{
    const struct embedded_file *file = schema_files;
    while (file->name != NULL && strcmp(file->name, name) != 0) {
        file++;
    }
    return file;
}

static enum result load(struct capability *capability, json_t **document_out)
{
    char file_name[80];
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct buffer canonical;
    buffer_init(&canonical);
    (void)snprintf(file_name, sizeof file_name, "%s@%d.%d.json", capability->name,
                   capability->major, capability->minor);
    const struct embedded_file *file = find_file(file_name);
    enum result result = RESULT_INVALID;
    if (file->name != NULL &&
        canonical_parse((const char *)file->bytes, file->length_bytes, CANONICAL_MOST_NESTING,
                        document_out, NULL) == RESULT_OK &&
        canonical_write(*document_out, &canonical) == RESULT_OK) {
        capability->request_schema = json_object_get(*document_out, "request_schema");
        blake3_hash(canonical.data, canonical.length_bytes, hash);
        (void)snprintf(capability->schema_hash, sizeof capability->schema_hash, "blake3:");
        for (size_t i = 0; i < sizeof hash; i++) {
            (void)snprintf(capability->schema_hash + 7 + 2 * i, 3, "%02x", hash[i]);
        }
        result = schema_is_understood(capability->request_schema) ? RESULT_OK : RESULT_INVALID;
    }
    buffer_deinit(&canonical);
    return result;
}

enum result capabilities_load(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        enum result result = load(&capabilities[i], &documents[i]);
        if (result != RESULT_OK) {
            return result;
        }
    }
    return RESULT_OK;
}

void capabilities_unload(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        json_decref(documents[i]);
        documents[i] = NULL;
    }
}

size_t capabilities_number(const char *name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(capabilities[i].name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

const struct capability *capabilities_find(const char *name)
{
    size_t number = capabilities_number(name);
    return number == 0 ? NULL : &capabilities[number - 1];
}

json_t *capabilities_to_json(bool chat_enabled)
{
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT; i++) {
        const struct capability *capability = &capabilities[i];
        char version[32];
        if (!chat_enabled && strncmp(capability->name, "chat.", 5) == 0) {
            continue;
        }
        (void)snprintf(version, sizeof version, "%d.%d", capability->major, capability->minor);
        (void)json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:s,s:{},s:I}", "name", capability->name, "version",
                            version, "stability", "stable", "schema_hash", capability->schema_hash,
                            "params", "max_concurrent", (json_int_t)capability->max_concurrent));
    }
    return list;
}

void capabilities_call(const struct capability *capability, struct request *request,
                       const struct services *services, const json_t *input)
{
    struct error error = {""};
    if (schema_validate(capability->request_schema, input, &error) == RESULT_OK) {
        capability->call(request, services, input);
        return;
    }
    request_reply_schema_mismatch(request, error.message, capability->schema_hash);
}
