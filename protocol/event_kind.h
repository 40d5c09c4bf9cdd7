/* The table of kinds: everything that depends on an event's type, one row a type (§5).
 *
 * Thread: any; the rows are constants. A kind is added by an enumerator in event_type.h, a row in
 * the kinds_*.c of its family and its place in event_kind.c, nowhere else.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_KIND_H
#define HEARTHCHAT_PROTOCOL_EVENT_KIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "protocol/event_data.h"
#include "protocol/event_type.h"
#include "protocol/node_id.h"

#define EVENT_KIND_NAME_BYTES 32 /* the longest name takes 29 */

struct event_kind {
    char name[EVENT_KIND_NAME_BYTES]; /* filled up with NULs; at least one */
    enum event_type type;
    bool drives_membership; /* one of the seven that membership is replayed from (§7) */
    bool tells_of_members;  /* those, and what a member says of its node (§8) */
    bool is_receipt;        /* its data is a struct receipt */

    /* Reads `data` by the rules of the kind, some of which speak of the event's author and
     * community. False: it breaks them; `error` may say how. `data_out` comes zeroed. */
    bool (*decode)(const json_t *data, const struct node_id *author,
                   const struct node_id *community_id, union event_data *data_out,
                   struct error *error);

    /* Whether the signatures inside the data hold, a manifest's or the author's among co-signers;
     * notes whose do. NULL: there are none. For the event's own comes first (§6), apart. */
    bool (*prove)(union event_data *data, const struct node_id *author);

    /* Frees what these allocated, on failure of the event later on too; NULL: nothing. */
    void (*release)(union event_data *data);
};

/* NULL: not in the set (`schema_unknown`). The name need not end with NUL. */
const struct event_kind *event_kind_find(const char *name, size_t length_bytes);

/* NULL for a number that is no type. */
const struct event_kind *event_kind_get(enum event_type type);

/* "" for a number that is no type. */
const char *event_kind_name(enum event_type type);

/* RESULT_INVALID, with the reason in `error` (may be NULL), when `data` breaks the rules of its
 * kind; nothing needs to be released then. */
enum result event_kind_decode(const struct event_kind *kind, const json_t *data,
                              const struct node_id *author, const struct node_id *community_id,
                              union event_data *data_out, struct error *error);

/* RESULT_INVALID when a signature inside data that was decoded, and is not proven yet, does not
 * hold. */
enum result event_kind_prove(const struct event_kind *kind, const struct node_id *author,
                             union event_data *data, struct error *error);

/* Frees what the data of an event of that type owns; a number that is no type owns nothing. */
void event_kind_release(enum event_type type, union event_data *data);

#endif
