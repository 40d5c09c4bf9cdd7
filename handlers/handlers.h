/* The handlers, one function each; which path leads to which is server/routes.c.
 *
 * Thread: a listener's; the answer may come later, from another.
 */
#ifndef HEARTHCHAT_HANDLERS_HANDLERS_H
#define HEARTHCHAT_HANDLERS_HANDLERS_H

#include "handlers/node_parts.h"

typedef void handler(struct request *request, const struct node_parts *parts);

handler chat_send_handle;            /* POST /api/v1/chat/send (§13, §14) */
handler chat_history_handle;         /* GET /api/v1/chat/history */
handler chat_read_handle;            /* POST /api/v1/chat/read */
handler chat_change_edit_handle;     /* POST /api/v1/chat/edit (§24) */
handler chat_change_delete_handle;   /* POST /api/v1/chat/delete */
handler chat_change_react_handle;    /* POST /api/v1/chat/react */
handler chat_messages_handle;        /* GET /api/v1/chat/messages: by name */
handler chat_restore_handle;         /* POST /api/v1/chat/restore (§24.8) */
handler keys_rotate_handle;          /* POST /api/v1/keys/rotate (§24.1) */
handler chat_search_handle;          /* GET /api/v1/chat/search */
handler conversations_handle;        /* GET /api/v1/chat/conversations */
handler node_info_handle;            /* GET /api/v1/node */
handler node_info_rename_handle;     /* POST /api/v1/node */
handler members_handle;              /* GET /api/v1/members */
handler peers_list_handle;           /* GET /api/v1/peers: where each was tried */
handler peers_ask_handle;            /* POST /api/v1/peers: an address by hand (§19) */
handler admission_create_handle;     /* POST /api/v1/community */
handler admission_join_handle;       /* POST /api/v1/community/join (§17) */
handler admission_invite_handle;     /* POST /api/v1/invites */
handler open_invite_redeem_handle;   /* POST /join/v1/redeem */
handler member_change_revoke_handle; /* POST /api/v1/revocations */
handler member_change_level_handle;  /* POST /api/v1/levels */
handler member_change_agree_handle;  /* POST /api/v1/co-signatures */
handler safety_tell_handle;          /* GET /api/v1/contacts/{peer}/safety (§24.12) */
handler safety_mark_handle;          /* POST /api/v1/contacts/{peer}/verified */
handler contacts_tell_handle;        /* GET /api/v1/contacts/{peer} */
handler contacts_change_handle;      /* POST /api/v1/contacts/{peer} */
handler contacts_clear_handle;       /* POST /api/v1/chat/clear */
handler qr_read_handle;              /* POST /api/v1/qr/read */
handler qr_draw_handle;              /* GET /api/v1/qr.svg?text= */
handler bus_call_handle;             /* POST /bus/v1/call (§14) */
handler bus_capabilities_handle;     /* GET /bus/v1/capabilities */
handler manifests_node_handle;       /* GET /manifest (§8) */
handler manifests_community_handle;  /* GET /community/manifest */
handler sync_heads_handle;           /* GET /sync/v1/heads (§11) */
handler sync_events_handle;          /* POST /sync/v1/events */
handler sync_reconcile_handle;       /* POST /sync/v1/reconcile (§12) */
handler sync_reconcile_fetch_handle; /* POST /sync/v1/fetch */
handler sync_leaving_handle;         /* POST /sync/v1/leaving */
handler subscribe_handle;            /* GET /pubsub/v1/subscribe, the long-poll (§15) */
handler health_handle;               /* GET /health (§10) */
handler health_ready_handle;         /* GET /ready */
handler metrics_handle;              /* GET /metrics */

#endif
