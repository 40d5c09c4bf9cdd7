#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"
#include "server/doctor_files.h"
#include "server/doctor_findings.h"
#include "server/doctor_node.h"
#include "server/run_file.h"

struct answers {
    json_t *node;
    json_t *members;
    json_t *peers;
};

static void ask_node(const struct cli *cli, struct answers *answers)
{
    if (cli_call_node(cli, "/api/v1/node", NULL, &answers->node) == CLI_DONE &&
        json_is_string(json_object_get(answers->node, "community_id"))) {
        (void)cli_call_node(cli, "/api/v1/members", NULL, &answers->members);
        (void)cli_call_node(cli, "/api/v1/peers", NULL, &answers->peers);
    }
}

static void examine_node(const struct cli *cli, struct answers *answers,
                         struct doctor_findings *findings)
{
    struct run_file run;
    if (run_file_find(cli->data_directory, &run) != RESULT_OK) {
        doctor_findings_add(
            findings, "node", DOCTOR_NOTICE,
            "Start it to have its neighbours looked at: hearthchat serve, or, where "
            "it is installed: systemctl enable --now hearthchat@NAME",
            "No node is running on %s.", cli->data_directory);
        doctor_node_examine_machine(findings);
        return;
    }
    ask_node(cli, answers);
    if (answers->node != NULL) {
        doctor_node_examine(answers->node, answers->members, answers->peers, findings);
    } else {
        doctor_findings_add(findings, "node", DOCTOR_WRONG,
                            "End it and start it again; if that does not help, its log says why.",
                            "The node that runs on %s does not answer.", cli->data_directory);
    }
}

static void examine_settings(const struct cli *cli, struct doctor_findings *findings)
{
    struct configuration configuration;
    struct error error = {""};
    if (cli_arguments_configure(cli, &configuration, &error) != RESULT_OK) {
        doctor_findings_add(findings, "settings", DOCTOR_WRONG, "Mend that line, or remove it.",
                            "%s", error.message);
    }
    configuration_deinit(&configuration);
}

static void print_finding(const json_t *finding)
{
    const char *state = cli_call_text(finding, "state");
    const char *remedy = cli_call_text(finding, "remedy");
    (void)printf("%-7s %-10s ", strcmp(state, "wrong") == 0 ? "WRONG" : state,
                 cli_call_text(finding, "check"));
    cli_print_untrusted(cli_call_text(finding, "says"));
    (void)puts("");
    if (remedy[0] != '\0') {
        (void)fputs("                   > ", stdout);
        cli_print_hint(stdout, remedy);
        (void)puts("");
    }
}

static void print_address(const json_t *address)
{
    int64_t port = 0;
    const char *tried = cli_call_text(address, "tried_at");
    const char *worked = cli_call_text(address, "worked_at");
    (void)json_members_integer(address, "port", 0, 65535, &port);
    (void)fputs("    ", stdout);
    cli_print_untrusted(cli_call_text(address, "host"));
    const char *source = cli_call_text(address, "source");
    (void)printf(" port %lld, known by %s: ", (long long)port,
                 strcmp(source, "called") == 0 ? "its call" : source);
    if (tried[0] == '\0') {
        (void)fputs("not tried yet", stdout);
    } else {
        (void)printf("tried %s, %s", tried, cli_call_text(address, "result"));
    }
    (void)printf("%s%s\n", worked[0] == '\0' ? "" : "; worked ", worked);
}

static void print_addresses(const struct answers *answers)
{
    size_t index;
    size_t inner;
    json_t *peer;
    json_t *address;
    json_array_foreach(json_object_get(answers->peers, "peers"), index, peer)
    {
        (void)puts("");
        cli_print_fact(doctor_node_name(answers->members, cli_call_text(peer, "node_id")));
        (void)puts(json_is_true(json_object_get(peer, "online")) ? ", online" : ", offline");
        json_array_foreach(json_object_get(peer, "addresses"), inner, address)
        {
            print_address(address);
        }
    }
}

static void print_report(const struct cli *cli, const struct doctor_findings *findings,
                         const struct answers *answers)
{
    size_t index;
    json_t *finding;
    if (cli->json) {
        json_t *peers = json_object_get(answers->peers, "peers");
        json_t *report = json_build_pack("{s:b,s:O,s:O*}", "well", (int)!findings->wrong, "checks",
                                         findings->checks, "peers", peers);
        cli_print_json(report);
        json_decref(report);
        return;
    }
    json_array_foreach(findings->checks, index, finding)
    {
        print_finding(finding);
    }
    print_addresses(answers);
    (void)puts(findings->wrong ? "\nSomething is wrong: see above, behind WRONG."
                               : "\nNothing is wrong that can be seen from here.");
}

int cli_doctor_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "doctor",
        .usage = "hearthchat doctor [--json] [--data DIR]\n"
                 "\n"
                 "Looks for what is wrong, and says what helps: key and files, disk, log, "
                 "clock; of a\nrunning node also its addresses, whether neighbours reach "
                 "it, and at which addresses\neach of them was tried, when, and what came. "
                 "Changes nothing. Ends with 1 when\nsomething is wrong.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        (void)log_open("/dev/null", LOG_ERROR, NULL); /* what is said of damage is said here */
        struct doctor_findings findings;
        struct answers answers = {0};
        doctor_findings_init(&findings);
        examine_settings(&cli, &findings);
        doctor_files_examine(cli.data_directory, &findings);
        examine_node(&cli, &answers, &findings);
        print_report(&cli, &findings, &answers);
        exit_code = findings.wrong ? CLI_FAILED : CLI_DONE;
        json_decref(answers.node);
        json_decref(answers.members);
        json_decref(answers.peers);
        doctor_findings_deinit(&findings);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
