#include <stdio.h>

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "server/cli.h"
#include "store/restore.h"

int cli_restore_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "restore",
        .usage =
            "hearthchat restore FILE [--data DIR]\n"
            "\n"
            "Makes the data directory again that hearthchat backup wrote to FILE. A directory\n"
            "that has keys, or anything else, is left as it is. What the backup lacks comes\n"
            "from the neighbours. One key is for one node: see that the original never runs\n"
            "again.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        struct error error = {""};
        enum result result = restore_run(cli.positional[0], cli.data_directory, &error);
        if (result == RESULT_OK) {
            char *sentence = memory_format("Restored to %s. What it lacks comes from the "
                                           "neighbours; start it with: hearthchat serve\nThe "
                                           "original must not run beside it: one key is for one "
                                           "node.\n",
                                           cli.data_directory);
            cli_print_hint(stdout, sentence);
            memory_free(sentence);
        } else {
            exit_code =
                cli_print_failure(wire_code_name(wire_code_of_append(result)), error.message);
        }
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
