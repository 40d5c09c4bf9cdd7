#include "server/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "gossip/http_client.h"
#include "protocol/fields.h"
#include "server/node.h"
#include "server/run_file.h"
#include "store/data_directory.h"

static const char usage[] =
    "hearthchat COMMAND [--data DIR] [--config FILE] …\n"
    "\n"
    "Starting\n"
    "  init      make the keys, and found a community if you like\n"
    "  serve     run the node in the foreground\n"
    "  demo      three neighbours to play with\n"
    "  id        this device's id, to be invited with\n"
    "With a running node\n"
    "  invite    let somebody in          join      use an invite\n"
    "  send      write a message          history   read messages\n"
    "  members   who belongs to it        status    how the node is\n"
    "  revoke    shut a device out        co-sign   agree to that\n"
    "Looking after the log\n"
    "  verify    check all of it          rebuild   derive what is shown again\n"
    "  backup    the whole node as a tar  export    your messages as JSON\n"
    "\n"
    "  version   what this is             COMMAND --help   more about one of them\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", cli_init},       {"serve", cli_serve},     {"id", cli_id},
    {"invite", cli_invite},   {"join", cli_join},       {"send", cli_send},
    {"history", cli_history}, {"members", cli_members}, {"status", cli_status},
    {"revoke", cli_revoke},   {"co-sign", cli_co_sign}, {"verify", cli_verify},
    {"rebuild", cli_rebuild}, {"backup", cli_backup},   {"export", cli_export},
    {"demo", cli_demo},
};

int cli_run(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0) {
        (void)fputs(usage, stdout);
        return CLI_DONE;
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        (void)printf("hearthchat %s\n", NODE_VERSION);
        return CLI_DONE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, command) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    if (command[0] != '\0') {
        (void)fprintf(stderr, "hearthchat: there is no command \"%s\".\n\n", command);
    }
    (void)fputs(usage, stderr);
    return CLI_USAGE;
}

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

static bool resolve(struct cli *cli, int *exit_out)
{
    cli->data_directory =
        cli->data != NULL ? memory_duplicate_string(cli->data) : data_directory_default();
    if (cli->data_directory == NULL) {
        *exit_out =
            cli_fail("bad_request", "There is no home directory; name one with --data DIR.");
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
    return true;
}

bool cli_parse(struct cli *cli, int argc, char **argv, const struct cli_option *options,
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

void cli_deinit(struct cli *cli)
{
    memory_free(cli->data_directory);
    memory_free(cli->config_path);
    memory_free(cli->positional);
}

enum result cli_configure(const struct cli *cli, struct configuration *configuration,
                          struct error *error)
{
    configuration_init(configuration);
    enum result result = cli->config_path == NULL
                             ? RESULT_NOT_FOUND
                             : configuration_load(configuration, cli->config_path, error);
    /* Only a file that was asked for has to be there. */
    return result == RESULT_NOT_FOUND && cli->config == NULL ? RESULT_OK : result;
}

int cli_fail(const char *code, const char *message)
{
    (void)fprintf(stderr, "hearthchat: %s: %s\n", code, message);
    return CLI_FAILED;
}

bool cli_number(const char *option, const char *text, int64_t least, int64_t most,
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

static int read_answer(const struct http_answer *answer, json_t **output_out)
{
    json_t *json = NULL;
    struct error error = {""};
    if (canonical_parse(buffer_text(&answer->body), answer->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, &json, &error) != RESULT_OK) {
        return cli_fail("internal_error", "The node's answer can't be read.");
    }
    const char *code = json_string_value(json_object_get(json, "error"));
    const char *message = json_string_value(json_object_get(json, "message"));
    json_t *output = json_object_get(json, "output");
    int exit_code = CLI_DONE;
    if (answer->status != 200) {
        exit_code =
            cli_fail(code == NULL ? "internal_error" : code, message == NULL ? "" : message);
    } else {
        *output_out = json_incref(output == NULL ? json : output);
    }
    json_decref(json);
    return exit_code;
}

int cli_call(const struct cli *cli, const char *path, json_t *body, json_t **output_out)
{
    char *ui = NULL;
    struct buffer text;
    struct http_answer answer = {0};
    int exit_code = CLI_NO_NODE;
    const int64_t patience_ms = 90000; /* a join talks to the network, a long-poll waits */
    buffer_init(&text);
    if (run_file_find(cli->data_directory, &ui) != RESULT_OK) {
        (void)fprintf(stderr,
                      "hearthchat: no node is running on %s; start one with: hearthchat serve\n",
                      cli->data_directory);
    } else {
        char *url = memory_format("%s%s", ui, path);
        if (body != NULL) {
            (void)canonical_write(body, &text);
        }
        struct http_call call = {.url = url,
                                 .method = body == NULL ? "GET" : "POST",
                                 .body = text.data,
                                 .body_bytes = text.length_bytes,
                                 .total_ms = patience_ms};
        if (http_client_call(&call, &answer) == RESULT_OK) {
            exit_code = read_answer(&answer, output_out);
        } else {
            (void)fprintf(stderr, "hearthchat: the node at %s does not answer.\n", ui);
        }
        memory_free(url);
    }
    http_client_deinit_answer(&answer);
    buffer_deinit(&text);
    json_decref(body);
    memory_free(ui);
    return exit_code;
}

const char *cli_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

void cli_print_json(const json_t *json)
{
    struct buffer text;
    buffer_init(&text);
    (void)canonical_write(json, &text);
    (void)printf("%s\n", buffer_text(&text));
    (void)fflush(stdout);
    buffer_deinit(&text);
}

void cli_print_untrusted(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f || is_c1) {
            (void)putchar('?');
            at += is_c1 ? 1 : 0;
        } else {
            (void)putchar(*at);
        }
    }
}
