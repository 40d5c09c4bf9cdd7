/* The capabilities of this node: names, versions, schemas, and the functions behind them (§14).
 *
 * Thread: capabilities_load() once at startup; the rest: any.
 */
#ifndef HEARTHCHAT_HANDLERS_CAPABILITIES_H
#define HEARTHCHAT_HANDLERS_CAPABILITIES_H

#include "handlers/node_parts.h"

/* Answers the request; `input` is borrowed for the call, and valid by the request schema. */
typedef void capability_call(struct request *request, const struct node_parts *parts,
                             const json_t *input);

struct capability {
    const char *name;
    int major;
    int minor;
    int64_t max_concurrent;  /* of everybody's calls at once (§8); more are refused */
    atomic_size_t in_flight; /* begun and not answered yet */
    bool for_peers;          /* a member may call it; others only the owner */
    bool idempotent;
    capability_call *call;
    json_t *document; /* the schema's file; once loaded */
    const json_t *request_schema;
    char schema_hash[72]; /* "blake3:" + 64 hex */
};

/* Reads the embedded schemas into the table, which is kept (capability_table.h). RESULT_INVALID
 * when one is broken (a mistake of the build). */
enum result capabilities_load(struct capability *table, size_t count);
void capabilities_unload(void);

/* NULL: no such name. */
struct capability *capabilities_find(const char *name);

/* Its number from 1 on; 0: no such name. */
size_t capabilities_number(const char *name);

/* [{"name","version","stability","schema_hash","params","max_concurrent"}] of all of them;
 * those of the chat only when it is enabled. Fresh. */
json_t *capabilities_to_json(bool chat_enabled);

/* Validates the input, counts and calls; answers schema_mismatch and capacity_exceeded itself. */
void capabilities_call(struct capability *capability, struct request *request,
                       const struct node_parts *parts, const json_t *input);

/* The functions, one file each. */
capability_call chat_send_call;
capability_call chat_history_call;
capability_call admission_invite_call;
capability_call member_change_revoke_call;

#endif
