#include "server/cli_follow.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/ulid.h"
#include "server/cli_call.h"

enum { POLL_SECONDS = 60, LOOK_EVERY_MS = 250, PAGE_MESSAGES = 1000 };

void cli_follow_init(struct cli_follow *follow)
{
    follow->seen = json_object();
    follow->seen_before = json_object();
    follow->waiting = json_object();
}

void cli_follow_deinit(struct cli_follow *follow)
{
    json_decref(follow->seen);
    json_decref(follow->seen_before);
    json_decref(follow->waiting);
}

/* False: it was seen. */
static bool see(struct cli_follow *follow, const json_t *message)
{
    const char *event_id = cli_call_text(message, "event_id");
    int64_t lamport = 0;
    if (json_object_get(follow->seen, event_id) != NULL ||
        json_object_get(follow->seen_before, event_id) != NULL) {
        return false;
    }
    if (json_object_size(follow->seen) >= CLI_FOLLOW_REMEMBERED) {
        follow->floor =
            follow->newest_before > follow->floor ? follow->newest_before : follow->floor;
        follow->newest_before = follow->newest;
        json_decref(follow->seen_before);
        follow->seen_before = follow->seen;
        follow->seen = json_object();
    }
    (void)json_object_set_new(follow->seen, event_id, json_true());
    (void)json_members_integer(message, "lamport", 0, INT64_MAX, &lamport);
    follow->newest = lamport > follow->newest ? lamport : follow->newest;
    return true;
}

/* One that waits for its key is shown again when that came. */
static void note_waiting(struct cli_follow *follow, const json_t *message)
{
    const char *event_id = cli_call_text(message, "event_id");
    if (strcmp(cli_call_text(message, "e2e"), "waiting") != 0) {
        (void)json_object_del(follow->waiting, event_id);
    } else if (json_object_size(follow->waiting) < CLI_FOLLOW_REMEMBERED) {
        (void)json_object_set(follow->waiting, event_id, json_object_get(message, "lamport"));
    }
}

static void show(struct cli_follow *follow, const json_t *message)
{
    note_waiting(follow, message);
    follow->show(follow->context, message);
}

void cli_follow_offer(struct cli_follow *follow, const json_t *message)
{
    if (see(follow, message)) {
        show(follow, message);
    }
}

/* Whether an arriving event is a message of that conversation. */
static bool is_message(const json_t *event, const char *peer)
{
    const char *from = cli_call_text(event, "author");
    const char *to = cli_call_text(json_object_get(event, "data"), "recipient");
    return strcmp(cli_call_text(event, "event_type"), event_kind_name(EVENT_MESSAGE_SENT)) == 0 &&
           (peer == NULL || strcmp(from, peer) == 0 || strcmp(to, peer) == 0);
}

/* It as chat.history would show it; `content` has its body and attachments. NULL: it is none.
 * Fresh. */
static json_t *message_of_event(const json_t *event, const json_t *content, json_t *e2e)
{
    const json_t *attachments = json_object_get(content, "attachments");
    json_t *message = NULL;
    (void)json_build_try(&message, "{s:O,s:O,s:s,s:s,s:O,s:o,s:o,s:O,s:n,s:n}", "event_id",
                         json_object_get(event, "event_id"), "lamport",
                         json_object_get(event, "lamport"), "from", cli_call_text(event, "author"),
                         "to", cli_call_text(json_object_get(event, "data"), "recipient"), "body",
                         json_object_get(content, "body"), "e2e", e2e, "attachments",
                         attachments == NULL ? json_array() : json_build_copy(attachments),
                         "created_at", json_object_get(event, "wall_clock"), "delivered_at",
                         "read_at");
    return message;
}

/* A node that stops, is gone, or has too much to do, is asked again. */
static bool may_come_back(int exit_code, const struct cli_failure *failure)
{
    return exit_code == CLI_NO_NODE || strcmp(failure->code, "partition") == 0 ||
           strcmp(failure->code, "capacity_exceeded") == 0;
}

