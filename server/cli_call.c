#include "server/cli_call.h"

#include <stdio.h>

#include "core/memory.h"
#include "gossip/http_client.h"
#include "server/run_file.h"

static int fail(struct cli_failure *failure, int exit_code, const char *code, char *sentence)
{
    *failure = (struct cli_failure){.sentence = sentence};
    (void)snprintf(failure->code, sizeof failure->code, "%s", code);
    return exit_code;
}

static int read_answer(const struct http_answer *answer, json_t **output_out,
                       struct cli_failure *failure)
{
    json_t *json = NULL;
    struct error error = {""};
    if (canonical_parse(buffer_text(&answer->body), answer->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, &json, &error) != RESULT_OK) {
        return fail(failure, CLI_FAILED, "internal_error",
                    memory_duplicate_string("The node's answer can't be read."));
    }
    const char *code = json_string_value(json_object_get(json, "error"));
    json_t *output = json_object_get(json, "output");
    int exit_code = CLI_DONE;
    if (answer->status != 200) {
        exit_code = fail(failure, CLI_FAILED, code == NULL ? "internal_error" : code,
                         memory_duplicate_string(cli_call_text(json, "message")));
    } else {
        *output_out = json_incref(output == NULL ? json : output);
    }
    json_decref(json);
    return exit_code;
}

int cli_call_try(const struct cli *cli, const char *path, json_t *body, json_t **output_out,
                 struct cli_failure *failure)
{
    struct run_file run;
    struct buffer text;
    struct http_answer answer = {0};
    int exit_code = CLI_NO_NODE;
    const int64_t patience_ms = HTTP_CLIENT_TOTAL_MS; /* a join talks to the network */
    buffer_init(&text);
    if (run_file_find(cli->data_directory, &run) != RESULT_OK) {
        (void)fail(failure, CLI_NO_NODE, "",
                   memory_format("no node is running on %s; start it with: hearthchat serve",
                                 cli->data_directory));
    } else {
        char *url = memory_format("%s%s", run.ui, path);
        if (body != NULL) {
            (void)canonical_write(body, &text);
        }
        struct http_call call = {.url = url,
                                 .method = body == NULL ? "GET" : "POST",
                                 .body = text.data,
                                 .body_bytes = text.length_bytes,
                                 .quiet_ms = patience_ms};
        exit_code =
            http_client_call(&call, &answer) == RESULT_OK
                ? read_answer(&answer, output_out, failure)
                : fail(failure, CLI_NO_NODE, "",
                       memory_format("the node at %s does not answer. If it hangs, end it with "
                                     "kill -9 %ld; then start it again: hearthchat serve",
                                     run.ui, (long)run.pid));
        memory_free(url);
    }
    http_client_deinit_answer(&answer);
    buffer_deinit(&text);
    json_decref(body);
    return exit_code;
}

int cli_call_complain(int exit_code, struct cli_failure *failure)
{
    if (failure->code[0] != '\0') {
        (void)cli_print_failure(failure->code, failure->sentence);
    } else {
        (void)fputs("hearthchat: ", stderr);
        cli_print_hint(stderr, failure->sentence);
        (void)fputs("\n", stderr);
    }
    cli_call_forget(failure);
    return exit_code;
}

void cli_call_forget(struct cli_failure *failure)
{
    memory_free(failure->sentence);
    *failure = (struct cli_failure){.sentence = NULL};
}

int cli_call_node(const struct cli *cli, const char *path, json_t *body, json_t **output_out)
{
    struct cli_failure failure;
    int exit_code = cli_call_try(cli, path, body, output_out, &failure);
    return exit_code == CLI_DONE ? CLI_DONE : cli_call_complain(exit_code, &failure);
}

const char *cli_call_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}
