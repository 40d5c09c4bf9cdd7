/* What the client of nodes and that of other programs share. One thread; a fault ends the program.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_HEAD_BYTES = 2048, LOAD_REQUEST_BYTES = 4096 };

/* How one knows that an answer is whole. */
enum load_answer {
    LOAD_HTTP,
    LOAD_FOUR_BYTES, /* a PUBACK of MQTT */
    LOAD_ONE_ELEMENT /* an <a/> of XMPP */
};

struct load_connection {
    int fd;
    bool is_tab;
    enum load_answer answer;
    bool busy;
    int64_t begun_us;
    char request[LOAD_REQUEST_BYTES];
    /* the answer */
    char head[LOAD_HEAD_BYTES];
    size_t head_bytes;
    bool in_body;
    bool chunked;
    bool last_chunk;
    int64_t left; /* of the body, or of the chunk with its line's end */
    char line[32];
    size_t line_bytes;
    /* a tab: how far a mark has come, and the number behind it */
    size_t matched;
    int64_t number;
    int64_t seen; /* the number that came last */
};

/* Ends the program with `what`, and errno's text, unless it holds. */
void load_require(bool holds, const char *what);

/* `connection` is zero but for what answers it gets; it stays where it is until the end. */
void load_connect(struct load_connection *connection, const char *port);

/* Sends a text and reads until `expected` has come; for greetings, before load_ask_all(). */
void load_talk(const struct load_connection *connection, const char *text, const char *expected);

/* What each connection asks from now on; ######## in it is a message's number. */
void load_prepare(const char *request, size_t bytes);

/* So many connections ask, again as soon as they are answered, and the figures are printed. */
void load_ask_all(struct load_connection *all, size_t connections, double seconds);

/* `arguments` behind the name of what is asked, as load.c's head says. */
void load_mqtt(char **arguments, int count);
void load_xmpp(char **arguments, int count);

#endif
