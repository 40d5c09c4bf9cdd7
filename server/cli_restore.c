#include <stdio.h>

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "server/cli.h"
#include "server/cli_passphrase.h"
#include "store/restore.h"

static enum result ask(void *context, char passphrase_out[static CLI_PASSPHRASE_BYTES],
                       struct error *error)
{
    return cli_passphrase_get(context, passphrase_out, error);
}

static int run(const struct cli *cli, const char *passphrase_file)
{
    struct error error = {""};
    enum result result = restore_run(cli->positional[0], cli->data_directory, ask,
                                     (void *)(uintptr_t)passphrase_file, &error);
    if (result != RESULT_OK) {
        return cli_print_failure(wire_code_name(wire_code_of_append(result)), error.message);
    }
    char *sentence =
        memory_format("Restored to %s. What it lacks comes from the neighbours; start it with: "
                      "hearthchat serve\n",
                      cli->data_directory);
    cli_print_hint(stdout, sentence);
    (void)fputs("Of sealed messages since the backup, what had not been acknowledged comes by "
                "itself; the\nrest when the other side's owner says so (hearthchat "
                "restore-messages, there).\n"
                "The original must not run beside it: one key is for one node.\n",
                stdout);
    memory_free(sentence);
    return CLI_DONE;
}

int cli_restore_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "restore",
        .usage =
            "hearthchat restore FILE [--passphrase-file F] [--data DIR]\n"
            "\n"
            "Makes the data directory again that hearthchat backup wrote to FILE. A directory\n"
            "that has keys, or anything else, is left as it is. What the backup lacks comes\n"
            "from the neighbours: of sealed messages what had not been acknowledged by itself, "
            "the\n"
            "rest when the other side's owner says so. One key is for one node: see that the\n"
            "original never runs again.\n"
            "\n"
            "  --passphrase-file F  of a sealed backup: the line that F has, instead of asking\n"};
    const char *passphrase_file = NULL;
    const struct cli_option options[] = {{"--passphrase-file", &passphrase_file, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = run(&cli, passphrase_file);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
