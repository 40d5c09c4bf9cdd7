/* The front door for subscribers: a WebSocket upgrade is handed from libmicrohttpd to libwebsockets
 * by duplicating the descriptor; a plain GET becomes a long-poll (§15).
 *
 * Thread: a listener's.
 */
#ifndef HEARTHCHAT_SERVER_FRONT_DOOR_H
#define HEARTHCHAT_SERVER_FRONT_DOOR_H

#include "server/listener_request.h"
#include "server/websocket.h"

/* For http_listener_options.upgrade: the caller is admitted already. True when the connection goes
 * over to the hub; false when it was answered. */
bool front_door_upgrade(struct websocket_hub *hub, struct listener_request *request);

/* The long-poll. */
void front_door_long_poll(struct websocket_hub *hub, struct request *request);

#endif
