#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "protocol/co_signature.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"
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

int cli_member_change_revoke(int argc, char **argv)
{
    struct cli cli = {
        .command = "revoke",
        .usage =
            "hearthchat revoke NODE_ID --reason compromised|inactive|policy_violation|other\n"
            "                  [--co-signature S]... [--json] [--data DIR]\n"
            "\n"
            "Shuts a member's device out for good: nothing that it writes from now on counts.\n"
            "The community's policy says how many trusted members this takes (by default 3);\n"
            "the others give theirs with: hearthchat co-sign NODE_ID --reason REASON\n"};
    const char *reason = NULL;
    const struct cli_option options[] = {{"--reason", &reason, NULL}, {NULL, NULL, NULL}};
    int exit_code = CLI_USAGE;
    json_t *answer = NULL;
    json_t *co_signers = json_array();
    if (take_co_signatures(&argc, argv, co_signers) &&
        cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input =
            json_build_pack("{s:s,s:s,s:O}", "target_node_id", cli.positional[0], "reason",
                            reason == NULL ? "" : reason, "co_signers", co_signers);
        exit_code = cli_call_node(&cli, "/api/v1/revocations", input, &answer);
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        (void)printf("Revoked %s.\n", cli_call_text(answer, "target_node_id"));
    }
    json_decref(answer);
    json_decref(co_signers);
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* What is signed; NULL after complaining. */
static json_t *read_statement(const char *target_text, const char *reason, const char *level_text)
{
    struct node_id target;
    enum member_level level = LEVEL_MEMBER;
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    if (node_id_parse(target_text, &target) != RESULT_OK) {
        (void)cli_print_failure("bad_request",
                                "Name the member by its full NodeID; see: hearthchat members "
                                "--json");
        return NULL;
    }
    if (reason != NULL && level_text == NULL && event_data_is_revocation_reason(reason)) {
        co_signature_client_id(&target, reason, client_id);
        return event_data_revocation_statement(client_id, reason, &target);
    }
    if (reason == NULL && level_text != NULL && member_level_parse(level_text, &level)) {
        return event_data_level_statement(level, &target);
    }
    (void)cli_print_failure("bad_request",
                            "Give --reason compromised|inactive|policy_violation|other, or "
                            "--level member|trusted|anchor.");
    return NULL;
}

static int co_sign(const struct cli *cli, const char *reason, const char *level)
{
    struct signing_key key;
    struct error error = {""};
    struct buffer text;
    json_t *statement = read_statement(cli->positional[0], reason, level);
    if (statement == NULL) {
        return CLI_FAILED;
    }
    enum result result = device_key_load(cli->data_directory, &key, &error);
    if (result != RESULT_OK) {
        json_decref(statement);
        return cli_print_failure(wire_code_name(wire_code_of_append(result)), error.message);
    }
    json_t *co_signature = co_signature_make(&key, statement);
    signing_key_deinit(&key);
    if (cli->json) {
        cli_print_json(co_signature);
    } else {
        buffer_init(&text);
        co_signature_format(co_signature, &text);
        (void)printf("%s\n", buffer_text(&text));
        buffer_deinit(&text);
    }
    json_decref(co_signature);
    return CLI_DONE;
}

int cli_member_change_co_sign(int argc, char **argv)
{
    struct cli cli = {
        .command = "co-sign",
        .usage =
            "hearthchat co-sign NODE_ID --reason REASON | --level LEVEL [--json] [--data DIR]\n"
            "\n"
            "Prints this device's signature under a revocation (--reason compromised|inactive|\n"
            "policy_violation|other) or a change of level (--level member|trusted|anchor), for\n"
            "the one who carries it out: hearthchat revoke NODE_ID --co-signature …\n"};
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
