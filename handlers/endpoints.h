/* The endpoints, one function each; which path leads to which is server/routes.c.
 *
 * Thread: a listener's; the answer may come later, from another.
 */
#ifndef HEARTHCHAT_HANDLERS_ENDPOINTS_H
#define HEARTHCHAT_HANDLERS_ENDPOINTS_H

#include "handlers/services.h"

typedef void endpoint_handle(struct request *request, const struct services *services);

endpoint_handle chat_send_handle;          /* POST /api/v1/chat/send (§13, §14) */
endpoint_handle chat_history_handle;       /* GET /api/v1/chat/history */
endpoint_handle chat_read_handle;          /* POST /api/v1/chat/read */
endpoint_handle chat_search_handle;        /* GET /api/v1/chat/search */
endpoint_handle conversations_handle;      /* GET /api/v1/chat/conversations */
endpoint_handle node_info_handle;          /* GET /api/v1/node */
endpoint_handle members_handle;            /* GET /api/v1/members */
endpoint_handle community_create_handle;   /* POST /api/v1/community */
endpoint_handle community_join_handle;     /* POST /api/v1/community/join (§17) */
endpoint_handle invites_handle;            /* POST /api/v1/invites */
endpoint_handle revocations_handle;        /* POST /api/v1/revocations */
endpoint_handle levels_handle;             /* POST /api/v1/levels */
endpoint_handle qr_read_handle;            /* POST /api/v1/qr/read */
endpoint_handle qr_handle;                 /* GET /api/v1/qr.svg?text= */
endpoint_handle bus_call_handle;           /* POST /bus/v1/call (§14) */
endpoint_handle bus_capabilities_handle;   /* GET /bus/v1/capabilities */
endpoint_handle node_manifest_handle;      /* GET /manifest (§8) */
endpoint_handle community_manifest_handle; /* GET /community/manifest */
endpoint_handle sync_heads_handle;         /* GET /sync/v1/heads (§11) */
endpoint_handle sync_events_handle;        /* POST /sync/v1/events */
endpoint_handle sync_reconcile_handle;     /* POST /sync/v1/reconcile (§12) */
endpoint_handle sync_fetch_handle;         /* POST /sync/v1/fetch */
endpoint_handle subscribe_handle;          /* GET /pubsub/v1/subscribe, the long-poll (§15) */
endpoint_handle health_handle;             /* GET /health (§10) */
endpoint_handle ready_handle;              /* GET /ready */
endpoint_handle metrics_handle;            /* GET /metrics */

/* A QR code of the text in the terminal, or NULL when it is too long; the caller frees. */
char *qr_for_terminal(const char *text);

#endif
