#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "handlers/message_json.h"
#include "handlers/wire_code.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/history.h"
#include "store/maintenance.h"

/* The log that a command looks after. */
struct kept_log {
    struct signing_key key;
    struct node_id community_id;
    char *directory;
};

static int fail_with(enum result result, const struct error *error)
{
    return cli_print_failure(wire_code_name(wire_code_of_append(result)), error->message);
}

static enum result find_log(const struct cli *cli, struct kept_log *kept, struct error *error)
{
    enum result result = device_key_load(cli->data_directory, &kept->key, error);
    if (result == RESULT_OK &&
        data_directory_find_community(cli->data_directory, &kept->community_id) != RESULT_OK) {
        signing_key_deinit(&kept->key);
        result =
            error_set(error, RESULT_NOT_FOUND, "This node is in no community: there is no log.");
    }
    if (result == RESULT_OK) {
        kept->directory = data_directory_community_path(cli->data_directory, &kept->community_id);
    }
    return result;
}

static void release_log(struct kept_log *kept)
{
    signing_key_deinit(&kept->key);
    memory_free(kept->directory);
}

static void print_report(const struct cli *cli, const struct maintenance_report *report, bool whole)
{
    if (cli->json) {
        json_t *json = json_build_pack(
            "{s:b,s:I,s:I,s:I,s:s,s:b}", "whole", (int)whole, "events", (json_int_t)report->events,
            "aside", (json_int_t)report->aside, "damaged", (json_int_t)report->damaged, "differing",
            report->differing, "database_is_sound", (int)report->database_is_sound);
        cli_print_json(json);
        json_decref(json);
        return;
    }
    (void)printf("%lld events, %lld of them kept aside for audit\n", (long long)report->events,
                 (long long)report->aside);
    (void)printf("hashes and signatures  %s\n", report->damaged == 0 ? "all right" : "DAMAGED");
    (void)printf(
        "views                  %s%s\n",
        report->differing[0] == '\0' ? "as the events make them" : "DIFFER: ", report->differing);
    (void)printf("database               %s\n", report->database_is_sound ? "sound" : "DAMAGED");
}

static int verify(const struct cli *cli)
{
    struct kept_log kept;
    struct maintenance_report report;
    struct error error = {""};
    enum result result = find_log(cli, &kept, &error);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    result = maintenance_verify(kept.directory, &kept.community_id, &kept.key, clock_system(),
                                &report, &error);
    release_log(&kept);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    bool whole = report.damaged == 0 && report.differing[0] == '\0' && report.database_is_sound;
    print_report(cli, &report, whole);
    if (report.damaged > 0 || !report.database_is_sound) {
        return cli_print_failure(
            "internal_error",
            "The log is damaged: stop the node, run hearthchat repair (or put a backup back), and "
            "start it: what is missing comes from the neighbours.");
    }
    return whole ? CLI_DONE
                 : cli_print_failure("internal_error",
                                     "The views are not what the events make: stop the "
                                     "node and run: hearthchat rebuild");
}

