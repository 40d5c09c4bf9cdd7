#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/json_build.h"
#include "protocol/ulid.h"
#include "server/cli.h"
#include "server/cli_who.h"

/* What is to be done to which message. */
struct change {
    const struct cli *cli;
    const char *client_id; /* NULL: the node makes one */
    const char *who;       /* in the conversation with whom; NULL: in any */
    char *self;
    json_t *message; /* as chat.history has it */
};

static void change_deinit(struct change *change)
{
    memory_free(change->self);
    json_decref(change->message);
}

static bool is_own(const struct change *change, const json_t *message)
{
    return strcmp(cli_call_text(message, "from"), change->self) == 0;
}

static const char *peer_of(const struct change *change, const json_t *message)
{
    return cli_call_text(message, is_own(change, message) ? "to" : "from");
}

/* The one that is meant; NULL: several may be. In one conversation our own: who takes its id harms
 * nothing but what he wrote himself. */
static json_t *choose(const struct change *change, const json_t *messages)
{
    size_t index;
    json_t *message;
    json_t *chosen = json_array_get(messages, 0);
    json_array_foreach((json_t *)(uintptr_t)messages, index, message)
    {
        if (strcmp(cli_call_text(message, "event_id"), cli_call_text(chosen, "event_id")) != 0 ||
            strcmp(peer_of(change, message), peer_of(change, chosen)) != 0) {
            return NULL;
        }
        chosen = is_own(change, message) ? message : chosen;
    }
    return chosen;
}

/* Consumes the sentence. */
static int refuse(const char *code, char *sentence)
{
    int exit_code = cli_print_failure(code, sentence);
    memory_free(sentence);
    return exit_code;
}

static int refuse_several(const struct change *change, const json_t *messages, const char *name)
{
    size_t index;
    json_t *message;
    bool of_one = true;
    const char *peer = peer_of(change, json_array_get(messages, 0));
    json_array_foreach((json_t *)(uintptr_t)messages, index, message)
    {
        of_one = of_one && strcmp(peer_of(change, message), peer) == 0;
    }
    return refuse("bad_request",
                  of_one ? memory_format("Several messages are called %s; take more of the "
                                         "event_id that stands in: hearthchat history --json",
                                         name)
                         : memory_format("Messages of several conversations are called %s; say "
                                         "with whom: --peer WHO",
                                         name));
}

static int ask_who_we_are(struct change *change)
{
    json_t *node = NULL;
    int exit_code = cli_call_node(change->cli, "/api/v1/node", NULL, &node);
    if (exit_code == CLI_DONE) {
        change->self = memory_duplicate_string(cli_call_text(node, "node_id"));
    }
    json_decref(node);
    return exit_code;
}

/* The messages whose ids end so. */
static int ask(const struct change *change, const char *id, json_t **answer_out)
{
    char *peer = NULL;
    int exit_code = change->who == NULL ? CLI_DONE : cli_who_find(change->cli, change->who, &peer);
    if (exit_code == CLI_DONE) {
        char *path = memory_format("/api/v1/chat/messages?id=%s%s%s", id,
                                   peer == NULL ? "" : "&peer=", peer == NULL ? "" : peer);
        exit_code = cli_call_node(change->cli, path, NULL, answer_out);
        memory_free(path);
    }
    memory_free(peer);
    return exit_code;
}

/* The one message whose id ends so, in letters of either kind. */
static int find(struct change *change, const char *name)
{
    char id[ULID_TEXT_BYTES] = "";
    json_t *answer = NULL;
    size_t length = strlen(name);
    for (size_t i = 0; i < length && length < sizeof id; i++) {
        id[i] = (char)toupper((unsigned char)name[i]);
    }
    if (length < CLI_SHORT_ID_CHARACTERS || length >= sizeof id ||
        strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != length) {
        return refuse("bad_request",
                      memory_format("%s names no message: take what stands behind its time in: "
                                    "hearthchat history",
                                    name));
    }
    int exit_code = ask_who_we_are(change);
    if (exit_code == CLI_DONE) {
        exit_code = ask(change, id, &answer);
    }
    const json_t *messages = json_object_get(answer, "messages");
    json_t *chosen = exit_code == CLI_DONE ? choose(change, messages) : NULL;
    if (exit_code == CLI_DONE && json_array_size(messages) == 0) {
        exit_code = refuse("not_found", memory_format("No message is called %s. Which there are: "
                                                      "hearthchat history",
                                                      name));
    } else if (exit_code == CLI_DONE && chosen == NULL) {
        exit_code = refuse_several(change, messages, name);
    } else if (exit_code == CLI_DONE) {
        change->message = json_incref(chosen);
    }
    json_decref(answer);
    return exit_code;
}

/* Calls with what is in `input` (consumed) and names the message. */
static int call(const struct change *change, const char *path, json_t *input, json_t **answer_out)
{
    (void)json_object_set_new(input, "peer", json_build_text(peer_of(change, change->message)));
    (void)json_object_set(input, "event_id", json_object_get(change->message, "event_id"));
    if (change->client_id != NULL) {
        (void)json_object_set_new(input, "client_id", json_build_text(change->client_id));
    }
    return cli_call_node(change->cli, path, input, answer_out);
}

/* The event's id, and what else there is to say. */
static void print(const struct cli *cli, const json_t *answer, const char *more)
{
    if (cli->json) {
        cli_print_json(answer);
    } else {
        (void)printf("%s%s\n", cli_call_text(answer, "event_id"), more);
    }
}

