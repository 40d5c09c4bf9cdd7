#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/thread.h"
#include "handlers/qr_draw.h"
#include "handlers/wire_code.h"
#include "protocol/display_text.h"
#include "protocol/invite.h"
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
    configuration_init(&probe);
    enum result result = RESULT_OK;
    if (configuration_set(&probe, "identity", "display_name", name, NULL) != RESULT_OK) {
        result = error_set(error, RESULT_INVALID, "--name takes at most 64 printable characters.");
    } else if (configuration_set(&probe, "identity", "profile", profile, NULL) != RESULT_OK) {
        result = error_set(error, RESULT_INVALID,
                           "--profile is anchor, hearth, spark or bridge, not \"%.40s\".", profile);
    }
    configuration_deinit(&probe);
    if (result == RESULT_OK && cli->config_path != NULL) {
        result = configuration_write_identity(cli->config_path, name, profile, error);
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

/* Keys, name and community, all checked before the first is written. */
static enum result initialise(const struct cli *cli, const char *name, const char *profile,
                              const char *community, const struct policy *policy,
                              struct error *error)
{
    struct signing_key key;
    int lock = -1;
    enum result result = data_directory_prepare(cli->data_directory, error);
    if (result == RESULT_OK) {
        result = data_directory_lock(cli->data_directory, &lock, error);
    }
    if (result == RESULT_OK) {
        result = device_key_load(cli->data_directory, &key, error);
        if (result == RESULT_OK) {
            signing_key_deinit(&key);
            result = error_set(error, RESULT_EXISTS,
                               "There are keys in %s already; they are left as they are.",
                               cli->data_directory);
        } else if (result == RESULT_NOT_FOUND) {
            result = RESULT_OK;
        }
    }
    if (result == RESULT_OK && (name != NULL || profile != NULL)) {
        result = write_identity(cli, name == NULL ? "" : name, profile == NULL ? "hearth" : profile,
                                error);
    }
    if (result == RESULT_OK) {
        result = device_key_create(cli->data_directory, &key, error);
        if (result == RESULT_OK && community != NULL) {
            result =
                founding_run(cli->data_directory, &key, clock_system(), community, policy, error);
        }
        if (result == RESULT_OK) {
            print_id(&key.node_id);
        }
        signing_key_deinit(&key);
    }
    if (lock >= 0) {
        data_directory_unlock(lock);
    }
    return result;
}

static bool is_community_name(const char *name)
{
    return name[0] != '\0' &&
           display_text_count_characters(name) <= EVENT_DATA_MOST_NAME_CHARACTERS &&
           !display_text_has_control_character(name);
}

int cli_node_init(int argc, char **argv)
{
    struct cli cli = {
        .command = "init",
        .usage = "hearthchat init [--name NAME] [--profile anchor|hearth|spark|bridge]\n"
                 "                [--community NAME [--revoke-signatures N]] [--data DIR]\n"
                 "\n"
                 "Makes this device's keys; with --community, founds one. Keys that are there are\n"
                 "never touched. N: how many trusted members must agree before somebody is shut\n"
                 "out (3); all of them, where there are fewer.\n"};
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

static int serve(const struct cli *cli, const struct configuration *configuration)
{
    struct error error = {""};
    struct node *node = NULL;
    struct node_options options = {cli->data_directory, configuration};
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
        (void)thread_wait_for_stop_signal();
        run_file_remove(cli->data_directory);
        log_write(LOG_INFO, "node.stopping", NULL);
    }
    if (node != NULL) {
        node_stop(&node);
        log_write(LOG_INFO, "node.stopped", NULL); /* in order: everything was answered */
    }
    log_close();
    return result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
}

int cli_node_serve(int argc, char **argv)
{
    struct cli cli = {
        .command = "serve",
        .usage = "hearthchat serve [--ui-port P] [--peer-port P] [--peer-host H]\n"
                 "                 [--log-level debug|info|warning|error] [--data DIR]\n"
                 "\n"
                 "Runs the node until Ctrl-C. Port 0 takes any free one. The keys are made on the\n"
                 "first start.\n"};
    struct serve_options serve_options = {0};
    const struct cli_option options[] = {{"--ui-port", &serve_options.ui_port, NULL},
                                         {"--peer-port", &serve_options.peer_port, NULL},
                                         {"--peer-host", &serve_options.peer_host, NULL},
                                         {"--log-level", &serve_options.log_level, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        struct configuration configuration;
        struct error error = {""};
        enum result result = cli_arguments_configure(&cli, &configuration, &error);
        if (result == RESULT_OK) {
            result = apply_options(&configuration, &serve_options, &error);
        }
        exit_code = result == RESULT_OK ? serve(&cli, &configuration) : fail_with(result, &error);
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