int cli_maintenance_verify(int argc, char **argv)
{
    struct cli cli = {.command = "verify",
                      .usage =
                          "hearthchat verify [--json] [--data DIR]\n"
                          "\n"
                          "Checks every hash and signature of the log, and what is shown of it "
                          "against a fresh\nderivation. The node may be running.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = verify(&cli);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

static int rebuild(const struct cli *cli)
{
    struct kept_log kept;
    struct error error = {""};
    int lock = -1;
    enum result result = find_log(cli, &kept, &error);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    result = data_directory_lock(cli->data_directory, &lock, &error);
    if (result == RESULT_OK) {
        result = maintenance_rebuild(kept.directory, &kept.community_id, &kept.key, clock_system(),
                                     &error);
        data_directory_unlock(lock);
    }
    release_log(&kept);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    (void)puts("Derived again from the events.");
    return CLI_DONE;
}

int cli_maintenance_rebuild(int argc, char **argv)
{
    struct cli cli = {.command = "rebuild",
                      .usage = "hearthchat rebuild [--data DIR]\n"
                               "\n"
                               "Derives everything that is shown from the events again. Stop the "
                               "node first.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = rebuild(&cli);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* False after complaining. */
static bool names_file(const struct cli *cli, int *exit_out)
{
    if (cli->positional[0][0] == '\0') {
        *exit_out =
            cli_print_failure("bad_request", "Name the file to write; what you gave is empty.");
        return false;
    }
    return true;
}

static enum result backup(const struct cli *cli, struct error *error)
{
    struct signing_key key;
    enum result result = device_key_load(cli->data_directory, &key, error);
    if (result != RESULT_OK) {
        return result;
    }
    signing_key_deinit(&key);
    /* tar goes from one directory to the next: a relative one would lead astray. */
    char *directory = realpath(cli->data_directory, NULL);
    result = directory == NULL
                 ? error_set(error, RESULT_IO, "The data directory %s can't be found: %s.",
                             cli->data_directory, strerrordesc_np(errno))
                 : maintenance_backup(directory, cli->positional[0], error);
    memory_free(directory);
    return result;
}

int cli_maintenance_backup(int argc, char **argv)
{
    struct cli cli = {
        .command = "backup",
        .usage = "hearthchat backup FILE [--data DIR]\n"
                 "\n"
                 "Writes a tar of the data directory, consistent while the node runs. Unpacked, it "
                 "is a\ndata directory. It holds this device's key: keep it as you keep a key.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code) &&
        names_file(&cli, &exit_code)) {
        struct error error = {""};
        enum result result = backup(&cli, &error);
        exit_code = result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
        if (result == RESULT_OK) {
            (void)printf("Wrote %s.\n", cli.positional[0]);
        }
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

struct exporting {
    FILE *file;
    const struct node_id *self;
    int64_t last_lamport;
    bool any;
};

static void write_message(void *context, const struct history_message *message)
{
    struct exporting *exporting = context;
    struct buffer text;
    json_t *json = message_json_make(message, exporting->self);
    buffer_init(&text);
    (void)canonical_write(json, &text);
    (void)fprintf(exporting->file, "%s%s", exporting->any ? ",\n" : "", buffer_text(&text));
    exporting->any = true;
    exporting->last_lamport = message->lamport;
    buffer_deinit(&text);
    json_decref(json);
}

static enum result write_messages(const struct kept_log *kept, FILE *file, struct error *error)
{
    struct event_log *log = NULL;
    struct exporting exporting = {.file = file, .self = &kept->key.node_id};
    bool more = true;
    char community[NODE_ID_TEXT_BYTES];
    char self[NODE_ID_TEXT_BYTES];
    struct event_log_options options = {.directory = kept->directory,
                                        .community_id = kept->community_id,
                                        .key = &kept->key,
                                        .clock = clock_system(),
                                        .synchronous = true,
                                        .reads_only = true};
    enum result result = event_log_open(&options, &log, error);
    if (result != RESULT_OK) {
        return result;
    }
    node_id_format(&kept->community_id, community);
    node_id_format(&kept->key.node_id, self);
    (void)fprintf(file, "{\"community_id\":\"%s\",\"node_id\":\"%s\",\"messages\":[\n", community,
                  self);
    while (result == RESULT_OK && more) {
        const struct history_query query = {.since_lamport = exporting.last_lamport,
                                            .limit = HISTORY_MOST_LIMIT};
        result = history_page(log, &query, write_message, &exporting, &more);
    }
    (void)fputs("\n]}\n", file);
    event_log_close(&log);
    return result == RESULT_OK || error->message[0] != '\0'
               ? result
               : error_set(error, result, "The log can't be read.");
}

static int export_messages(const struct cli *cli, const char *path)
{
    struct kept_log kept;
    struct error error = {""};
    bool to_output = strcmp(path, "-") == 0;
    enum result result = find_log(cli, &kept, &error);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    (void)umask(0077); /* what people wrote is nobody else's */
    FILE *file = to_output ? stdout : fopen(path, "wxe");
    if (file == NULL) {
        result = errno == EEXIST
                     ? error_set(&error, RESULT_EXISTS,
                                 "%s is there already; name a file that is not there yet.", path)
                     : error_set(&error, RESULT_IO, "%s can't be written: %s.", path,
                                 strerrordesc_np(errno));
    } else {
        result = write_messages(&kept, file, &error);
        bool written = fflush(file) == 0 && ferror(file) == 0;
        written = (to_output || fclose(file) == 0) && written;
        if (result == RESULT_OK && !written) {
            result = error_set(&error, RESULT_IO, "%s can't be written; is there room?", path);
        }
        if (result != RESULT_OK && !to_output) {
            (void)unlink(path);
        }
    }
    release_log(&kept);
    return result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
}

int cli_maintenance_export(int argc, char **argv)
{
    struct cli cli = {.command = "export",
                      .usage = "hearthchat export FILE [--data DIR]\n"
                               "\n"
                               "Writes your own messages, sent and received, as JSON; - as FILE "
                               "writes to standard\noutput. The node may be running.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code) &&
        names_file(&cli, &exit_code)) {
        exit_code = export_messages(&cli, cli.positional[0]);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
