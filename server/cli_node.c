#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/thread.h"
#include "handlers/qr_draw.h"
#include "handlers/wire_code.h"
#include "protocol/display_text.h"
#include "protocol/invite.h"
#include "protocol/json_build.h"
#include "protocol/person_name.h"
#include "protocol/visible_text.h"
#include "server/cli.h"
#include "server/node.h"
#include "server/process.h"
#include "server/run_file.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/founding.h"

static int fail_with(enum result result, const struct error *error)
{
    return cli_print_failure(wire_code_name(wire_code_of_append(result)), error->message);
}

static enum result write_identity(const struct cli *cli, const char *name, const char *profile,
                                  struct error *error)
{
    struct configuration probe;
    char plain[PERSON_NAME_BYTES];
    configuration_init(&probe);
    enum result result = RESULT_OK;
    if (name != NULL && !person_name_make(name, plain)) {
        result = error_set(error, RESULT_INVALID,
                           "--name takes 1 to 64 characters, some of which can be seen, and none "
                           "that break the line or turn the direction of text.");
    } else if (profile != NULL &&
               configuration_set(&probe, "identity", "profile", profile, NULL) != RESULT_OK) {
        result = error_set(error, RESULT_INVALID,
                           "--profile is anchor, hearth, spark or bridge, not \"%.40s\".", profile);
    }
    configuration_deinit(&probe);
    if (result == RESULT_OK && cli->config_path != NULL) {
        result = configuration_write_identity(cli->config_path, name == NULL ? NULL : plain,
                                              profile, error);
    }
    return result;
}

static void print_id(const struct node_id *node_id)
{
    char id[NODE_ID_TEXT_BYTES];
    char short_id[NODE_ID_SHORT_BYTES];
    node_id_format(node_id, id);
    node_id_format_short(node_id, short_id);
    (void)printf("%s\n%s\n", id, short_id);
}

static bool is_in_community(const struct cli *cli)
{
    struct node_id community;
    return data_directory_find_community(cli->data_directory, &community) == RESULT_OK ||
           data_directory_find_lost(cli->data_directory, &community) == RESULT_OK;
}

/* What is missing of keys, name and community, all checked before the first is written. */
static enum result initialise(const struct cli *cli, const char *name, const char *profile,
                              const char *community, const struct policy *policy,
                              struct error *error)
{
    struct signing_key key;
    bool has_key = false;
    int lock = -1;
    enum result result = data_directory_prepare(cli->data_directory, error);
    if (result == RESULT_OK) {
        result = data_directory_lock(cli->data_directory, &lock, error);
    }
    if (result == RESULT_OK && community != NULL && is_in_community(cli)) {
        result = error_set(error, RESULT_EXISTS,
                           "%s belongs to a community already; another one needs a directory of "
                           "its own: --data DIR.",
                           cli->data_directory);
    }
    if (result == RESULT_OK && (name != NULL || profile != NULL)) {
        result = write_identity(cli, name, profile, error);
    }
    if (result == RESULT_OK) {
        result = device_key_load(cli->data_directory, &key, error);
        if (result == RESULT_NOT_FOUND) {
            result = device_key_create(cli->data_directory, &key, error);
        }
        has_key = result == RESULT_OK;
    }
    if (result == RESULT_OK && community != NULL) {
        result = founding_run(cli->data_directory, &key, clock_system(), community, policy, error);
    }
    if (result == RESULT_OK) {
        print_id(&key.node_id);
    }
    if (has_key) {
        signing_key_deinit(&key);
    }
    if (lock >= 0) {
        data_directory_unlock(lock);
    }
    return result;
}

static bool is_community_name(const char *name)
{
    return visible_text_has_any(name) &&
           display_text_count_characters(name) <= EVENT_DATA_MOST_NAME_CHARACTERS &&
           !display_text_has_control_character(name);
}