static int reply(struct change *change, const char *text)
{
    json_t *answer = NULL;
    json_t *input = json_build_pack(
        "{s:s,s:s,s:s,s:s*}", "recipient", peer_of(change, change->message), "body", text,
        "reply_to", cli_call_text(change->message, "event_id"), "client_id", change->client_id);
    int exit_code = cli_call_node(change->cli, "/api/v1/chat/send", input, &answer);
    if (exit_code == CLI_DONE) {
        char *delivered = memory_format(" %s", cli_call_text(answer, "delivered"));
        print(change->cli, answer, delivered);
        memory_free(delivered);
    }
    json_decref(answer);
    return exit_code;
}

static int edit(struct change *change, const char *text)
{
    json_t *answer = NULL;
    int exit_code =
        call(change, "/api/v1/chat/edit", json_build_pack("{s:s}", "body", text), &answer);
    if (exit_code == CLI_DONE) {
        print(change->cli, answer, "");
    }
    json_decref(answer);
    return exit_code;
}

static int react(struct change *change, const char *text)
{
    json_t *answer = NULL;
    int exit_code =
        call(change, "/api/v1/chat/react", json_build_pack("{s:s}", "emoji", text), &answer);
    if (exit_code == CLI_DONE) {
        print(change->cli, answer, "");
    }
    json_decref(answer);
    return exit_code;
}

static int delete (struct change *change, bool here)
{
    json_t *answer = NULL;
    if (!here && !is_own(change, change->message)) {
        return refuse("unauthorized",
                      memory_format("Only who wrote a message can delete it for both; on this "
                                    "device alone: hearthchat delete %s --here",
                                    change->cli->positional[0]));
    }
    int exit_code = call(change, "/api/v1/chat/delete",
                         json_build_pack("{s:s}", "for", here ? "me" : "both"), &answer);
    if (exit_code == CLI_DONE && here && !change->cli->json) {
        (void)puts("Deleted on this device.");
    } else if (exit_code == CLI_DONE) {
        print(change->cli, answer,
              "\nDeleted on this device, and on the other one as soon as that hears of it.");
    }
    json_decref(answer);
    return exit_code;
}

/* A command with a message and a text. */
static int run(struct cli *cli, int argc, char **argv,
               int (*act)(struct change *change, const char *text))
{
    struct change change = {.cli = cli};
    const struct cli_option options[] = {{"--peer", &change.who, NULL},
                                         {"--client-id", &change.client_id, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(cli, argc, argv, options, 2, 2, &exit_code)) {
        char *text = cli_text_read(cli->positional[1]);
        exit_code = text == NULL ? CLI_FAILED : find(&change, cli->positional[0]);
        if (exit_code == CLI_DONE) {
            exit_code = act(&change, text);
        }
        memory_free(text);
    }
    change_deinit(&change);
    cli_arguments_deinit(cli);
    return exit_code;
}

#define MESSAGE_IS                                                                                 \
    "MESSAGE is what stands behind its time in hearthchat history: the end of its id,\n"           \
    "or all of it; its conversation has to be end-to-end encrypted. --peer WHO says whose,\n"      \
    "where several have a message of that name."
#define TEXT_IS "\n- as TEXT reads standard input.\n"

int cli_change_reply(int argc, char **argv)
{
    struct cli cli = {
        .command = "reply",
        .usage =
            "hearthchat reply MESSAGE TEXT [--peer WHO] [--client-id ID] [--json] [--data DIR]\n"
            "\n" MESSAGE_IS TEXT_IS,
        .too_much = ": put the text in quotes, like \"at eight\"."};
    return run(&cli, argc, argv, reply);
}

int cli_change_edit(int argc, char **argv)
{
    struct cli cli = {
        .command = "edit",
        .usage =
            "hearthchat edit MESSAGE TEXT [--peer WHO] [--client-id ID] [--json] [--data DIR]\n"
            "\n" MESSAGE_IS TEXT_IS
            "It is one of your own. The other one sees the new words, that they are new, and\n"
            "the old ones when asking for them.\n",
        .too_much = ": put the text in quotes, like \"at nine\"."};
    return run(&cli, argc, argv, edit);
}

int cli_change_react(int argc, char **argv)
{
    struct cli cli = {
        .command = "react",
        .usage =
            "hearthchat react MESSAGE EMOJI [--peer WHO] [--client-id ID] [--json] [--data DIR]\n"
            "\n" MESSAGE_IS "\n"
            "One reaction a person and message, the last counts; \"\" takes it "
            "back.\n"};
    return run(&cli, argc, argv, react);
}

int cli_change_delete(int argc, char **argv)
{
    struct cli cli = {
        .command = "delete",
        .usage =
            "hearthchat delete MESSAGE [--here] [--peer WHO] [--client-id ID] [--json] [--data "
            "DIR]\n"
            "\n" MESSAGE_IS "\n"
            "One of your own is deleted for both: its key and words go here at once, on the "
            "other\n"
            "device as soon as that hears of it. With --here any one, on this device alone.\n"};
    struct change change = {.cli = &cli};
    bool here = false;
    const struct cli_option options[] = {{"--here", NULL, &here},
                                         {"--peer", &change.who, NULL},
                                         {"--client-id", &change.client_id, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = find(&change, cli.positional[0]);
        if (exit_code == CLI_DONE) {
            exit_code = delete (&change, here);
        }
    }
    change_deinit(&change);
    cli_arguments_deinit(&cli);
    return exit_code;
}
