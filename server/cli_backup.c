#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "protocol/signing.h"
#include "server/cli.h"
#include "server/cli_passphrase.h"
#include "store/backup.h"
#include "store/device_key.h"

/* What is asked for: --passphrase, or --passphrase-file with its name. */
struct asked {
    bool sealed;
    const char *passphrase_file;
};

static enum result write_backup(const struct cli *cli, const struct asked *asked,
                                struct error *error)
{
    char passphrase[CLI_PASSPHRASE_BYTES] = "";
    struct signing_key key;
    enum result result = device_key_load(cli->data_directory, &key, error);
    if (result != RESULT_OK) {
        return result;
    }
    signing_key_deinit(&key);
    if (asked->sealed) {
        result = cli_passphrase_choose(asked->passphrase_file, passphrase, error);
    }
    /* tar goes from one directory to the next: a relative one would lead astray. */
    char *directory = realpath(cli->data_directory, NULL);
    if (result == RESULT_OK && directory == NULL) {
        result = error_set(error, RESULT_IO, "The data directory %s can't be found: %s.",
                           cli->data_directory, strerrordesc_np(errno));
    }
    if (result == RESULT_OK) {
        result =
            backup_run(directory, cli->positional[0], asked->sealed ? passphrase : NULL, error);
    }
    signing_wipe(passphrase, sizeof passphrase);
    memory_free(directory);
    return result;
}

static int run(const struct cli *cli, const struct asked *asked)
{
    struct error error = {""};
    if (cli->positional[0][0] == '\0') {
        return cli_print_failure("bad_request", "Name the file to write; what you gave is empty.");
    }
    enum result result = write_backup(cli, asked, &error);
    if (result != RESULT_OK) {
        return cli_print_failure(wire_code_name(wire_code_of_append(result)), error.message);
    }
    (void)printf("Wrote %s.\n%s", cli->positional[0],
                 asked->sealed
                     ? "It is sealed: without the passphrase nobody opens it, you neither. Nothing "
                       "replaces it.\n"
                     : "Whoever has it can read your messages, and be this device: keep it as you "
                       "keep a key, or\nseal it with --passphrase.\n");
    return CLI_DONE;
}

int cli_backup_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "backup",
        .usage =
            "hearthchat backup FILE [--passphrase | --passphrase-file F] [--data DIR]\n"
            "\n"
            "Writes a tar of the data directory, consistent while the node runs. Unpacked, it is "
            "a\ndata directory. It holds this device's key and the keys of all messages: whoever "
            "has it\ncan read them. Keep it as you keep a key, or have it sealed:\n"
            "\n"
            "  --passphrase         asks for a passphrase on the terminal, twice; what it seals "
            "only\n                       hearthchat restore opens, with the same one\n"
            "  --passphrase-file F  takes the line that F has, which nobody else may read\n"};
    struct asked asked = {false, NULL};
    const struct cli_option options[] = {{"--passphrase", NULL, &asked.sealed},
                                         {"--passphrase-file", &asked.passphrase_file, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        asked.sealed = asked.sealed || asked.passphrase_file != NULL;
        exit_code = run(&cli, &asked);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
