#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "protocol/co_signature.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"
#include "server/cli_who.h"
#include "store/device_key.h"

/* Options that may be given several times are taken out of the arguments before they are parsed.
 * Each co-signature as an object; false after complaining. */
static bool take_co_signatures(int *argc, char **argv, json_t *co_signers)
{
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--co-signature") != 0) {
            argv[kept++] = argv[i];
            continue;
        }
        json_t *co_signature = i + 1 < *argc ? co_signature_parse(argv[++i]) : NULL;
        if (co_signature == NULL) {
            (void)cli_print_failure("bad_request",
                                    "--co-signature takes what `hearthchat co-sign` prints.");
            return false;
        }
        (void)json_array_append_new(co_signers, co_signature);
    }
    *argc = kept;
    return true;
}

/* Has the node do to WHO, the first argument, what `input` says; the caller owns that still. */
static int change(struct cli *cli, const char *path, json_t *input, json_t **answer_out)
{
    char *target = NULL;
    int exit_code = cli_who_find(cli, cli->positional[0], &target);
    if (exit_code == CLI_DONE) {
        (void)json_object_set_new(input, "target_node_id", json_build_text(target));
        exit_code = cli_call_node(cli, path, json_incref(input), answer_out);
    }
    memory_free(target);
    return exit_code;
}

/* The same, and says what became of it. */
static int change_and_tell(struct cli *cli, const char *path, json_t *input, const char *done)
{
    json_t *answer = NULL;
    int exit_code = change(cli, path, input, &answer);
    if (answer != NULL && cli->json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        (void)printf("%s: %s.\n", cli_call_text(answer, "target_node_id"), done);
    }
    json_decref(answer);
    return exit_code;
}

int cli_member_change_revoke(int argc, char **argv)
{
    struct cli cli = {
        .command = "revoke",
        .usage =
            "hearthchat revoke WHO --reason compromised|inactive|policy_violation|other\n"
            "                  [--co-signature S]... [--json] [--data DIR]\n"
            "\n"
            "Shuts a member's device out for good: nothing that it writes from now on counts.\n"
            "The community's policy says how many trusted members this takes (by default 3, or\n"
            "all there are beside that one if they are fewer); the others give theirs with:\n"
            "hearthchat co-sign WHO --reason REASON\n"};
    const char *reason = NULL;
    const struct cli_option options[] = {{"--reason", &reason, NULL}, {NULL, NULL, NULL}};
    int exit_code = CLI_USAGE;
    json_t *co_signers = json_array();
    if (take_co_signatures(&argc, argv, co_signers) &&
        cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s,s:O}", "reason", reason == NULL ? "" : reason,
                                        "co_signers", co_signers);
        exit_code = change_and_tell(&cli, "/api/v1/revocations", input, "shut out");
        json_decref(input);
    }
    json_decref(co_signers);
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_member_change_level(int argc, char **argv)
{
    struct cli cli = {
        .command = "level",
        .usage = "hearthchat level WHO member|trusted|anchor [--co-signature S]... [--json]\n"
                 "                 [--data DIR]\n"
                 "\n"
                 "Makes somebody trusted, or a plain member again. Down takes as many as shutting\n"
                 "out; the others give theirs with: hearthchat co-sign WHO --level LEVEL\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_USAGE;
    json_t *co_signers = json_array();
    if (take_co_signatures(&argc, argv, co_signers) &&
        cli_arguments_parse(&cli, argc, argv, options, 2, 2, &exit_code)) {
        json_t *input =
            json_build_pack("{s:s,s:O}", "new_level", cli.positional[1], "co_signers", co_signers);
        exit_code = change_and_tell(&cli, "/api/v1/levels", input, cli.positional[1]);
        json_decref(input);
    }
    json_decref(co_signers);
    cli_arguments_deinit(&cli);
    return exit_code;
}

static json_t *statement_of(const struct node_id *target, const char *reason,
                            const char *level_text)
{
    enum member_level level = LEVEL_MEMBER;
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    if (reason != NULL && level_text == NULL && event_data_is_revocation_reason(reason)) {
        co_signature_client_id(target, reason, client_id);
        return event_data_revocation_statement(client_id, reason, target);
    }
    if (reason == NULL && level_text != NULL && member_level_parse(level_text, &level)) {
        return event_data_level_statement(level, target);
    }
    (void)cli_print_failure("bad_request",
                            "Give --reason compromised|inactive|policy_violation|other, or "
                            "--level member|trusted|anchor.");
    return NULL;
}

/* With the key alone: the node need not run, as it must where WHO is to be looked up. */
static int sign_here(const struct cli *cli, json_t *statement, json_t **co_signature_out)
{
    struct signing_key key;
    struct error error = {""};
    enum result result = device_key_load(cli->data_directory, &key, &error);
    if (result != RESULT_OK) {
        json_decref(statement);
        return cli_print_failure(wire_code_name(wire_code_of_append(result)), error.message);
    }
    *co_signature_out = co_signature_make(&key, statement);
    signing_key_deinit(&key);
    return CLI_DONE;
}

static int co_sign(struct cli *cli, const char *reason, const char *level)
{
    struct node_id target = {0};
    struct buffer text;
    json_t *co_signature = NULL;
    bool is_full = node_id_parse(cli->positional[0], &target) == RESULT_OK;
    json_t *statement = statement_of(&target, reason, level);
    if (statement == NULL) {
        return CLI_FAILED;
    }
    int exit_code = CLI_DONE;
    if (is_full) {
        exit_code = sign_here(cli, statement, &co_signature);
    } else {
        json_decref(statement);
        json_t *input = json_build_pack("{s:s?,s:s?}", "reason", reason, "new_level", level);
        exit_code = change(cli, "/api/v1/co-signatures", input, &co_signature);
        json_decref(input);
        (void)json_object_del(co_signature, "text");
    }
    if (co_signature != NULL && cli->json) {
        cli_print_json(co_signature);
    } else if (co_signature != NULL) {
        buffer_init(&text);
        co_signature_format(co_signature, &text);
        (void)printf("%s\n", buffer_text(&text));
        buffer_deinit(&text);
    }
    json_decref(co_signature);
    return exit_code;
}

int cli_member_change_co_sign(int argc, char **argv)
{
    struct cli cli = {
        .command = "co-sign",
        .usage =
            "hearthchat co-sign WHO --reason REASON | --level LEVEL [--json] [--data DIR]\n"
            "\n"
            "Prints this device's signature under a revocation (--reason compromised|inactive|\n"
            "policy_violation|other) or a change of level (--level member|trusted|anchor), for\n"
            "the one who carries it out: hearthchat revoke WHO --co-signature …\n"};
    const char *reason = NULL;
    const char *level = NULL;
    const struct cli_option options[] = {
        {"--reason", &reason, NULL}, {"--level", &level, NULL}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = co_sign(&cli, reason, level);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
