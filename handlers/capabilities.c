#include "handlers/capabilities.h"

#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/embedded_file.h"
#include "core/limits.h"
#include "handlers/schema.h"
#include "protocol/blake3.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"

extern const struct embedded_file schema_files[];

/* The table that was handed in; it outlives us. */
static struct capability *capabilities;
static size_t capability_count;

static const struct embedded_file *find_file(const char *name)
{
    const struct embedded_file *file = schema_files;
    while (file->name != NULL && strcmp(file->name, name) != 0) {
        file++;
    }
    return file;
}

static enum result load(struct capability *capability)
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
                        &capability->document, NULL) == RESULT_OK &&
        canonical_write(capability->document, &canonical) == RESULT_OK) {
        capability->request_schema = json_object_get(capability->document, "request_schema");
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

enum result capabilities_load(struct capability *table, size_t count)
{
    capabilities = table;
    capability_count = count;
    for (size_t i = 0; i < count; i++) {
        enum result result = load(&table[i]);
        if (result != RESULT_OK) {
            return result;
        }
    }
    return RESULT_OK;
}

void capabilities_unload(void)
{
    for (size_t i = 0; i < capability_count; i++) {
        json_decref(capabilities[i].document);
        capabilities[i].document = NULL;
    }
}

size_t capabilities_number(const char *name)
{
    for (size_t i = 0; i < capability_count; i++) {
        if (strcmp(capabilities[i].name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

struct capability *capabilities_find(const char *name)
{
    size_t number = capabilities_number(name);
    return number == 0 ? NULL : &capabilities[number - 1];
}

json_t *capabilities_to_json(bool chat_enabled)
{
    json_t *list = json_array();
    for (size_t i = 0; i < capability_count; i++) {
        const struct capability *capability = &capabilities[i];
        char version[32];
        if (!chat_enabled && strncmp(capability->name, "chat.", 5) == 0) {
            continue;
        }
        (void)snprintf(version, sizeof version, "%d.%d", capability->major, capability->minor);
        (void)json_array_append_new(
            list,
            json_build_pack("{s:s,s:s,s:s,s:s,s:{},s:I}", "name", capability->name, "version",
                            version, "stability", "stable", "schema_hash", capability->schema_hash,
                            "params", "max_concurrent", (json_int_t)capability->max_concurrent));
    }
    return list;
}

void capabilities_call(struct capability *capability, struct request *request,
                       const struct node_parts *parts, const json_t *input)
{
    struct error error = {""};
    if (schema_validate(capability->request_schema, input, &error) != RESULT_OK) {
        request_reply_schema_mismatch(request, error.message, capability->schema_hash);
        return;
    }
    size_t most = (size_t)capability->max_concurrent;
    most += request->caller.is_tab ? LIMITS_TAB_CALLS_AT_ONCE : 0;
    request->counted = &capability->in_flight;
    if (atomic_fetch_add(&capability->in_flight, 1) >= most) {
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "This capability is called too often at once (max_concurrent); wait "
                            "for some of the answers.");
        return;
    }
    capability->call(request, parts, input);
}
