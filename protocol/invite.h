/* Invites: a signed text that lets one named device join, or come back; an open one lets in whoever
 * holds its token, which the inviter's node exchanges for such a text (§17). Whatever is read may
 * stand amid other text (pasted_text.h). A token is a secret: it goes into no log.
 *
 * Thread: any. invite_deinit() frees what invite_parse() filled.
 */
#ifndef HEARTHCHAT_PROTOCOL_INVITE_H
#define HEARTHCHAT_PROTOCOL_INVITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "protocol/event_data.h"
#include "protocol/node_manifest.h"
#include "protocol/signing.h"
#include "protocol/ulid.h"

#define INVITE_MOST_TEXT_BYTES 16384
#define INVITE_TOKEN_BYTES 16

struct invite {
    struct node_id community_id;
    struct node_id inviter;
    struct node_id invitee; /* of nobody, if it is open */
    enum member_level initial_level;
    struct endpoints bootstrap_endpoints;
    int64_t expires_at;                    /* seconds since 1970 */
    char invite_event_id[ULID_TEXT_BYTES]; /* "": for a member that comes back, or open */
    bool is_open;
    uint8_t token[INVITE_TOKEN_BYTES]; /* if it is open */
    char *community_name;
};

/* "hearthnet://v1/…", signed with the inviter's key; the caller frees it. */
char *invite_make(const struct invite *invite, const struct signing_key *inviter_key);

/* Reads and checks the text and its signature; says nothing about expiry or for whom it is.
 * RESULT_INVALID for everything that is no such invite, the reason in `error`. */
enum result invite_parse(const char *text, struct invite *invite_out, struct error *error);
void invite_deinit(struct invite *invite);

/* A token as it stands in an invite, base64url; the caller frees it. */
char *invite_format_token(const uint8_t token[static INVITE_TOKEN_BYTES]);
bool invite_parse_token(const char *text, uint8_t token_out[static INVITE_TOKEN_BYTES]);

/* "hearthnet-id://v1/…" of a device that wants to be invited; the caller frees it. */
char *invite_make_id_text(const struct node_id *node_id, const char *display_name);

/* Reads that text. `display_name_out` (caller frees) is "" when it names none. */
enum result invite_parse_id_text(const char *text, struct node_id *node_id_out,
                                 char **display_name_out);

#endif
