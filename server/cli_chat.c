#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "handlers/handlers.h"
#include "protocol/display_text.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/visible_text.h"
#include "server/cli.h"
#include "server/cli_follow.h"
#include "server/cli_who.h"

/* What is to be sent, and how. */
struct outgoing {
    const char *who;
    const char *client_id; /* NULL: the node makes one */
    bool sealed_only;
};

static int send_message(const struct cli *cli, const struct outgoing *outgoing, const char *text)
{
    char *recipient = NULL;
    json_t *answer = NULL;
    int exit_code = cli_who_find(cli, outgoing->who, &recipient);
    if (exit_code == CLI_DONE) {
        json_t *input = json_build_pack("{s:s,s:s,s:s*,s:s*}", "recipient", recipient, "body", text,
                                        "client_id", outgoing->client_id, "e2e",
                                        outgoing->sealed_only ? "required" : NULL);
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
    struct cli cli = {
        .command = "send",
        .usage =
            "hearthchat send WHO TEXT [--sealed] [--client-id ID] [--json] [--data DIR]\n"
            "\n"
            "WHO is a NodeID, a short id or a member's name; - as TEXT reads standard input.\n"
            "Prints the event's id and how it went: direct, or queued until the other node is\n"
            "back. With --sealed nothing is sent that others but WHO could read.\n",
        .too_much = ": put the text in quotes, like \"hello there\"."};
    struct outgoing outgoing = {.client_id = NULL};
    const struct cli_option options[] = {{"--client-id", &outgoing.client_id, NULL},
                                         {"--sealed", NULL, &outgoing.sealed_only},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 2, 2, &exit_code)) {
        char *input = cli_text_read(cli.positional[1]);
        outgoing.who = cli.positional[0];
        exit_code = input == NULL ? CLI_FAILED : send_message(&cli, &outgoing, input);
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
        const char *nickname = cli_call_text(member, "nickname");
        const char *name = nickname[0] != '\0' ? nickname : cli_call_text(member, "display_name");
        if (strcmp(cli_call_text(member, "node_id"), node_id) == 0 && visible_text_has_any(name)) {
            return name;
        }
    }
    return node_id;
}

/* What others call something or themselves. */
static void append_fact(struct buffer *line, const char *before, const char *text)
{
    char *shown = display_text_make_fact(text);
    buffer_append_text(line, before);
    buffer_append_text(line, shown[0] == '\0' ? "?" : shown);
    memory_free(shown);
}

/* "At both ends" is said on the other one's word alone. */
static const char *explain_deletion(const json_t *message, bool is_own)
{
    return cli_call_text(message, "deleted_at")[0] == '\0'         ? "Deleted on this device."
           : !is_own                                               ? "Deleted by its author."
           : cli_call_text(message, "deleted_there_at")[0] != '\0' ? "Deleted at both ends."
                                                                   : "Deleted here, not yet at "
                                                                     "the other end.";
}

/* By itself comes what this device never had. */
static const char *explain_waiting(const json_t *message, bool is_own)
{
    return is_own ? "Written after the backup that this device came back from; the other end can "
                    "give it again (restore-messages --theirs)."
           : cli_call_text(message, "delivered_at")[0] != '\0'
               ? "Lost on this device; the other end can give it again (restore-messages)."
               : "Encrypted; its key is still to come, and is asked for.";
}

/* What stands in the place of what can't be read; NULL: it can. */
static const char *find_excuse(const json_t *message, bool is_own)
{
    static const struct {
        const char *e2e;
        const char *sentence;
    } excuses[] = {
        {"unreadable", "Encrypted, and can't be opened: it is damaged, or not for this device."},
        {"unsupported", "Encrypted; a newer hearthchat can read it."},
        {"expired", "Deleted: its time was over."},
    };
    const char *e2e = cli_call_text(message, "e2e");
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++) {
        if (strcmp(excuses[i].e2e, e2e) == 0) {
            return excuses[i].sentence;
        }
    }
    return strcmp(e2e, "waiting") == 0   ? explain_waiting(message, is_own)
           : strcmp(e2e, "deleted") == 0 ? explain_deletion(message, is_own)
                                         : NULL;
}

static const char *mark_of(const json_t *message)
{
    return cli_call_text(message, "read_at")[0] != '\0'        ? "  (read)"
           : cli_call_text(message, "delivered_at")[0] != '\0' ? "  (delivered)"
                                                               : "  (queued)";
}

/* By what end of its id a message is named. */
static const char *short_id_of(const char *event_id)
{
    size_t length = strlen(event_id);
    return length > CLI_SHORT_ID_CHARACTERS ? event_id + length - CLI_SHORT_ID_CHARACTERS
                                            : event_id;
}

static void append_answered(struct buffer *line, const json_t *message)
{
    const char *answered = json_string_value(json_object_get(message, "reply_to"));
    if (answered != NULL) {
        buffer_append_format(line, ", answering %s",
                             answered[0] == '\0' ? "what is not here" : short_id_of(answered));
    }
}

/* What was said of it since. */
static void append_changes(struct buffer *line, const struct names *names, const json_t *message)
{
    char at[CLI_TIME_BYTES];
    size_t index;
    size_t person;
    json_t *reaction;
    json_t *from;
    if (cli_print_time(cli_call_text(message, "edited_at"), at)[0] != '\0') {
        buffer_append_format(line, "  (edited %s)", at);
    }
    if (cli_call_text(message, "gone_by")[0] != '\0') {
        append_fact(line, "  (gone for good by ", cli_call_text(message, "gone_by"));
        buffer_append_text(line, ")");
    }
    json_array_foreach(json_object_get(message, "reactions"), index, reaction)
    {
        append_fact(line, "  ", cli_call_text(reaction, "emoji"));
        json_array_foreach(json_object_get(reaction, "from"), person, from)
        {
            append_fact(line, person == 0 ? " " : ", ", name_of(names, json_string_value(from)));
        }
    }
}

