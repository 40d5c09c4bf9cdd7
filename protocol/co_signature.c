#include "protocol/co_signature.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

void co_signature_client_id(const struct node_id *target, const char *reason,
                            char client_id_out[static CO_SIGNATURE_CLIENT_ID_BYTES])
{
    char text[NODE_ID_TEXT_BYTES];
    node_id_format(target, text);
    (void)snprintf(client_id_out, CO_SIGNATURE_CLIENT_ID_BYTES, "revoke:%s:%s", text, reason);
}

json_t *co_signature_make(const struct signing_key *key, json_t *statement)
{
    char node_id[NODE_ID_TEXT_BYTES];
    char signature_text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    struct buffer text;
    buffer_init(&text);
    (void)canonical_write(statement, &text);
    json_decref(statement);
    signing_sign(key, text.data, text.length_bytes, &signature);
    buffer_deinit(&text);
    node_id_format(&key->node_id, node_id);
    signing_format_signature(&signature, signature_text);
    return json_build_pack("{s:s,s:s}", "node_id", node_id, "signature", signature_text);
}

json_t *co_signature_parse(const char *text)
{
    struct node_id signer;
    struct signature signature;
    json_t *co_signature = NULL;
    const char *comma = strchr(text, ',');
    if (comma == NULL) {
        return NULL;
    }
    char *node_id = memory_duplicate(text, (size_t)(comma - text));
    if (node_id_parse(node_id, &signer) == RESULT_OK &&
        signing_parse_signature(comma + 1, &signature) == RESULT_OK) {
        co_signature = json_build_pack("{s:s,s:s}", "node_id", node_id, "signature", comma + 1);
    }
    memory_free(node_id);
    return co_signature;
}

void co_signature_format(const json_t *co_signature, struct buffer *text_out)
{
    buffer_append_format(text_out, "%s,%s",
                         json_string_value(json_object_get(co_signature, "node_id")),
                         json_string_value(json_object_get(co_signature, "signature")));
}
