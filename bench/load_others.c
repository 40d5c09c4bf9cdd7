/* Other programs beside us, asked as load.c asks nodes: a broker of MQTT, a server of XMPP. */
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* MQTT 3.1.1. A text goes with its length before it; a packet here has less than 128 bytes. */
static size_t put_text(char *at, const char *text)
{
    size_t length = strlen(text);
    at[0] = 0;
    at[1] = (char)length;
    memcpy(at + 2, text, length);
    return length + 2;
}

static void greet(struct load_connection *connection, const char *port, const char *name,
                  bool forgets)
{
    char packet[64] = "\x10\0\0\4MQTT\4\0\0\0";
    char answer[4];
    packet[9] = forgets ? 2 : 0;
    size_t length = 12 + put_text(packet + 12, name);
    packet[1] = (char)(length - 2);
    load_connect(connection, port);
    load_require(send(connection->fd, packet, length, MSG_NOSIGNAL) == (ssize_t)length &&
                     recv(connection->fd, answer, 4, MSG_WAITALL) == 4 && answer[3] == 0,
                 "the broker refuses us");
}

void load_mqtt(char **arguments, int count)
{
    static const char subscribe[] = "\x82\x0a\0\1\0\5bench\1";
    static struct load_connection away;
    char answer[5];
    char name[32];
    char packet[128];
    size_t body_bytes = strlen(arguments[3]);
    size_t connections = strtoull(arguments[1], NULL, 10);
    struct load_connection *all = calloc(connections, sizeof *all);
    (void)count;
    load_require(all != NULL && body_bytes < 100, "no memory, or a long body");
    greet(&away, arguments[0], "away", false);
    load_require(send(away.fd, subscribe, sizeof subscribe - 1, MSG_NOSIGNAL) > 0 &&
                     recv(away.fd, answer, 5, MSG_WAITALL) == 5,
                 "the broker subscribes nobody");
    (void)close(away.fd);
    for (size_t i = 0; i < connections; i++) {
        (void)snprintf(name, sizeof name, "load-%zu", i);
        greet(&all[i], arguments[0], name, true);
        all[i].answer = LOAD_FOUR_BYTES;
    }
    memcpy(packet, "\x32\0\0\5bench\0\1", 11);
    memcpy(packet + 11, arguments[3], body_bytes);
    packet[1] = (char)(9 + body_bytes);
    load_prepare(packet, 11 + body_bytes);
    load_ask_all(all, connections, atof(arguments[2]));
    free(all);
}

static const char stream[] =
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";

static void sign_in(struct load_connection *connection, const char *port, size_t number)
{
    char text[256];
    load_connect(connection, port);
    load_talk(connection, stream, "</stream:features>");
    load_talk(connection,
              "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGxvYWQAbG9hZA=="
              "</auth>",
              "<success");
    load_talk(connection, stream, "</stream:features>");
    (void)snprintf(text, sizeof text,
                   "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   "<resource>load-%zu</resource></bind></iq>",
                   number);
    load_talk(connection, text, "</iq>");
    load_talk(connection, "<enable xmlns='urn:xmpp:sm:3'/>", "<enabled");
    connection->answer = LOAD_ONE_ELEMENT;
}

void load_xmpp(char **arguments, int count)
{
    char text[1024];
    size_t connections = strtoull(arguments[1], NULL, 10);
    struct load_connection *all = calloc(connections, sizeof *all);
    (void)count;
    load_require(all != NULL, "no memory");
    for (size_t i = 0; i < connections; i++) {
        sign_in(&all[i], arguments[0], i);
    }
    int length = snprintf(text, sizeof text,
                          "<message to='away@localhost' type='chat' id='########'><body>%s</body>"
                          "</message><r xmlns='urn:xmpp:sm:3'/>",
                          arguments[3]);
    load_require(length > 0 && (size_t)length < sizeof text, "the body is too long");
    load_prepare(text, (size_t)length);
    load_ask_all(all, connections, atof(arguments[2]));
    free(all);
}