int cli_node_init(int argc, char **argv)
{
    struct cli cli = {
        .command = "init",
        .usage =
            "hearthchat init [--name NAME] [--profile anchor|hearth|spark|bridge]\n"
            "                [--community NAME [--revoke-signatures N]] [--data DIR]\n"
            "\n"
            "Makes what is missing of this device's keys, name and, with --community, its\n"
            "community. Keys that are there are never touched. N: how many trusted members\n"
            "must agree before somebody is shut out (3); all of them, where there are fewer.\n"};
    const char *name = NULL;
    const char *profile = NULL;
    const char *community = NULL;
    const char *signatures = NULL;
    const struct cli_option options[] = {{"--name", &name, NULL},
                                         {"--profile", &profile, NULL},
                                         {"--community", &community, NULL},
                                         {"--revoke-signatures", &signatures, NULL},
                                         {NULL, NULL, NULL}};
    struct policy policy = policy_default();
    struct error error = {""};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        if (signatures != NULL &&
            !cli_arguments_number("--revoke-signatures", signatures, 1, POLICY_MOST_SIGNATURES,
                                  &policy.min_signatures_to_revoke)) {
            exit_code = CLI_USAGE;
        } else if (community != NULL && !is_community_name(community)) {
            exit_code =
                cli_print_failure("bad_request", "--community takes 1 to 64 printable characters.");
        } else {
            enum result result = initialise(&cli, name, profile, community, &policy, &error);
            exit_code = result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
        }
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

struct serve_options {
    const char *ui_port;
    const char *peer_port;
    const char *peer_host;
    const char *log_level;
    bool or_show; /* a node that runs already is fine: its tab's address is what was wanted */
};

static enum result apply_options(struct configuration *configuration,
                                 const struct serve_options *options, struct error *error)
{
    const struct {
        const char *section;
        const char *key;
        const char *value;
    } settings[] = {
        {"ui", "port", options->ui_port},
        {"transport", "port", options->peer_port},
        {"transport", "host", options->peer_host},
        {"observability", "log_level", options->log_level},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].value != NULL) {
            enum result result = configuration_set(configuration, settings[i].section,
                                                   settings[i].key, settings[i].value, error);
            if (result != RESULT_OK) {
                return result;
            }
        }
    }
    return RESULT_OK;
}

static void announce(const struct node *node, const struct configuration *configuration)
{
    char ui[16];
    char peer[16];
    char id[NODE_ID_SHORT_BYTES];
    (void)snprintf(ui, sizeof ui, "%u", (unsigned)node_ui_port(node));
    (void)snprintf(peer, sizeof peer, "%u", (unsigned)node_peer_port(node));
    node_id_format_short(node_id_of(node), id);
    log_write(LOG_INFO, "node.started", "node", id, "ui_port", ui, "peer_port", peer, "version",
              NODE_VERSION, NULL);
    (void)printf("Your chat: http://%s:%s/\n",
                 strcmp(configuration->ui_host, "::1") == 0 ? "[::1]" : configuration->ui_host, ui);
    (void)fflush(stdout);
}

static bool shares_port(const struct configuration *configuration)
{
    return configuration->ui_port != 0 && configuration->ui_port == configuration->peer_port;
}

/* Whether a node runs on this directory; then its tab's address was printed. */
static bool show_running(const struct cli *cli)
{
    struct run_file run;
    bool runs = run_file_find(cli->data_directory, &run) == RESULT_OK;
    if (runs) {
        (void)printf("Your chat runs already: %s/\n", run.ui);
    }
    return runs;
}

static int serve(const struct cli *cli, const struct configuration *configuration, bool or_show)
{
    struct error error = {""};
    struct node *node = NULL;
    struct node_options options = {cli->data_directory, configuration, cli->config_path};
    enum result result = log_open(configuration->log_file, configuration->log_level, &error);
    if (result == RESULT_OK) {
        process_prepare();
        thread_block_signals();
        result = configuration->confine ? process_confine(&error) : RESULT_OK;
    }
    if (result == RESULT_OK) {
        result = node_start(&options, &node, &error);
    }
    if (result == RESULT_OK) {
        result = run_file_write(cli->data_directory, configuration->ui_host, node_ui_port(node),
                                node_peer_port(node), node_id_of(node), &error);
        if (result == RESULT_FULL) { /* the tab works all the same */
            log_write(LOG_WARNING, "node.not_findable", "reason", error.message, "advice",
                      "make room, then start the node again", NULL);
            result = RESULT_OK;
        }
    }
    if (result == RESULT_OK) {
        announce(node, configuration);
        process_settle();
        thread_wait_for_stop_signal();
        run_file_remove(cli->data_directory);
        log_write(LOG_INFO, "node.stopping", NULL);
    }
    if (node != NULL) {
        node_stop(&node);
        log_write(LOG_INFO, "node.stopped", NULL); /* in order: everything was answered */
    }
    log_close();
    return result == RESULT_OK || (result == RESULT_BUSY && or_show && show_running(cli))
               ? CLI_DONE
               : fail_with(result, &error);
}

