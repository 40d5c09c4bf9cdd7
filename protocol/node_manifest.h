/* Node manifests: who a node is and where it can be reached (§8).
 *
 * Thread: any. The decoded form borrows its texts from the JSON.
 */
#ifndef HEARTHCHAT_PROTOCOL_NODE_MANIFEST_H
#define HEARTHCHAT_PROTOCOL_NODE_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"
#include "protocol/node_id.h"
#include "protocol/signing.h"

#define NODE_MANIFEST_MOST_ENDPOINTS 8
#define NODE_MANIFEST_HOST_BYTES 254 /* a DNS name or an address, with NUL */
#define NODE_MANIFEST_LIFE_SECONDS 30

struct endpoint {
    char host[NODE_MANIFEST_HOST_BYTES];
    uint16_t port;
};

struct endpoints {
    struct endpoint list[NODE_MANIFEST_MOST_ENDPOINTS];
    size_t count;
};

struct node_manifest {
    struct node_id node_id;
    bool has_community;
    struct node_id community_id;
    const char *display_name;   /* may be "" */
    struct endpoints endpoints; /* those with transport https */
    int64_t expires_at;
};

/* Reads what this node uses of a manifest; members it doesn't know are left alone. The signature is
 * checked apart (signing_verify_object). RESULT_INVALID when a member that is used is missing or
 * malformed. */
enum result node_manifest_parse(const json_t *json, struct node_manifest *manifest_out);

/* What changes from one signing to the next or from node to node; texts are borrowed. */
struct node_manifest_content {
    const struct node_id *community_id; /* NULL: in none yet */
    const char *display_name;
    const char *profile;
    const struct endpoints *endpoints;
    const json_t *capabilities; /* array; borrowed */
    double ram_gb;
    int64_t cpu_cores;
    double disk_free_gb;
    int64_t uptime_seconds;
    double load;
};

/* A fresh manifest, signed; the caller owns it. */
json_t *node_manifest_make(const struct node_manifest_content *content,
                           const struct signing_key *key, int64_t wall_seconds);

/* [{"transport":"https","host","port"}] and back; other transports are passed over. */
json_t *node_manifest_endpoints_to_json(const struct endpoints *endpoints);
enum result node_manifest_parse_endpoints(const json_t *json, struct endpoints *endpoints_out);
bool node_manifest_endpoints_equal(const struct endpoints *left, const struct endpoints *right);

/* "host:port", "[v6]:port". */
enum result node_manifest_parse_endpoint(const char *text, struct endpoint *endpoint_out);

/* A name or address without anything that could change the meaning of a URL. */
bool node_manifest_is_host(const char *host);

/* "https://host:port", brackets around IPv6; NUL-terminated, cut at the size. */
void node_manifest_format_url(const struct endpoint *endpoint, char *url_out, size_t size_bytes);

#endif
