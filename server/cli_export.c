#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "handlers/message_json.h"
#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "server/cli_kept_log.h"
#include "store/export.h"

struct exporting {
    FILE *file;
    const struct node_id *self;
    bool with_keys;
    bool any;
    json_t *message; /* that is being written */
};

static void add_event(json_t *object, const json_t *event, const struct content_key *key)
{
    struct buffer text;
    (void)json_object_set(object, "event", (json_t *)(uintptr_t)event);
    if (key != NULL) {
        buffer_init(&text);
        base64url_encode(key->key, sizeof key->key, &text);
        (void)json_object_set_new(object, "key", json_build_text(buffer_text(&text)));
        signing_wipe(text.data, text.length_bytes);
        buffer_deinit(&text);
    }
}

/* The first is the message itself. */
static void add_proof(void *context, const json_t *event, const struct content_key *key)
{
    json_t *message = ((struct exporting *)context)->message;
    if (json_object_get(message, "event") == NULL) {
        add_event(message, event, key);
        return;
    }
    json_t *changes = json_object_get(message, "changes");
    if (changes == NULL) {
        changes = json_array();
        (void)json_object_set_new(message, "changes", changes);
    }
    json_t *change = json_object();
    add_event(change, event, key);
    (void)json_array_append_new(changes, change);
}

static void write_message(void *context, const struct history_message *message,
                          const struct export_proofs *proofs)
{
    struct exporting *exporting = context;
    struct buffer text;
    exporting->message = message_json_make(message, exporting->self);
    if (exporting->with_keys) {
        export_visit_events(proofs, add_proof, exporting);
    }
    buffer_init(&text);
    (void)canonical_write(exporting->message, &text);
    (void)fprintf(exporting->file, "%s%s", exporting->any ? ",\n" : "", buffer_text(&text));
    exporting->any = true;
    signing_wipe(text.data, text.length_bytes); /* there may be keys in it */
    buffer_deinit(&text);
    json_decref(exporting->message);
}

static enum result write_messages(const struct cli_kept_log *kept, FILE *file, bool with_keys,
                                  struct error *error)
{
    struct event_log *log = NULL;
    struct exporting exporting = {.file = file, .self = &kept->key.node_id, .with_keys = with_keys};
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
    result = export_read(log, write_message, &exporting);
    (void)fputs("\n]}\n", file);
    event_log_close(&log);
    return result == RESULT_OK || error->message[0] != '\0'
               ? result
               : error_set(error, result, "The log can't be read.");
}

/* Nobody else may read it: it is what people wrote. */
static enum result open_file(const char *path, FILE **file_out, struct error *error)
{
    (void)umask(0077);
    *file_out = fopen(path, "wxe");
    if (*file_out != NULL) {
        return RESULT_OK;
    }
    return errno == EEXIST
               ? error_set(error, RESULT_EXISTS,
                           "%s is there already; name a file that is not there yet.", path)
               : error_set(error, RESULT_IO, "%s can't be written: %s.", path,
                           strerrordesc_np(errno));
}

static enum result write_file(const struct cli_kept_log *kept, const char *path, bool with_keys,
                              struct error *error)
{
    bool to_output = strcmp(path, "-") == 0;
    FILE *file = stdout;
    enum result result = to_output ? RESULT_OK : open_file(path, &file, error);
    if (result != RESULT_OK) {
        return result;
    }
    result = write_messages(kept, file, with_keys, error);
    bool written = fflush(file) == 0 && ferror(file) == 0;
    written = (to_output || fclose(file) == 0) && written;
    if (result == RESULT_OK && !written) {
        result = error_set(error, RESULT_IO, "%s can't be written; is there room?", path);
    }
    if (result != RESULT_OK && !to_output) {
        (void)unlink(path);
    }
    return result;
}

static int run(const struct cli *cli, bool with_keys)
{
    struct cli_kept_log kept;
    struct error error = {""};
    const char *path = cli->positional[0];
    bool to_output = strcmp(path, "-") == 0;
    if (path[0] == '\0') {
        return cli_print_failure("bad_request", "Name the file to write; what you gave is empty.");
    }
    enum result result = cli_kept_log_find(cli, &kept, &error);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
    }
    result = write_file(&kept, path, with_keys, &error);
    cli_kept_log_release(&kept);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
    }
    if (!to_output) {
        (void)printf("Wrote %s.\n", path);
    }
    if (!to_output || with_keys) {
        (void)fprintf(to_output ? stderr : stdout,
                      "It is plain text: whoever has it can read your messages%s.\n",
                      with_keys ? ", and prove to anybody who wrote them" : "");
    }
    return CLI_DONE;
}

int cli_export_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "export",
        .usage =
            "hearthchat export FILE [--with-keys] [--data DIR]\n"
            "\n"
            "Writes your own messages, sent and received, as JSON; - as FILE writes to standard\n"
            "output. The node may be running. It is plain text: whoever has it can read them.\n"
            "\n"
            "  --with-keys  with each message its event, as it was signed, and its key: whoever\n"
            "               has that can prove to anybody who wrote what, too\n"};
    bool with_keys = false;
    const struct cli_option options[] = {{"--with-keys", NULL, &with_keys}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = run(&cli, with_keys);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
