#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "server/cli.h"
#include "store/data_directory.h"

static int wrong_usage(const struct cli *cli, const char *what, const char *which)
{
    (void)fprintf(stderr, "hearthchat %s: %s%s\n\n%s", cli->command, what, which, cli->usage);
    return CLI_USAGE;
}

/* 1: taken, 2: taken with its value, 0: no such option, -1: its value is missing. */
static int take_option(const struct cli_option *options, const char *argument, const char *next)
{
    for (; options->name != NULL; options++) {
        if (strcmp(options->name, argument) != 0) {
            continue;
        }
        if (options->flag != NULL) {
            *options->flag = true;
            return 1;
        }
        if (next == NULL) {
            return -1;
        }
        *options->value = next;
        return 2;
    }
    return 0;
}

/* What the environment names is text like what the user types. NULL is. */
static bool is_path(const char *path, const char *instead, int *exit_out)
{
    if (path != NULL && !utf8_is_text(path)) {
        char *message = memory_format("HOME, XDG_DATA_HOME or XDG_CONFIG_HOME is not valid UTF-8; "
                                      "name %s instead.",
                                      instead);
        *exit_out = cli_print_failure("bad_request", message);
        memory_free(message);
        return false;
    }
    return true;
}

static bool resolve(struct cli *cli, int *exit_out)
{
    if (cli->data != NULL && cli->data[0] == '\0') {
        *exit_out = wrong_usage(cli, "--data takes a directory; here it is empty.", "");
        return false;
    }
    if (cli->config != NULL && cli->config[0] == '\0') {
        *exit_out = wrong_usage(cli, "--config takes a file; here it is empty.", "");
        return false;
    }
    cli->data_directory =
        cli->data != NULL ? memory_duplicate_string(cli->data) : data_directory_default();
    if (cli->data_directory == NULL) {
        *exit_out = cli_print_failure("bad_request",
                                      "There is no home directory; name one with --data DIR.");
        return false;
    }
    if (!is_path(cli->data_directory, "the directory with --data DIR", exit_out)) {
        return false;
    }
    size_t length = strlen(cli->data_directory);
    while (length > 1 && cli->data_directory[length - 1] == '/') {
        cli->data_directory[--length] = '\0';
    }
    char *beside = memory_format("%s/hearthchat.ini", cli->data_directory);
    if (cli->config != NULL) {
        cli->config_path = memory_duplicate_string(cli->config);
    } else if (cli->data != NULL || access(beside, F_OK) == 0) {
        cli->config_path = memory_duplicate_string(beside);
    } else {
        cli->config_path = data_directory_default_configuration();
    }
    memory_free(beside);
    return is_path(cli->config_path, "the file with --config FILE", exit_out);
}

bool cli_arguments_parse(struct cli *cli, int argc, char **argv, const struct cli_option *options,
                         int least_positional, int most_positional, int *exit_out)
{
    const struct cli_option shared[] = {{"--data", &cli->data, NULL},
                                        {"--config", &cli->config, NULL},
                                        {"--json", NULL, &cli->json},
                                        {NULL, NULL, NULL}};
    bool only_positional = false;
    cli->positional = memory_allocate((size_t)argc + 1, sizeof *cli->positional);
    for (int i = 0; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (only_positional || argv[i][0] != '-' || argv[i][1] == '\0') {
            cli->positional[cli->positional_count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_positional = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(cli->usage, stdout);
            *exit_out = CLI_DONE;
            return false;
        }
        int taken = take_option(shared, argv[i], next);
        taken = taken != 0 ? taken : take_option(options, argv[i], next);
        if (taken <= 0) {
            *exit_out = wrong_usage(
                cli, taken == 0 ? "there is no option " : "a value is missing behind ", argv[i]);
            return false;
        }
        i += taken - 1;
    }
    if (cli->positional_count < least_positional || cli->positional_count > most_positional) {
        *exit_out = wrong_usage(cli,
                                cli->positional_count < least_positional ? "something is missing."
                                                                         : "that is too much.",
                                "");
        return false;
    }
    return resolve(cli, exit_out);
}

void cli_arguments_deinit(struct cli *cli)
{
    memory_free(cli->data_directory);
    memory_free(cli->config_path);
    memory_free(cli->positional);
}

enum result cli_arguments_configure(const struct cli *cli, struct configuration *configuration,
                                    struct error *error)
{
    configuration_init(configuration);
    enum result result = cli->config_path == NULL
                             ? RESULT_NOT_FOUND
                             : configuration_load(configuration, cli->config_path, error);
    /* Only a file that was asked for has to be there. */
    return result == RESULT_NOT_FOUND && cli->config == NULL ? RESULT_OK : result;
}

bool cli_arguments_number(const char *option, const char *text, int64_t least, int64_t most,
                          int64_t *number_out)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (text[0] == '\0' || *end != '\0' || errno != 0 || number < least || number > most) {
        (void)fprintf(stderr, "hearthchat: %s takes a number from %lld to %lld, not \"%s\".\n",
                      option, (long long)least, (long long)most, text);
        return false;
    }
    *number_out = number;
    return true;
}
