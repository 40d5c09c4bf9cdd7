#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "server/cli.h"
#include "server/cli_hint.h"
#include "store/data_directory.h"

static int wrong_usage(const struct cli *cli, const char *what, const char *which,
                       const char *advice)
{
    char *hint = cli_hint_make(advice);
    (void)fprintf(stderr, "hearthchat %s: %s%s%s\n\n%s", cli->command, what, which, hint,
                  cli->usage);
    memory_free(hint);
    return CLI_USAGE;
}

/* The value of "--name=VALUE", or NULL: then *length_out is that of all of it. */
static const char *find_value(const char *argument, size_t *length_out)
{
    bool is_long = strncmp(argument, "--", 2) == 0;
    *length_out = is_long ? strcspn(argument, "=") : strlen(argument);
    return argument[*length_out] == '=' ? argument + *length_out + 1 : NULL;
}

enum { NO_OPTION = 0, VALUE_MISSING = -1, VALUE_TOO_MUCH = -2 };

/* How many arguments were taken, or what is wrong. */
static int take_option(const struct cli_option *options, const char *argument, const char *next)
{
    size_t length = 0;
    const char *value = find_value(argument, &length);
    for (; options->name != NULL; options++) {
        if (strlen(options->name) != length || strncmp(options->name, argument, length) != 0) {
            continue;
        }
        if (options->flag != NULL) {
            *options->flag = true;
            return value == NULL ? 1 : VALUE_TOO_MUCH;
        }
        if (value == NULL && next == NULL) {
            return VALUE_MISSING;
        }
        *options->value = value == NULL ? next : value;
        return value == NULL ? 2 : 1;
    }
    return NO_OPTION;
}

static int refuse_option(const struct cli *cli, int taken, const char *argument, bool takes_text)
{
    if (taken == VALUE_MISSING) {
        return wrong_usage(cli, "a value is missing behind ", argument, ".");
    }
    if (taken == VALUE_TOO_MUCH) {
        return wrong_usage(cli, "there is no value to give in ", argument, ".");
    }
    return wrong_usage(cli, "there is no option ", argument,
                       takes_text ? "; if that is no option, put -- before it." : ".");
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
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
        *exit_out = wrong_usage(cli, "--data takes a directory; here it is empty.", "", "");
        return false;
    }
    if (cli->config != NULL && cli->config[0] == '\0') {
        *exit_out = wrong_usage(cli, "--config takes a file; here it is empty.", "", "");
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
                                        {"-d", &cli->data, NULL},
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
        if (is_help(argv[i])) {
            (void)fputs(cli->usage, stdout);
            *exit_out = CLI_DONE;
            return false;
        }
        int taken = take_option(shared, argv[i], next);
        taken = taken != NO_OPTION ? taken : take_option(options, argv[i], next);
        if (taken <= 0) {
            *exit_out = refuse_option(cli, taken, argv[i], most_positional > 0);
            return false;
        }
        i += taken - 1;
    }
    cli_hint_name_paths(cli->data, cli->config);
    if (cli->positional_count < least_positional) {
        *exit_out = wrong_usage(cli, "something is missing.", "", "");
        return false;
    }
    if (cli->positional_count > most_positional) {
        *exit_out =
            wrong_usage(cli, "that is too much", "", cli->too_much == NULL ? "." : cli->too_much);
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
