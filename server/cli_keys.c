#include <stdio.h>

#include "core/memory.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"
#include "server/cli_who.h"

static int restore(const struct cli *cli, const char *since_text, bool and_theirs)
{
    char *peer = NULL;
    json_t *answer = NULL;
    int64_t since = 0;
    int64_t messages = 0;
    if (since_text != NULL && !cli_arguments_number("--since", since_text, 0, INT64_MAX, &since)) {
        return CLI_USAGE;
    }
    int exit_code = cli_who_find(cli, cli->positional[0], &peer);
    if (exit_code == CLI_DONE) {
        json_t *input = json_build_pack("{s:s}", "peer", peer);
        if (since_text != NULL) {
            (void)json_object_set_new(input, "since_lamport", json_integer(since));
        } else if (and_theirs) {
            (void)json_object_set_new(input, "theirs", json_true());
        }
        exit_code = cli_call_node(cli, "/api/v1/chat/restore", input, &answer);
    }
    (void)json_members_integer(answer, "messages", 0, INT64_MAX, &messages);
    if (exit_code == CLI_DONE && cli->json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE && messages == 0 && since_text == NULL && !and_theirs) {
        (void)puts("That device has asked for nothing that it once had. To give it everything "
                   "again: --since 0");
    } else if (exit_code == CLI_DONE) {
        (void)printf("The keys of %lld message%s are on their way there.\n", (long long)messages,
                     messages == 1 ? "" : "s");
    }
    json_decref(answer);
    memory_free(peer);
    return exit_code;
}

int cli_keys_restore(int argc, char **argv)
{
    struct cli cli = {
        .command = "restore-messages",
        .usage =
            "hearthchat restore-messages WHO [--theirs | --since LAMPORT] [--json] [--data DIR]\n"
            "\n"
            "Gives WHO's device the keys of messages again that it once had and has lost, after\n"
            "a restored backup, say: those that it asks for; with --theirs also those of all that\n"
            "WHO wrote, which it can't ask for; with --since those of all that the two of you\n"
            "wrote behind that lamport, 0 for everything. Ask WHO before, face to face or by\n"
            "phone: who stole that device's key would ask for them, too.\n"};
    const char *since = NULL;
    bool and_theirs = false;
    const struct cli_option options[] = {
        {"--since", &since, NULL}, {"--theirs", NULL, &and_theirs}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = restore(&cli, since, and_theirs);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_keys_rotate(int argc, char **argv)
{
    struct cli cli = {
        .command = "rotate",
        .usage =
            "hearthchat rotate [--json] [--data DIR]\n"
            "\n"
            "Offers a new key to everybody, in place of all that this device offered before:\n"
            "what is written to it from then on opens with that alone. By itself a node does\n"
            "so every four weeks. Who has the device's own key is shut out by revoke alone.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = cli_call_node(&cli, "/api/v1/keys/rotate", json_object(), &answer);
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        (void)printf("%s\nWhoever hears of it seals to the new key.\n",
                     cli_call_text(answer, "event_id"));
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}