/* "2026-05-26 08:14  7K3M9Q  Alice → Bob: text", with what became of it, and of an own message.
 * Nothing but a message begins at the beginning of a line. */
static void print_message(const struct names *names, const json_t *message)
{
    const char *from = cli_call_text(message, "from");
    bool is_own = strcmp(from, names->self) == 0;
    const char *excuse = find_excuse(message, is_own);
    char at[CLI_TIME_BYTES];
    struct buffer line;
    size_t index;
    json_t *attachment;
    buffer_init(&line);
    buffer_append_text(&line, cli_print_time(cli_call_text(message, "created_at"), at));
    buffer_append_format(&line, "  %s", short_id_of(cli_call_text(message, "event_id")));
    append_fact(&line, "  ", name_of(names, from));
    append_fact(&line, " → ", name_of(names, cli_call_text(message, "to")));
    append_answered(&line, message);
    char *body = display_text_make_prose(excuse != NULL ? excuse : cli_call_text(message, "body"),
                                         CLI_INDENT);
    buffer_append_text(&line, ": ");
    buffer_append_text(&line, body);
    json_array_foreach(json_object_get(message, "attachments"), index, attachment)
    {
        append_fact(&line, " [", cli_call_text(attachment, "name"));
        buffer_append_text(&line, "]");
    }
    append_changes(&line, names, message);
    if (is_own) {
        buffer_append_text(&line, mark_of(message));
    }
    cli_print_line(buffer_text(&line));
    (void)fflush(stdout);
    memory_free(body);
    buffer_deinit(&line);
}

/* Events name nodes by their full ids: a short one becomes its member's. */
static void complete_id(const struct names *names, char **node_id)
{
    const json_t *members = NULL;
    size_t index;
    json_t *member;
    (void)json_members_array(names->members, "members", &members);
    json_array_foreach(members, index, member)
    {
        if (*node_id != NULL && strcmp(cli_call_text(member, "short_id"), *node_id) == 0) {
            memory_free(*node_id);
            *node_id = memory_duplicate_string(cli_call_text(member, "node_id"));
        }
    }
}

struct showing {
    const struct cli *cli;
    const struct names *names;
};

static void show_message(void *context, const json_t *message)
{
    const struct showing *showing = context;
    if (showing->cli->json) {
        cli_print_json(message);
    } else {
        print_message(showing->names, message);
    }
}

/* All pages above `since`, or only the newest page when it is absent. */
static int show_page(struct cli_follow *follow, int64_t since, int64_t limit)
{
    json_t *page = NULL;
    size_t index;
    json_t *message;
    char *path = memory_format(
        "/api/v1/chat/history?limit=%lld&%s=%lld%s%s", (long long)limit,
        since >= 0 ? "since_lamport" : "before_lamport",
        since >= 0 ? (long long)since : 9007199254740991LL,
        follow->peer == NULL ? "" : "&peer=", follow->peer == NULL ? "" : follow->peer);
    int exit_code = cli_call_node(follow->cli, path, NULL, &page);
    bool more = json_is_true(json_object_get(page, "more"));
    const json_t *messages = json_object_get(page, "messages");
    if (exit_code == CLI_DONE && !more) {
        follow->floor = since >= 0 ? since : 0;
    } else if (since < 0) { /* the newest ones: all that lies above the first of them */
        (void)json_members_integer(json_array_get(messages, 0), "lamport", 1, INT64_MAX,
                                   &follow->floor);
    }
    json_array_foreach(messages, index, message)
    {
        cli_follow_offer(follow, message);
    }
    if (exit_code == CLI_DONE && !follow->cli->json && more) {
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
    struct showing showing = {cli, &names};
    json_t *node = NULL;
    char *peer = NULL;
    int64_t seq = 0;
    int exit_code = who == NULL ? CLI_DONE : cli_who_find(cli, who, &peer);
    if (exit_code == CLI_DONE) {
        exit_code = cli_call_node(cli, "/api/v1/members", NULL, &names.members);
    }
    if (exit_code == CLI_DONE) {
        exit_code = cli_call_node(cli, "/api/v1/node", NULL, &node);
    }
    complete_id(&names, &peer);
    if (exit_code == CLI_DONE) {
        names.self = memory_duplicate_string(cli_call_text(node, "node_id"));
        (void)json_members_integer(node, "seq", 0, INT64_MAX, &seq);
        struct cli_follow follow = {.cli = cli,
                                    .self = names.self,
                                    .peer = peer,
                                    .show = show_message,
                                    .context = &showing};
        cli_follow_init(&follow);
        (void)json_members_integer(node, "head", 0, INT64_MAX, &follow.floor);
        exit_code = show_page(&follow, since, limit);
        if (exit_code == CLI_DONE && following) {
            exit_code = cli_follow_run(&follow, seq);
        }
        cli_follow_deinit(&follow);
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
            "lamport. --follow goes on with what arrives, also when the node was started again;\n"
            "nothing is missed and nothing comes twice, but what was edited, deleted or reacted\n"
            "to comes again as it is then. --json prints one object a line. What stands behind a\n"
            "message's time is the end of its id: reply, edit, delete and react name it so.\n"};
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
