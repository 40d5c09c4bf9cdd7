#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "handlers/wire_code.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/salvage.h"

static int fail_with(enum result result, const struct error *error)
{
    return cli_print_failure(wire_code_name(wire_code_of_append(result)), error->message);
}

static void print_json(const struct salvage_report *report, bool whole)
{
    json_t *json = json_build_pack(
        "{s:b,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:b}", "whole", (int)whole, "set_aside",
        report->set_aside, "readable", (json_int_t)report->readable, "own", (json_int_t)report->own,
        "kept", (json_int_t)report->kept, "aside", (json_int_t)report->aside, "not_genuine",
        (json_int_t)report->unproven, "missing", (json_int_t)report->missing, "lost", report->lost,
        "has_log", (int)report->has_log);
    cli_print_json(json);
    json_decref(json);
}

static void print_lost(const struct salvage_report *report)
{
    if (report->aside > 0) {
        (void)printf("aside         %lld of them, until the neighbours say who wrote them\n",
                     (long long)report->aside);
    }
    if (report->missing > 0) {
        (void)printf("not readable  %lld events; the neighbours have them\n",
                     (long long)report->missing);
    }
    if (report->unproven > 0) {
        (void)printf("not genuine   %lld events, by hash or signature: left out\n",
                     (long long)report->unproven);
    }
    if (report->lost[0] != '\0') {
        (void)printf("lost          %s (all or some of it)\n", report->lost);
    }
}

static void print_report(const struct cli *cli, const struct salvage_report *report, bool whole,
                         const char *directory)
{
    if (cli->json) {
        print_json(report, whole);
        return;
    }
    if (whole && report->kept == 0) {
        (void)printf(
            "The log is whole, and has all that is readable of what was set aside in\n%s:\n"
            "the files events.sqlite.damaged-* may be deleted.\n",
            directory);
        return;
    }
    if (whole) {
        (void)printf("The log is whole; %lld events more came from what was set aside in\n%s.\n",
                     (long long)report->kept, directory);
        return;
    }
    if (report->set_aside[0] != '\0') {
        (void)printf("set aside     %s/%s\n", directory, report->set_aside);
    }
    if (!report->has_log) {
        (void)puts("Nothing readable proves this community, so there is no log now. Start the node "
                   "and come\nback with any invite it ever got, or with one that a member makes "
                   "for it (hearthchat\ninvite): the log comes from the neighbours. Then stop it "
                   "and run hearthchat repair once\nmore: it takes from what was set aside what "
                   "nobody else has.");
        return;
    }
    (void)printf("saved         %lld events, %lld of them this node's own\n",
                 (long long)report->readable, (long long)report->own);
    print_lost(report);
    (void)puts("Start the node: what is missing comes from the neighbours.");
}

static enum result find_directory(const struct cli *cli, struct salvage_options *options,
                                  struct error *error)
{
    if (data_directory_find_community(cli->data_directory, &options->community_id) != RESULT_OK &&
        data_directory_find_lost(cli->data_directory, &options->community_id) != RESULT_OK) {
        return error_set(error, RESULT_NOT_FOUND,
                         "This node is in no community: there is nothing to repair. A member "
                         "comes back with any invite it ever got.");
    }
    options->directory = data_directory_community_path(cli->data_directory, &options->community_id);
    return RESULT_OK;
}

static enum result mend(const struct cli *cli, const struct salvage_options *options,
                        struct error *error)
{
    struct salvage_report report;
    bool whole = false;
    enum result result = salvage_check(options, &whole, error);
    if (result == RESULT_OK && whole && !salvage_finds_any(options->directory)) {
        report = (struct salvage_report){.has_log = true};
        if (cli->json) {
            print_json(&report, whole);
        } else {
            (void)puts("The log is whole: there is nothing to repair.");
        }
        return RESULT_OK;
    }
    if (result == RESULT_OK || result == RESULT_NOT_FOUND) {
        result = salvage_run(options, whole, &report, error);
    }
    if (result == RESULT_OK) {
        print_report(cli, &report, whole, options->directory);
    }
    return result;
}

static int repair(const struct cli *cli)
{
    struct signing_key key;
    struct configuration configuration;
    struct error error = {""};
    int lock = -1;
    enum result result = device_key_load(cli->data_directory, &key, &error);
    if (result != RESULT_OK) {
        return fail_with(result, &error);
    }
    struct salvage_options options = {.key = &key, .clock = clock_system()};
    result = cli_arguments_configure(cli, &configuration, &error);
    options.answers_messages = configuration.chat_enabled;
    configuration_deinit(&configuration);
    if (result == RESULT_OK) {
        result = data_directory_lock(cli->data_directory, &lock, &error);
    }
    if (result == RESULT_OK) {
        result = find_directory(cli, &options, &error);
    }
    if (result == RESULT_OK) {
        result = mend(cli, &options, &error);
    }
    if (lock >= 0) {
        data_directory_unlock(lock);
    }
    memory_free((char *)(uintptr_t)options.directory);
    signing_key_deinit(&key);
    return result == RESULT_OK ? CLI_DONE : fail_with(result, &error);
}

int cli_repair_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "repair",
        .usage = "hearthchat repair [--json] [--data DIR]\n"
                 "\n"
                 "Sets a damaged log aside (events.sqlite.damaged-DATE) and makes one of all that "
                 "is\nreadable of it and proves itself; the rest comes from the neighbours when "
                 "the node runs.\nSays what could not be saved. Stop the node first.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        (void)log_open("/dev/null", LOG_ERROR, NULL); /* what is said of damage is said here */
        exit_code = repair(&cli);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
