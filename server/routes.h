/* Which path leads where, and who may go there (§9, §10, §13).
 *
 * Thread: any; static tables.
 */
#ifndef HEARTHCHAT_SERVER_ROUTES_H
#define HEARTHCHAT_SERVER_ROUTES_H

#include "handlers/handlers.h"

enum route_body { BODY_NONE, BODY_JSON, BODY_BYTES };

struct route {
    const char *method;      /* "GET" (HEAD too) or "POST" */
    const char *path;        /* {…} in it: one part of a request's, whatever that is */
    enum caller_level least; /* the least that the caller must be */
    enum route_body body;
    bool replayable; /* idempotent: a request id may come twice */
    handler *handle;
    const char *parameters; /* of the query: names with a blank behind each; NULL: it takes none */
};

struct routes {
    const struct route *list;
    size_t count;
};

extern const struct routes routes_local;
extern const struct routes routes_peer;

/* NULL when there is none; *other_out: a route of that path for another method, or NULL. */
const struct route *routes_find(const struct routes *routes, const char *method, const char *path,
                                const struct route **other_out);

#endif
