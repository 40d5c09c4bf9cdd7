/* A manifest that is accepted names addresses that can only be addresses, and its endpoints read
 * back as they were. */
#include <string.h>

#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/node_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *json = NULL;
    struct node_manifest manifest;
    struct endpoints again;
    if (signing_start() != RESULT_OK ||
        canonical_parse((const char *)bytes, length, CANONICAL_MOST_NESTING, &json, NULL) !=
            RESULT_OK) {
        return 0;
    }
    if (node_manifest_parse(json, &manifest) == RESULT_OK) {
        json_t *written = node_manifest_endpoints_to_json(&manifest.endpoints);
        FUZZ_ASSERT(manifest.display_name != NULL);
        FUZZ_ASSERT(manifest.endpoints.count <= NODE_MANIFEST_MOST_ENDPOINTS);
        FUZZ_ASSERT(node_manifest_parse_endpoints(written, &again) == RESULT_OK);
        FUZZ_ASSERT(node_manifest_endpoints_equal(&manifest.endpoints, &again));
        for (size_t i = 0; i < manifest.endpoints.count; i++) {
            char url[320];
            node_manifest_format_url(&manifest.endpoints.list[i], url, sizeof url);
            FUZZ_ASSERT(strncmp(url, "https://", 8) == 0);
            FUZZ_ASSERT(strpbrk(url + 8, "/?#@ \r\n") == NULL);
        }
        json_decref(written);
    }
    json_decref(json);
    return 0;
}
