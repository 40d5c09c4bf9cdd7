#include <stdio.h>

#include "core/memory.h"
#include "gossip/http_client.h"
#include "server/cli.h"
#include "server/run_file.h"

static int read_answer(const struct http_answer *answer, json_t **output_out)
{
    json_t *json = NULL;
    struct error error = {""};
    if (canonical_parse(buffer_text(&answer->body), answer->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, &json, &error) != RESULT_OK) {
        return cli_print_failure("internal_error", "The node's answer can't be read.");
    }
    const char *code = json_string_value(json_object_get(json, "error"));
    const char *message = json_string_value(json_object_get(json, "message"));
    json_t *output = json_object_get(json, "output");
    int exit_code = CLI_DONE;
    if (answer->status != 200) {
        exit_code = cli_print_failure(code == NULL ? "internal_error" : code,
                                      message == NULL ? "" : message);
    } else {
        *output_out = json_incref(output == NULL ? json : output);
    }
    json_decref(json);
    return exit_code;
}

int cli_call_node(const struct cli *cli, const char *path, json_t *body, json_t **output_out)
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

const char *cli_call_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}