/* As cli_call_try(), until the node is there; says once that it waits. */
static int ask_patiently(const struct cli *cli, const char *path, json_t **output_out)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    bool told = false;
    for (;;) {
        struct cli_failure failure;
        int exit_code = cli_call_try(cli, path, NULL, output_out, &failure);
        if (exit_code == CLI_DONE) {
            return CLI_DONE;
        }
        if (!may_come_back(exit_code, &failure)) {
            return cli_call_complain(exit_code, &failure);
        }
        cli_call_forget(&failure);
        if (!told) {
            (void)fputs("hearthchat: the node is gone; going on when it is back.\n", stderr);
            told = true;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* Another life of the log: what was missed is found in history alone. */
static int read_again(struct cli_follow *follow)
{
    int64_t since = follow->floor;
    bool more = true;
    int exit_code = CLI_DONE;
    while (exit_code == CLI_DONE && more) {
        json_t *page = NULL;
        size_t index;
        json_t *message;
        char *path = memory_format(
            "/api/v1/chat/history?limit=%d&since_lamport=%lld%s%s", PAGE_MESSAGES, (long long)since,
            follow->peer == NULL ? "" : "&peer=", follow->peer == NULL ? "" : follow->peer);
        exit_code = ask_patiently(follow->cli, path, &page);
        json_array_foreach(json_object_get(page, "messages"), index, message)
        {
            cli_follow_offer(follow, message);
            (void)json_members_integer(message, "lamport", 0, INT64_MAX, &since);
        }
        more = json_is_true(json_object_get(page, "more"));
        json_decref(page);
        memory_free(path);
    }
    return exit_code;
}

/* What history says now of the messages that `name` (id=… or hash=…) is of in that conversation;
 * shown again, if they were shown as they were before. */
static int read_one(struct cli_follow *follow, const char *peer, const char *name,
                    const char *value, bool again)
{
    json_t *page = NULL;
    size_t index;
    json_t *message;
    char *path = memory_format("/api/v1/chat/messages?peer=%s&%s=%s", peer, name, value);
    int exit_code = ask_patiently(follow->cli, path, &page);
    json_array_foreach(json_object_get(page, "messages"), index, message)
    {
        if (again) {
            show(follow, message);
        } else {
            cli_follow_offer(follow, message);
        }
    }
    json_decref(page);
    memory_free(path);
    return exit_code;
}

/* Of what keys opened, what was shown without them. */
static int show_opened(struct cli_follow *follow, const char *peer, const json_t *opened)
{
    int exit_code = CLI_DONE;
    size_t index;
    json_t *event_id;
    json_array_foreach(json_object_get(opened, "events"), index, event_id)
    {
        if (exit_code == CLI_DONE && json_is_string(event_id) &&
            json_object_get(follow->waiting, json_string_value(event_id)) != NULL) {
            exit_code = read_one(follow, peer, "id", json_string_value(event_id), true);
        }
    }
    return exit_code;
}

/* What it says of another message is shown with that. */
static int show_changed(struct cli_follow *follow, const char *peer, const json_t *opened)
{
    const char *of = cli_call_text(opened, "of");
    const char *target = of[0] != '\0' ? of : cli_call_text(opened, "to");
    return target[0] == '\0' ? CLI_DONE : read_one(follow, peer, "hash", target, true);
}

static int offer_text(struct cli_follow *follow, const json_t *event, const json_t *content,
                      json_t *e2e)
{
    json_t *message = message_of_event(event, content, e2e);
    if (message != NULL) {
        cli_follow_offer(follow, message);
    }
    json_decref(message);
    return CLI_DONE;
}

static int offer_event(struct cli_follow *follow, const json_t *event, const json_t *opened)
{
    const json_t *data = json_object_get(event, "data");
    const char *kind = cli_call_text(opened, "kind");
    const char *from = cli_call_text(event, "author");
    const char *peer = strcmp(from, follow->self) == 0 ? cli_call_text(data, "recipient") : from;
    if (!is_message(event, follow->peer)) {
        return CLI_DONE;
    }
    if (!json_is_object(json_object_get(data, "body"))) {
        return offer_text(follow, event, data, json_false());
    }
    if (opened == NULL || json_object_get(opened, "reply_to") != NULL) { /* history says it all */
        return read_one(follow, peer, "id", cli_call_text(event, "event_id"), false);
    }
    if (strcmp(kind, "text") == 0) {
        return offer_text(follow, event, opened, json_build_text("ok"));
    }
    return strcmp(kind, "keys") == 0 ? show_opened(follow, peer, opened)
                                     : show_changed(follow, peer, opened);
}

static int offer_arrived(struct cli_follow *follow, const json_t *answer)
{
    int exit_code = CLI_DONE;
    size_t index;
    json_t *arrived;
    json_array_foreach(json_object_get(answer, "messages"), index, arrived)
    {
        if (exit_code == CLI_DONE) {
            exit_code = offer_event(follow, json_object_get(arrived, "data"),
                                    json_object_get(arrived, "opened"));
        }
    }
    return exit_code;
}

int cli_follow_run(struct cli_follow *follow, int64_t seq)
{
    char life[ULID_TEXT_BYTES] = "";
    int seconds = 0; /* at first only what life this is */
    int exit_code = CLI_DONE;
    while (exit_code == CLI_DONE && ferror(stdout) == 0) {
        json_t *answer = NULL;
        char *path = memory_format("/pubsub/v1/subscribe?topic=chat.message.%s&last_seq=%lld"
                                   "&timeout=%d%s%s",
                                   follow->self, (long long)seq, seconds,
                                   life[0] == '\0' ? "" : "&log=", life);
        exit_code = ask_patiently(follow->cli, path, &answer);
        if (exit_code == CLI_DONE) {
            seconds = POLL_SECONDS;
            (void)json_members_integer(answer, "last_seq", 0, INT64_MAX, &seq);
            (void)snprintf(life, sizeof life, "%s", cli_call_text(answer, "log"));
            exit_code = offer_arrived(follow, answer);
        }
        if (exit_code == CLI_DONE && json_is_true(json_object_get(answer, "gap"))) {
            exit_code = read_again(follow);
        }
        json_decref(answer);
        memory_free(path);
    }
    return exit_code;
}
