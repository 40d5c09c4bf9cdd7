#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/contact_json.h"
#include "handlers/contact_path.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/person_name.h"
#include "store/log_clear.h"

static const char busy[] = "Too much is being written at once; try again in a second.";

/* A change that waits to be on disk. */
struct changing {
    struct appending base; /* first: the one pointer becomes the other */
    struct node_id peer;
};

static void tell(struct request *request, struct event_log *log, const struct node_id *peer)
{
    struct log_contacts contacts;
    if (log_contacts_read(log, &contacts) != RESULT_OK) {
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "What is kept of them can't be read; see the node's log.");
        return;
    }
    json_t *entry = json_object();
    contact_json_set(entry, log_contacts_find(&contacts, peer));
    log_contacts_free(&contacts);
    request_reply_output(request, entry);
}

void contacts_tell_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log != NULL && contact_path_find(request, parts, &peer)) {
        tell(request, log, &peer);
    }
}

static void on_changed(struct appending *base)
{
    struct changing *changing = (struct changing *)base;
    const struct append_answer *answer = &base->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        tell(base->request, base->parts->log(base->parts->node), &changing->peer);
    }
    memory_free(changing);
}

/* What is asked for. */
struct wish {
    struct log_contact_wish wish; /* points into what follows */
    char nickname[PERSON_NAME_BYTES];
    bool muted;
    bool blocked;
    bool pinned;
};

static bool read_flag(const json_t *body, const char *name, bool *value_out, const bool **wish_out)
{
    *wish_out = json_members_boolean(body, name, value_out) ? value_out : NULL;
    return *wish_out != NULL || json_object_get(body, name) == NULL;
}

static bool read_nickname(const json_t *body, struct wish *wish)
{
    const char *typed = NULL;
    if (json_object_get(body, "nickname") == NULL) {
        return true;
    }
    wish->wish.nickname = wish->nickname;
    return json_members_string(body, "nickname", &typed, NULL) &&
           (typed[0] == '\0' || (person_name_make(typed, wish->nickname) &&
                                 strlen(wish->nickname) <= LOG_CONTACTS_MOST_NICKNAME_BYTES));
}

static bool is_known(const json_t *body)
{
    static const char *const names[] = {"nickname", "muted", "blocked", "pinned"};
    size_t known = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        known += json_object_get(body, names[i]) != NULL ? 1 : 0;
    }
    return known > 0 && known == json_object_size(body);
}

/* False after answering what is wrong with it. */
static bool read_wish(struct request *request, struct wish *wish_out)
{
    const json_t *body = request->body;
    *wish_out = (struct wish){.nickname = ""};
    if (!is_known(body) || !read_flag(body, "muted", &wish_out->muted, &wish_out->wish.muted) ||
        !read_flag(body, "blocked", &wish_out->blocked, &wish_out->wish.blocked) ||
        !read_flag(body, "pinned", &wish_out->pinned, &wish_out->wish.pinned)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected some of {\"nickname\":\"…\",\"muted\":true,"
                            "\"blocked\":false,\"pinned\":true}.");
        return false;
    }
    if (!read_nickname(body, wish_out)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "A nickname has something to be seen, one line and at most 64 bytes; "
                            "\"\" is none.");
        return false;
    }
    return true;
}

void contacts_change_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    struct wish wish;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !read_wish(request, &wish) || !contact_path_find(request, parts, &peer)) {
        return;
    }
    struct changing *changing = memory_allocate(1, sizeof *changing);
    changing->base = (struct appending){.request = request, .parts = parts, .then = on_changed};
    changing->peer = peer;
    if (log_contacts_change(log, &peer, &wish.wish, appending_done, changing) != RESULT_OK) {
        memory_free(changing);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED, busy);
    }
}

/* A conversation on its way out. */
struct clearing {
    struct request *request;
    enum result result;
    struct error error;
    int64_t messages;
};

static void reply_cleared(struct request *request, void *context)
{
    struct clearing *clearing = context;
    if (clearing->result == RESULT_OK) {
        request_reply_output(request,
                             json_build_pack("{s:I}", "messages", (json_int_t)clearing->messages));
    } else {
        request_reply_error(request, wire_code_of_append(clearing->result),
                            clearing->error.message);
    }
    memory_free(clearing);
}

static void on_cleared(void *context, enum result result, const struct error *error,
                       int64_t messages)
{
    struct clearing *clearing = context;
    clearing->result = result;
    clearing->error = *error;
    clearing->messages = messages;
    clearing->request->go_on(clearing->request, reply_cleared, clearing);
}

void contacts_clear_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const members[] = {"peer", NULL};
    const char *peer_text = NULL;
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (!json_members_are(request->body, members) ||
        !json_members_string(request->body, "peer", &peer_text, NULL)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "Expected {\"peer\":\"ed25519:…\"}.");
        return;
    }
    if (!contact_path_resolve(request, parts, peer_text, &peer)) {
        return;
    }
    struct clearing *clearing = memory_allocate(1, sizeof *clearing);
    clearing->request = request;
    if (log_clear_conversation(log, &peer, on_cleared, clearing) != RESULT_OK) {
        memory_free(clearing);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED, busy);
    }
}
