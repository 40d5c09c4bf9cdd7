#include "protocol/node_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/wall_clock.h"

bool node_manifest_is_host(const char *host)
{
    size_t length = strlen(host);
    size_t plain =
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_");
    return length >= 1 && length < NODE_MANIFEST_HOST_BYTES && plain == length && host[0] != '-';
}

enum result node_manifest_parse_endpoints(const json_t *json, struct endpoints *endpoints_out)
{
    size_t index;
    json_t *entry;
    if (!json_is_array(json)) {
        return RESULT_INVALID;
    }
    endpoints_out->count = 0;
    json_array_foreach(json, index, entry)
    {
        const char *transport = NULL;
        const char *host = NULL;
        int64_t port = 0;
        if (!json_members_string(entry, "transport", &transport, NULL) ||
            !json_members_string(entry, "host", &host, NULL) || !node_manifest_is_host(host) ||
            !json_members_integer(entry, "port", 1, 65535, &port)) {
            return RESULT_INVALID;
        }
        if (strcmp(transport, "https") != 0 ||
            endpoints_out->count == NODE_MANIFEST_MOST_ENDPOINTS) {
            continue;
        }
        struct endpoint *endpoint = &endpoints_out->list[endpoints_out->count++];
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", host);
        endpoint->port = (uint16_t)port;
    }
    return RESULT_OK;
}

json_t *node_manifest_endpoints_to_json(const struct endpoints *endpoints)
{
    json_t *array = json_array();
    for (size_t i = 0; i < endpoints->count; i++) {
        (void)json_array_append_new(array, json_build_pack("{s:s,s:s,s:i}", "transport", "https",
                                                           "host", endpoints->list[i].host, "port",
                                                           (int)endpoints->list[i].port));
    }
    return array;
}

bool node_manifest_endpoints_equal(const struct endpoints *left, const struct endpoints *right)
{
    if (left->count != right->count) {
        return false;
    }
    for (size_t i = 0; i < left->count; i++) {
        if (left->list[i].port != right->list[i].port ||
            strcmp(left->list[i].host, right->list[i].host) != 0) {
            return false;
        }
    }
    return true;
}

enum result node_manifest_parse_endpoint(const char *text, struct endpoint *endpoint_out)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon[1] < '0' || colon[1] > '9') {
        return RESULT_INVALID;
    }
    long port = strtol(colon + 1, &end, 10);
    const char *host = text;
    size_t length = (size_t)(colon - text);
    bool brackets = length >= 2 && host[0] == '[' && host[length - 1] == ']';
    if (brackets) {
        host++;
        length -= 2;
    }
    if (*end != '\0' || port < 1 || port > 65535 || length == 0 ||
        length >= NODE_MANIFEST_HOST_BYTES) {
        return RESULT_INVALID;
    }
    struct endpoint endpoint = {.port = (uint16_t)port};
    memcpy(endpoint.host, host, length);
    if (!node_manifest_is_host(endpoint.host) ||
        (strchr(endpoint.host, ':') != NULL && !brackets)) {
        return RESULT_INVALID;
    }
    *endpoint_out = endpoint;
    return RESULT_OK;
}

void node_manifest_format_url(const struct endpoint *endpoint, char *url_out, size_t size_bytes)
{
    bool v6 = strchr(endpoint->host, ':') != NULL;
    (void)snprintf(url_out, size_bytes, "https://%s%s%s:%u", v6 ? "[" : "", endpoint->host,
                   v6 ? "]" : "", (unsigned)endpoint->port);
}

enum result node_manifest_parse(const json_t *json, struct node_manifest *manifest_out)
{
    struct node_manifest manifest = {0};
    int64_t version = 0;
    const char *expires_at = NULL;
    const json_t *community = json_object_get(json, "community_id");
    if (!json_members_integer(json, "version", 1, 1, &version) ||
        !json_members_node_id(json, "node_id", &manifest.node_id) ||
        !json_members_string(json, "display_name", &manifest.display_name, NULL) ||
        !json_members_string(json, "expires_at", &expires_at, NULL) ||
        wall_clock_parse(expires_at, &manifest.expires_at) != RESULT_OK ||
        node_manifest_parse_endpoints(json_object_get(json, "endpoints"), &manifest.endpoints) !=
            RESULT_OK) {
        return RESULT_INVALID;
    }
    if (!json_is_null(community)) {
        manifest.has_community = true;
        if (!json_members_node_id(json, "community_id", &manifest.community_id)) {
            return RESULT_INVALID;
        }
    }
    *manifest_out = manifest;
    return RESULT_OK;
}

json_t *node_manifest_make(const struct node_manifest_content *content,
                           const struct signing_key *key, int64_t wall_seconds)
{
    char node_id[NODE_ID_TEXT_BYTES];
    char community_id[NODE_ID_TEXT_BYTES];
    char issued_at[WALL_CLOCK_TEXT_BYTES];
    char expires_at[WALL_CLOCK_TEXT_BYTES];
    node_id_format(&key->node_id, node_id);
    wall_clock_format(wall_seconds, issued_at);
    wall_clock_format(wall_seconds + NODE_MANIFEST_LIFE_SECONDS, expires_at);
    if (content->community_id != NULL) {
        node_id_format(content->community_id, community_id);
    }
    json_t *hardware = json_build_pack("{s:n,s:i,s:f,s:I,s:f}", "gpu", "vram_gb", 0, "ram_gb",
                                       content->ram_gb, "cpu_cores", (json_int_t)content->cpu_cores,
                                       "disk_free_gb", content->disk_free_gb);
    json_t *manifest = json_build_pack(
        "{s:i,s:s,s:s,s:s,s:s?,s:s,s:o,s:o,s:O,s:I,s:f,s:s,s:s}", "version", 1, "contract_version",
        "1.0", "node_id", node_id, "display_name", content->display_name, "community_id",
        content->community_id == NULL ? NULL : community_id, "profile", content->profile,
        "endpoints", node_manifest_endpoints_to_json(content->endpoints), "hardware", hardware,
        "capabilities", (json_t *)(uintptr_t)content->capabilities, "uptime_seconds",
        (json_int_t)content->uptime_seconds, "load", content->load, "issued_at", issued_at,
        "expires_at", expires_at);
    if (signing_sign_object(key, manifest) != RESULT_OK) {
        json_decref(manifest);
        return NULL;
    }
    return manifest;
}
