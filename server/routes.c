#include "server/routes.h"

#include <string.h>

static const struct route local[] = {
    {"POST", "/api/v1/chat/send", CALLER_SELF, BODY_JSON, true, chat_send_handle, NULL},
    {"GET", "/api/v1/chat/history", CALLER_SELF, BODY_NONE, true, chat_history_handle,
     "peer since_lamport before_lamport limit "},
    {"GET", "/api/v1/chat/conversations", CALLER_SELF, BODY_NONE, true, conversations_handle,
     "peer blocked "},
    {"POST", "/api/v1/chat/read", CALLER_SELF, BODY_JSON, true, chat_read_handle, NULL},
    {"POST", "/api/v1/chat/edit", CALLER_SELF, BODY_JSON, true, chat_change_edit_handle, NULL},
    {"POST", "/api/v1/chat/delete", CALLER_SELF, BODY_JSON, true, chat_change_delete_handle, NULL},
    {"POST", "/api/v1/chat/react", CALLER_SELF, BODY_JSON, true, chat_change_react_handle, NULL},
    {"GET", "/api/v1/chat/messages", CALLER_SELF, BODY_NONE, true, chat_messages_handle,
     "id hash peer "},
    {"POST", "/api/v1/chat/restore", CALLER_SELF, BODY_JSON, true, chat_restore_handle, NULL},
    {"POST", "/api/v1/keys/rotate", CALLER_SELF, BODY_JSON, true, keys_rotate_handle, NULL},
    {"POST", "/api/v1/chat/clear", CALLER_SELF, BODY_JSON, true, contacts_clear_handle, NULL},
    {"GET", "/api/v1/chat/search", CALLER_SELF, BODY_NONE, true, chat_search_handle,
     "q peer limit "},
    {"GET", "/api/v1/node", CALLER_SELF, BODY_NONE, true, node_info_handle, NULL},
    {"POST", "/api/v1/node", CALLER_SELF, BODY_JSON, true, node_info_rename_handle, NULL},
    {"GET", "/api/v1/members", CALLER_SELF, BODY_NONE, true, members_handle, NULL},
    {"GET", "/api/v1/peers", CALLER_SELF, BODY_NONE, true, peers_list_handle, NULL},
    {"POST", "/api/v1/peers", CALLER_SELF, BODY_JSON, true, peers_ask_handle, NULL},
    {"POST", "/api/v1/community", CALLER_SELF, BODY_JSON, true, admission_create_handle, NULL},
    {"POST", "/api/v1/community/join", CALLER_SELF, BODY_JSON, true, admission_join_handle, NULL},
    {"POST", "/api/v1/invites", CALLER_SELF, BODY_JSON, true, admission_invite_handle, NULL},
    {"POST", "/api/v1/revocations", CALLER_SELF, BODY_JSON, true, member_change_revoke_handle,
     NULL},
    {"POST", "/api/v1/levels", CALLER_SELF, BODY_JSON, true, member_change_level_handle, NULL},
    {"POST", "/api/v1/co-signatures", CALLER_SELF, BODY_JSON, true, member_change_agree_handle,
     NULL},
    {"GET", "/api/v1/contacts/{peer}", CALLER_SELF, BODY_NONE, true, contacts_tell_handle, NULL},
    {"POST", "/api/v1/contacts/{peer}", CALLER_SELF, BODY_JSON, true, contacts_change_handle, NULL},
    {"GET", "/api/v1/contacts/{peer}/safety", CALLER_SELF, BODY_NONE, true, safety_tell_handle,
     NULL},
    {"POST", "/api/v1/contacts/{peer}/verified", CALLER_SELF, BODY_JSON, true, safety_mark_handle,
     NULL},
    {"POST", "/api/v1/qr/read", CALLER_SELF, BODY_BYTES, true, qr_read_handle, "width height "},
    {"GET", "/api/v1/qr.svg", CALLER_SELF, BODY_NONE, true, qr_draw_handle, "text "},
    {"POST", "/bus/v1/call", CALLER_SELF, BODY_JSON, true, bus_call_handle, NULL},
    {"GET", "/bus/v1/capabilities", CALLER_SELF, BODY_NONE, true, bus_capabilities_handle, NULL},
    {"GET", "/pubsub/v1/subscribe", CALLER_SELF, BODY_NONE, true, subscribe_handle,
     "topic since_seq last_seq timeout log "},
    {"GET", "/health", CALLER_SELF, BODY_NONE, true, health_handle, NULL},
    {"GET", "/ready", CALLER_SELF, BODY_NONE, true, health_ready_handle, NULL},
    {"GET", "/metrics", CALLER_SELF, BODY_NONE, true, metrics_handle, NULL},
};

static const struct route peer[] = {
    {"GET", "/health", CALLER_ANONYMOUS, BODY_NONE, true, health_handle, NULL},
    {"GET", "/manifest", CALLER_ANONYMOUS, BODY_NONE, true, manifests_node_handle, NULL},
    {"GET", "/community/manifest", CALLER_INVITEE, BODY_NONE, true, manifests_community_handle,
     NULL},
    {"POST", "/join/v1/redeem", CALLER_ANONYMOUS, BODY_JSON, true, open_invite_redeem_handle,
     NULL}, /* who shows a certificate: server/gate_peer.c */
    {"GET", "/sync/v1/heads", CALLER_INVITEE, BODY_NONE, true, sync_heads_handle, NULL},
    {"POST", "/sync/v1/events", CALLER_INVITEE, BODY_JSON, true, sync_events_handle, NULL},
    {"POST", "/sync/v1/reconcile", CALLER_INVITEE, BODY_BYTES, true, sync_reconcile_handle, NULL},
    {"POST", "/sync/v1/fetch", CALLER_INVITEE, BODY_JSON, true, sync_reconcile_fetch_handle, NULL},
    {"POST", "/sync/v1/leaving", CALLER_MEMBER, BODY_JSON, false, sync_leaving_handle, NULL},
    {"POST", "/bus/v1/call", CALLER_MEMBER, BODY_JSON, false, bus_call_handle, NULL},
    {"GET", "/bus/v1/capabilities", CALLER_MEMBER, BODY_NONE, true, bus_capabilities_handle, NULL},
    {"GET", "/pubsub/v1/subscribe", CALLER_MEMBER, BODY_NONE, true, subscribe_handle,
     "topic since_seq last_seq timeout log "},
    {"GET", "/ready", CALLER_MEMBER, BODY_NONE, true, health_ready_handle, NULL},
    {"GET", "/metrics", CALLER_MEMBER, BODY_NONE, true, metrics_handle, NULL},
};

const struct routes routes_local = {local, sizeof local / sizeof local[0]};
const struct routes routes_peer = {peer, sizeof peer / sizeof peer[0]};

/* {…} in a route's path stands for one part of a request's, whatever it is but empty. */
static bool is_path_of(const char *path, const char *pattern)
{
    while (*pattern != '\0' && *path != '\0') {
        if (*pattern == '{') {
            size_t length = strcspn(path, "/");
            if (length == 0) {
                return false;
            }
            path += length;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*path++ != *pattern++) {
            return false;
        }
    }
    return *path == *pattern;
}

const struct route *routes_find(const struct routes *routes, const char *method, const char *path,
                                const struct route **other_out)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *other_out = NULL;
    for (size_t i = 0; i < routes->count; i++) {
        if (!is_path_of(path, routes->list[i].path)) {
            continue;
        }
        if (strcmp(routes->list[i].method, wanted) == 0) {
            return &routes->list[i];
        }
        *other_out = &routes->list[i];
    }
    return NULL;
}
