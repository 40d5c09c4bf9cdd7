/* Open invites: what this node has promised to whoever shows a token, and how often it has kept it
 * (§17).
 *
 * A token itself is never kept, only its BLAKE3. What is counted is committed together with the
 * invitation that it is counted for.
 * Thread: any; `done` runs on the writer's, after the commit, and must not block. When a function
 * returns anything but RESULT_OK, `done` is never called.
 * Limits: the newest LOG_OPEN_INVITES_MOST are kept, as of invitations (§7).
 */
#ifndef HEARTHCHAT_STORE_LOG_OPEN_INVITES_H
#define HEARTHCHAT_STORE_LOG_OPEN_INVITES_H

#include "protocol/invite.h"
#include "store/event_log.h"

#define LOG_OPEN_INVITES_MOST 256
#define LOG_OPEN_INVITES_MOST_USES 256 /* as many unused invitations of one author count (§7) */

struct open_invite {
    uint8_t token[INVITE_TOKEN_BYTES];
    enum member_level level;
    int64_t expires_at; /* seconds since 1970 */
    int64_t uses;       /* 1 … LOG_OPEN_INVITES_MOST_USES */
};

/* Keeps it. RESULT_UNAUTHORIZED: this node may not invite at that level. RESULT_IO. */
enum result log_open_invites_add(struct event_log *log, const struct open_invite *open,
                                 event_log_answered *done, void *context);

struct redeem_answer {
    enum result result;
    struct error error; /* set unless RESULT_OK */
    enum member_level level;
    int64_t expires_at;
    char invite_event_id[ULID_TEXT_BYTES]; /* "": the guest is a member, and comes back */
};
typedef void log_open_invites_redeemed(void *context, const struct redeem_answer *answer);

/* Appends the guest's invitation, or finds the one that it got by this token before.
 * RESULT_NOT_FOUND: nobody was promised anything by such a token, or it has served as often as it
 * may; RESULT_EXPIRED; RESULT_UNAUTHORIZED: this node may not invite any more. RESULT_IO. */
enum result log_open_invites_redeem(struct event_log *log,
                                    const uint8_t token[static INVITE_TOKEN_BYTES],
                                    const struct node_id *guest, const char *display_name,
                                    log_open_invites_redeemed *done, void *context);

#endif
