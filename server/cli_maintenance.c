#include <stdio.h>

#include "core/clock.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "server/cli_kept_log.h"
#include "store/data_directory.h"
#include "store/maintenance.h"

static bool is_whole(const struct maintenance_report *report)
{
    return report->damaged == 0 && report->wrong_keys == 0 && report->differing[0] == '\0' &&
           report->database_is_sound;
}

static int64_t count_named(const struct maintenance_report *report)
{
    return report->wrong_keys < MAINTENANCE_MOST_NAMED ? report->wrong_keys
                                                       : MAINTENANCE_MOST_NAMED;
}

static void print_json_report(const struct maintenance_report *report)
{
    json_t *named = json_array();
    for (int64_t i = 0; i < count_named(report); i++) {
        (void)json_array_append_new(named, json_build_stored_text(report->wrong_key_of[i]));
    }
    json_t *json = json_build_pack(
        "{s:b,s:I,s:I,s:I,s:s,s:b,s:I,s:I,s:o,s:I,s:I,s:I,s:b}", "whole", (int)is_whole(report),
        "events", (json_int_t)report->events, "aside", (json_int_t)report->aside, "damaged",
        (json_int_t)report->damaged, "differing", report->differing, "database_is_sound",
        (int)report->database_is_sound, "keys", (json_int_t)report->keys, "wrong_keys",
        (json_int_t)report->wrong_keys, "wrong_key_of", named, "unopened",
        (json_int_t)report->unopened, "offers", (json_int_t)report->offers, "offers_without_secret",
        (json_int_t)report->offers_without_secret, "newest_offer_is_lost",
        (int)report->newest_offer_is_lost);
    cli_print_json(json);
    json_decref(json);
}

static void print_keys(const struct maintenance_report *report)
{
    if (report->wrong_keys == 0) {
        (void)printf("keys of messages       %lld, each that of its message\n",
                     (long long)report->keys);
    } else {
        (void)printf("keys of messages       %lld, of which WRONG %lld:", (long long)report->keys,
                     (long long)report->wrong_keys);
        for (int64_t i = 0; i < count_named(report); i++) {
            (void)printf(" %s", report->wrong_key_of[i]);
        }
        (void)puts(report->wrong_keys > count_named(report) ? " …" : "");
    }
    if (report->unopened > 0) {
        (void)printf("                       %lld are of messages that their authors sealed "
                     "wrongly: nobody can read these\n",
                     (long long)report->unopened);
    }
    if (report->offers > 0) {
        (void)printf("keys offered           %lld; the secrets of %lld are gone%s\n",
                     (long long)report->offers, (long long)report->offers_without_secret,
                     report->newest_offer_is_lost
                         ? ", a newest one among them: the node offers new ones when it runs"
                         : ", for they have served");
    }
}

static void print_report(const struct maintenance_report *report)
{
    (void)printf("%lld events, %lld of them kept aside for audit\n", (long long)report->events,
                 (long long)report->aside);
    (void)printf("hashes and signatures  %s\n", report->damaged == 0 ? "all right" : "DAMAGED");
    if (report->keys > 0 || report->offers > 0) {
        print_keys(report);
    }
    (void)printf(
        "views                  %s%s\n",
        report->differing[0] == '\0' ? "as the events make them" : "DIFFER: ", report->differing);
    (void)printf("database               %s\n", report->database_is_sound ? "sound" : "DAMAGED");
}

/* The worst comes first: what helps against it helps against what is behind it, too. */
static int tell_what_to_do(const struct maintenance_report *report)
{
    if (report->damaged > 0 || !report->database_is_sound) {
        return cli_print_failure(
            "internal_error",
            "The log is damaged: stop the node, run hearthchat repair (or put a backup back), and "
            "start it: what is missing comes from the neighbours.");
    }
    if (report->wrong_keys > 0) {
        return cli_print_failure(
            "internal_error",
            "Messages whose key is wrong can't be read: stop the node, run hearthchat rebuild, and "
            "start it: it forgets these keys, and asks the other side for the right ones.");
    }
    return cli_print_failure("internal_error", "The views are not what the events make: stop the "
                                               "node and run: hearthchat rebuild");
}

static int verify(const struct cli *cli)
{
    struct cli_kept_log kept;
    struct maintenance_report report;
    struct error error = {""};
    enum result result = cli_kept_log_find(cli, &kept, &error);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
    }
    result = maintenance_verify(kept.directory, &kept.community_id, &kept.key, clock_system(),
                                &report, &error);
    cli_kept_log_release(&kept);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
    }
    if (cli->json) {
        print_json_report(&report);
    } else {
        print_report(&report);
    }
    return is_whole(&report) ? CLI_DONE : tell_what_to_do(&report);
}

int cli_maintenance_verify(int argc, char **argv)
{
    struct cli cli = {
        .command = "verify",
        .usage = "hearthchat verify [--json] [--data DIR]\n"
                 "\n"
                 "Checks every hash and signature of the log, every key that it keeps, and what "
                 "is shown\nof it against a fresh derivation. The node may be running.\n"};
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
    struct cli_kept_log kept;
    struct error error = {""};
    int lock = -1;
    enum result result = cli_kept_log_find(cli, &kept, &error);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
    }
    result = data_directory_lock(cli->data_directory, &lock, &error);
    if (result == RESULT_OK) {
        result = maintenance_rebuild(kept.directory, &kept.community_id, &kept.key, clock_system(),
                                     &error);
        data_directory_unlock(lock);
    }
    cli_kept_log_release(&kept);
    if (result != RESULT_OK) {
        return cli_kept_log_fail(result, &error);
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