int cli_node_serve(int argc, char **argv)
{
    struct cli cli = {
        .command = "serve",
        .usage =
            "hearthchat serve [--ui-port P] [--peer-port P] [--peer-host H]\n"
            "                 [--log-level debug|info|warning|error] [--or-show] [--data DIR]\n"
            "\n"
            "Runs the node until Ctrl-C, or until its terminal is closed. Port 0 takes any\n"
            "free one. The keys are made on the first start. --or-show: where a node runs\n"
            "already, prints its tab's address instead of refusing.\n"};
    struct serve_options serve_options = {0};
    const struct cli_option options[] = {{"--ui-port", &serve_options.ui_port, NULL},
                                         {"--peer-port", &serve_options.peer_port, NULL},
                                         {"--peer-host", &serve_options.peer_host, NULL},
                                         {"--log-level", &serve_options.log_level, NULL},
                                         {"--or-show", NULL, &serve_options.or_show},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        struct configuration configuration;
        struct error error = {""};
        enum result result = cli_arguments_configure(&cli, &configuration, &error);
        if (result == RESULT_OK) {
            result = apply_options(&configuration, &serve_options, &error);
        }
        if (result == RESULT_OK && shares_port(&configuration)) {
            result = error_set(&error, RESULT_INVALID,
                               "Port %lld is given to both the tab and the neighbours; choose "
                               "another one with --ui-port or --peer-port (0: any).",
                               (long long)configuration.ui_port);
        }
        exit_code = result == RESULT_OK ? serve(&cli, &configuration, serve_options.or_show)
                                        : fail_with(result, &error);
        configuration_deinit(&configuration);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

static int print_identity(const struct cli *cli, bool qr)
{
    struct configuration configuration;
    struct signing_key key;
    struct error error = {""};
    enum result result = cli_arguments_configure(cli, &configuration, &error);
    if (result == RESULT_OK) {
        result = device_key_load(cli->data_directory, &key, &error);
    }
    if (result == RESULT_OK) {
        char *text = invite_make_id_text(&key.node_id, configuration.display_name);
        print_id(&key.node_id);
        (void)printf("%s\n", text);
        char *code = qr ? qr_draw_for_terminal(text) : NULL;
        (void)fputs(code == NULL ? "" : code, stdout);
        memory_free(code);
        memory_free(text);
        signing_key_deinit(&key);
    }
    configuration_deinit(&configuration);
    return result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
}

int cli_node_id(int argc, char **argv)
{
    struct cli cli = {.command = "id",
                      .usage = "hearthchat id [--qr] [--data DIR]\n"
                               "\n"
                               "Prints this device's NodeID, its short form, and the text (and QR "
                               "code) that a\nneighbour needs to invite it.\n"};
    bool qr = false;
    const struct cli_option options[] = {{"--qr", NULL, &qr}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = print_identity(&cli, qr);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_node_name(int argc, char **argv)
{
    struct cli cli = {.command = "name",
                      .usage = "hearthchat name NAME [--json] [--data DIR]\n"
                               "\n"
                               "What you are called from now on, on this device and for "
                               "everybody.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s}", "display_name", cli.positional[0]);
        exit_code = cli_call_node(&cli, "/api/v1/node", input, &answer);
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        (void)fputs("You are ", stdout);
        cli_print_untrusted(cli_call_text(answer, "display_name"));
        (void)fputs(" now.\n", stdout);
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}
