#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "handlers/handlers.h"
#include "protocol/event_data.h"
#include "protocol/event_kind.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"

/* The NodeID that WHO means: an id is taken as it is, else the one member of this display name. */
static int find_who(const struct cli *cli, const char *who, char **node_id_out)
{
    json_t *answer = NULL;
    const json_t *members = NULL;
    const char *found = NULL;
    size_t matches = 0;
    size_t index;
    json_t *member;
    *node_id_out = NULL;
    if (strncmp(who, "ed25519:", 8) == 0 &&
        strspn(who, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:") ==
            strlen(who)) {
        *node_id_out = memory_duplicate_string(who);
        return CLI_DONE;
    }
    int exit_code = cli_call_node(cli, "/api/v1/members", NULL, &answer);
    if (exit_code != CLI_DONE) {
        return exit_code;
    }
    (void)json_members_array(answer, "members", &members);
    json_array_foreach(members, index, member)
    {
        if (strcmp(cli_call_text(member, "display_name"), who) == 0) {
            found = cli_call_text(member, "node_id");
            matches++;
        }
    }
    if (matches == 1) {
        *node_id_out = memory_duplicate_string(found);
    } else {
        exit_code = cli_print_failure(
            "not_found", matches == 0 ? "No member has this name; see: hearthchat members"
                                      : "Several members have this name; use the NodeID.");
    }
    json_decref(answer);
    return exit_code;
}

/* All of it but a last line break; NULL after complaining. The caller frees. */
static char *read_standard_input(void)
{
    struct buffer text;
    char bytes[4096];
    size_t got = 0;
    buffer_init(&text);
    while ((got = fread(bytes, 1, sizeof bytes, stdin)) > 0 &&
           text.length_bytes <= EVENT_DATA_MOST_BODY_BYTES) {
        buffer_append(&text, bytes, got);
    }
    if (text.length_bytes > 0 && text.data[text.length_bytes - 1] == '\n') {
        text.data[--text.length_bytes] = '\0';
    }
    if (text.length_bytes > EVENT_DATA_MOST_BODY_BYTES) { /* what is there may end in the middle */
        (void)cli_print_failure(
            "bad_request", "The body has more than 65536 bytes; send it in parts or as a file.");
        buffer_deinit(&text);
        return NULL;
    }
    bool has_nul = strlen(buffer_text(&text)) != text.length_bytes;
    if (has_nul || !utf8_is_text(buffer_text(&text))) {
        (void)cli_print_failure("bad_request", has_nul ? "The text holds a NUL byte; is it a file?"
                                                       : "The text is not valid UTF-8.");
        buffer_deinit(&text);
        return NULL;
    }
    return buffer_take(&text);
}

static int send_message(const struct cli *cli, const char *who, const char *text,
                        const char *client_id)
{
    char *recipient = NULL;
    json_t *answer = NULL;
    int exit_code = find_who(cli, who, &recipient);
    if (exit_code == CLI_DONE) {
        json_t *input = json_build_pack("{s:s,s:s,s:s*}", "recipient", recipient, "body", text,
                                        "client_id", client_id);
        exit_code = cli_call_node(cli, "/api/v1/chat/send", input, &answer);
    }
    if (exit_code == CLI_DONE && cli->json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE) {
        (void)printf("%s %s\n", cli_call_text(answer, "event_id"),
                     cli_call_text(answer, "delivered"));
    }
    json_decref(answer);
    memory_free(recipient);
    return exit_code;
}

int cli_chat_send(int argc, char **argv)
{
    struct cli cli = {.command = "send",
                      .usage = "hearthchat send WHO TEXT [--client-id ID] [--json] [--data DIR]\n"
                               "\n"
                               "WHO is a NodeID, a short id or a member's name; - as TEXT reads "
                               "standard input.\nPrints the event's id and how it went: direct, or "
                               "queued until the other node is back.\n"};
    const char *client_id = NULL;
    const struct cli_option options[] = {{"--client-id", &client_id, NULL}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 2, 2, &exit_code)) {
        bool from_input = strcmp(cli.positional[1], "-") == 0;
        char *input =
            from_input ? read_standard_input() : memory_duplicate_string(cli.positional[1]);
        exit_code =
            input == NULL ? CLI_FAILED : send_message(&cli, cli.positional[0], input, client_id);
        memory_free(input);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

struct names {
    json_t *members; /* the answer of /api/v1/members */
    char *self;
};

static const char *name_of(const struct names *names, const char *node_id)
{
    const json_t *members = NULL;
    size_t index;
    json_t *member;
    (void)json_members_array(names->members, "members", &members);
    json_array_foreach(members, index, member)
    {
        if (strcmp(cli_call_text(member, "node_id"), node_id) == 0 &&
            cli_call_text(member, "display_name")[0] != '\0') {
            return cli_call_text(member, "display_name");
        }
    }
    return node_id;
}

/* "2026-05-26 08:14  Alice → Bob: text", with what became of an own message. */
static void print_message(const struct names *names, const json_t *message)
{
    const char *from = cli_call_text(message, "from");
    const char *at = cli_call_text(message, "created_at");
    size_t index;
    json_t *attachment;
    (void)printf("%.10s %.5s  ", at, strlen(at) > 16 ? at + 11 : "");
    cli_print_untrusted(name_of(names, from));
    (void)fputs(" → ", stdout);
    cli_print_untrusted(name_of(names, cli_call_text(message, "to")));
    (void)fputs(": ", stdout);
    cli_print_untrusted(strcmp(cli_call_text(message, "e2e"), "unsupported") == 0
                            ? "Encrypted; a newer hearthchat can read it."
                            : cli_call_text(message, "body"));
    json_array_foreach(json_object_get(message, "attachments"), index, attachment)
    {
        (void)fputs(" [", stdout);
        cli_print_untrusted(cli_call_text(attachment, "name"));
        (void)fputs("]", stdout);
    }
    if (strcmp(from, names->self) == 0) {
        (void)printf("  (%s)", cli_call_text(message, "read_at")[0] != '\0'        ? "read"
                               : cli_call_text(message, "delivered_at")[0] != '\0' ? "delivered"
                                                                                   : "queued");
    }
    (void)fputs("\n", stdout);
    (void)fflush(stdout);
}

static void show_message(const struct cli *cli, const struct names *names, const json_t *message)
{
    if (cli->json) {
        cli_print_json(message);
    } else {
        print_message(names, message);
    }
}

/* An arriving event as chat.history would show it; NULL when it is none of that conversation.
 * Fresh. */
static json_t *message_of_event(const json_t *event, const char *peer)
{
    const json_t *data = json_object_get(event, "data");
    bool sealed = json_is_object(json_object_get(data, "body"));
    const char *from = cli_call_text(event, "author");
    const char *to = cli_call_text(data, "recipient");
    if (strcmp(cli_call_text(event, "event_type"), event_kind_name(EVENT_MESSAGE_SENT)) != 0 ||
        (peer != NULL && strcmp(from, peer) != 0 && strcmp(to, peer) != 0)) {
        return NULL;
    }
    json_t *message = NULL;
    (void)json_build_try(&message, "{s:O,s:O,s:s,s:s,s:O,s:b,s:O,s:O,s:n,s:n}", "event_id",
                         json_object_get(event, "event_id"), "lamport",
                         json_object_get(event, "lamport"), "from", from, "to", to, "body",
                         json_object_get(data, "body"), "e2e", 0, "attachments",
                         json_object_get(data, "attachments"), "created_at",
                         json_object_get(event, "wall_clock"), "delivered_at", "read_at");
    if (message != NULL && sealed) {
        (void)json_object_set_new(message, "body", json_build_text(""));
        (void)json_object_set_new(message, "e2e", json_build_text("unsupported"));
        (void)json_object_set_new(message, "attachments", json_array());
    }
    return message;
}

static int follow(const struct cli *cli, const struct names *names, const char *peer, int64_t seq)
{
    int exit_code = CLI_DONE;
    while (exit_code == CLI_DONE) {
        json_t *answer = NULL;
        size_t index;
        json_t *arrived;
        char *path =
            memory_format("/pubsub/v1/subscribe?topic=chat.message.%s&last_seq=%lld&timeout=60",
                          names->self, (long long)seq);
        exit_code = cli_call_node(cli, path, NULL, &answer);
        json_array_foreach(json_object_get(answer, "messages"), index, arrived)
        {
            json_t *message = message_of_event(json_object_get(arrived, "data"), peer);
            if (message != NULL) {
                show_message(cli, names, message);
            }
            json_decref(message);
        }
        (void)json_members_integer(answer, "last_seq", 0, INT64_MAX, &seq);
        json_decref(answer);
        memory_free(path);
    }
    return exit_code;
}

/* All pages above `since`, or only the newest page when it is absent. */
static int show_pages(const struct cli *cli, const struct names *names, const char *peer,
                      int64_t since, int64_t limit)
{
    json_t *page = NULL;
    size_t index;
    json_t *message;
    char *path = memory_format("/api/v1/chat/history?limit=%lld&%s=%lld%s%s", (long long)limit,
                               since >= 0 ? "since_lamport" : "before_lamport",
                               since >= 0 ? (long long)since : 9007199254740991LL,
                               peer == NULL ? "" : "&peer=", peer == NULL ? "" : peer);
    int exit_code = cli_call_node(cli, path, NULL, &page);
    json_array_foreach(json_object_get(page, "messages"), index, message)
    {
        show_message(cli, names, message);
    }
    if (exit_code == CLI_DONE && !cli->json && json_is_true(json_object_get(page, "more"))) {
        (void)printf("… there is more; see --limit and --since\n");
    }
    json_decref(page);
    memory_free(path);
    return exit_code;
}

static int show_history(const struct cli *cli, const char *who, int64_t since, int64_t limit,
                        bool following)
{
    struct names names = {0};
    json_t *node = NULL;
    char *peer = NULL;
    int64_t seq = 0;
    int exit_code = who == NULL ? CLI_DONE : find_who(cli, who, &peer);
    if (exit_code == CLI_DONE) {
        exit_code = cli_call_node(cli, "/api/v1/members", NULL, &names.members);
    }
    if (exit_code == CLI_DONE) {
        exit_code = cli_call_node(cli, "/api/v1/node", NULL, &node);
    }
    if (exit_code == CLI_DONE) {
        names.self = memory_duplicate_string(cli_call_text(node, "node_id"));
        (void)json_members_integer(node, "seq", 0, INT64_MAX, &seq);
        exit_code = show_pages(cli, &names, peer, since, limit);
    }
    if (exit_code == CLI_DONE && following) {
        exit_code = follow(cli, &names, peer, seq);
    }
    json_decref(names.members);
    json_decref(node);
    memory_free(names.self);
    memory_free(peer);
    return exit_code;
}

int cli_chat_history(int argc, char **argv)
{
    struct cli cli = {
        .command = "history",
        .usage =
            "hearthchat history [WHO] [--since LAMPORT] [--limit N] [--follow] [--json]\n"
            "                   [--data DIR]\n"
            "\n"
            "The newest messages, of one conversation or of all; with --since those behind that\n"
            "lamport. --follow goes on with what arrives. --json prints one object a line.\n"};
    const char *since_text = NULL;
    const char *limit_text = NULL;
    bool following = false;
    int64_t since = -1;
    int64_t limit = 200;
    const struct cli_option options[] = {{"--since", &since_text, NULL},
                                         {"--limit", &limit_text, NULL},
                                         {"--follow", NULL, &following},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 1, &exit_code)) {
        if ((since_text != NULL &&
             !cli_arguments_number("--since", since_text, 0, INT64_MAX, &since)) ||
            (limit_text != NULL && !cli_arguments_number("--limit", limit_text, 1, 1000, &limit))) {
            exit_code = CLI_USAGE;
        } else {
            exit_code = show_history(&cli, cli.positional[0], since, limit, following);
        }
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
