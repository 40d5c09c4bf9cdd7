/* Invites: a signed text that lets one named device join (§17).
 *
 * Thread: any. invite_deinit() frees what invite_parse() filled.
 */
#ifndef HEARTHCHAT_PROTOCOL_INVITE_H
#define HEARTHCHAT_PROTOCOL_INVITE_H

#include <stdint.h>

#include "core/error.h"
#include "protocol/event_data.h"
#include "protocol/node_manifest.h"
#include "protocol/signing.h"
#include "protocol/ulid.h"

#define INVITE_MOST_TEXT_BYTES 16384

struct invite {
    struct node_id community_id;
    struct node_id inviter;
    struct node_id invitee;
    enum member_level initial_level;
    struct endpoints bootstrap_endpoints;
    int64_t expires_at; /* seconds since 1970 */
    char invite_event_id[ULID_TEXT_BYTES];
    char *community_name;
};

/* "hearthnet://v1/…", signed with the inviter's key; the caller frees it. */
char *invite_make(const struct invite *invite, const struct signing_key *inviter_key);

/* Reads and checks the text and its signature; says nothing about expiry or for whom it is.
 * RESULT_INVALID for everything that is no such invite, the reason in `error`. */
enum result invite_parse(const char *text, struct invite *invite_out, struct error *error);
void invite_deinit(struct invite *invite);

/* "hearthnet-id://v1/…" of a device that wants to be invited; the caller frees it. */
char *invite_make_id_text(const struct node_id *node_id, const char *display_name);

/* Reads that text. `display_name_out` (caller frees) is "" when it names none. */
enum result invite_parse_id_text(const char *text, struct node_id *node_id_out,
                                 char **display_name_out);

#endif
