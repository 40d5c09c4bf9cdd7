#include "server/front_door.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/memory.h"
#include "server/request_head.h"
#include "server/websocket_handshake.h"

enum { DEFAULT_TIMEOUT_S = 30 };

/* A connection between the two libraries. */
struct handing_over {
    struct websocket_hub *hub;
    int descriptor;
    struct buffer answer; /* to the handshake */
    struct websocket_subscription subscription;
};

struct reading_topics {
    const struct node_id *self;
    struct websocket_subscription *subscription;
    size_t count;
    bool refused;
    bool is_peer; /* messages are its only topic */
};

static enum MHD_Result read_topic(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct reading_topics *reading = context;
    (void)kind;
    if (strcmp(name, "topic") == 0) {
        reading->count++;
        reading->refused = reading->refused || value == NULL ||
                           !websocket_read_topic(reading->self, value, reading->subscription) ||
                           (reading->is_peer && (reading->subscription->members_topic[0] != '\0' ||
                                                 reading->subscription->peers_topic[0] != '\0'));
    }
    return MHD_YES;
}

/* Which life of the log the numbers are of that somebody remembers; false after answering. */
static bool read_life(struct request *base, char life_out[static ULID_TEXT_BYTES])
{
    const char *life = base->query(base, "log");
    life_out[0] = '\0';
    if (life != NULL && !ulid_is_valid(life)) {
        request_reply_error(base, WIRE_BAD_REQUEST,
                            "log is what the ready frame, or an earlier answer, named so.");
        return false;
    }
    if (life != NULL) {
        memcpy(life_out, life, ULID_TEXT_BYTES);
    }
    return true;
}

/* False after answering what is wrong. */
static bool read_topics(struct listener_request *request,
                        struct websocket_subscription *subscription_out)
{
    struct request *base = listener_request_base(request);
    struct reading_topics reading = {.self = &base->caller.node_id,
                                     .subscription = subscription_out,
                                     .is_peer = base->caller.level != CALLER_SELF};
    (void)MHD_get_connection_values(listener_request_connection(request), MHD_GET_ARGUMENT_KIND,
                                    read_topic, &reading);
    if (reading.count == 0) {
        request_reply_error(base, WIRE_BAD_REQUEST,
                            "Name at least one topic: ?topic=chat.message.<your NodeID>.");
    } else if (reading.refused && base->caller.level != CALLER_SELF) {
        request_reply_error(base, WIRE_UNAUTHORIZED,
                            "The topic here is chat.message.<your own NodeID>.");
    } else if (reading.refused) {
        request_reply_error(
            base, WIRE_UNAUTHORIZED,
            "The topics here are chat.message.<your own NodeID>, member.changed and "
            "peer.changed.");
    }
    return reading.count > 0 && !reading.refused;
}

static bool is_handshake(struct listener_request *request)
{
    const struct request *base = listener_request_base(request);
    const char *version = base->header(base, "Sec-WebSocket-Version");
    const char *key = base->header(base, "Sec-WebSocket-Key");
    return strcmp(listener_request_method(request), "GET") == 0 && version != NULL &&
           strcmp(version, "13") == 0 && key != NULL && websocket_handshake_is_key(key) &&
           listener_request_count_header(request, "Sec-WebSocket-Key") == 1 &&
           request_head_has_token(listener_request_connection(request), "Connection", "Upgrade");
}

static void write_answer(const struct request *base, struct buffer *answer)
{
    static const char sub_protocol[] = "hearthnet-bus.v2";
    bool offered =
        websocket_handshake_offers(base->header(base, "Sec-WebSocket-Protocol"), sub_protocol);
    websocket_handshake_answer(base->header(base, "Sec-WebSocket-Key"),
                               offered ? sub_protocol : NULL, answer);
}

/* MHD has let go: the socket's own copy of the descriptor is closed, ours lives on. */
static void hand_over(void *context)
{
    struct handing_over *handing = context;
    const int off = 0;
    const int on = 1;
    (void)setsockopt(handing->descriptor, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    (void)setsockopt(handing->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    websocket_adopt(handing->hub, handing->descriptor, buffer_text(&handing->answer),
                    &handing->subscription);
    buffer_deinit(&handing->answer);
    memory_free(handing);
}

bool front_door_upgrade(struct websocket_hub *hub, struct listener_request *request)
{
    struct request *base = listener_request_base(request);
    struct MHD_Connection *connection = listener_request_connection(request);
    struct websocket_subscription subscription = {.since_seq = -1};
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (socket == NULL || !is_handshake(request)) {
        request_reply_error(base, WIRE_BAD_REQUEST,
                            "This is no WebSocket handshake: GET with Connection: Upgrade, "
                            "Sec-WebSocket-Version 13 and a Sec-WebSocket-Key of 16 bytes.");
        return false;
    }
    if (!request_query_integer(base, "since_seq", -1, &subscription.since_seq) ||
        !read_life(base, subscription.life) || !read_topics(request, &subscription)) {
        return false;
    }
    if (!websocket_has_room(hub)) {
        request_reply_error(base, WIRE_CAPACITY_EXCEEDED,
                            "Too many WebSockets are open here; close those that nobody needs.");
        return false;
    }
    int descriptor = fcntl(socket->connect_fd, F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) {
        request_reply_error(base, WIRE_CAPACITY_EXCEEDED, "Too many connections are open.");
        return false;
    }
    struct handing_over *handing = memory_allocate(1, sizeof *handing);
    handing->hub = hub;
    handing->descriptor = descriptor;
    handing->subscription = subscription;
    buffer_init(&handing->answer);
    write_answer(base, &handing->answer);
    listener_request_on_released(request, hand_over, handing);
    return true;
}

void front_door_long_poll(struct websocket_hub *hub, struct request *base)
{
    struct listener_request *request = (struct listener_request *)base;
    struct websocket_subscription subscription = {.since_seq = -1};
    int64_t last_seq = -1;
    int64_t timeout_s = 0;
    if (!request_query_integer(base, "last_seq", -1, &last_seq) ||
        !request_query_integer(base, "timeout", DEFAULT_TIMEOUT_S, &timeout_s) ||
        !read_life(base, subscription.life) || !read_topics(request, &subscription)) {
        return;
    }
    if (timeout_s > LIMITS_LONG_POLL_S || subscription.messages_topic[0] == '\0') {
        request_reply_error(base, WIRE_BAD_REQUEST,
                            "A long-poll waits at most 60 seconds, on the topic "
                            "chat.message.<your NodeID>.");
        return;
    }
    websocket_long_poll(hub, base, last_seq, subscription.life, timeout_s);
}
