#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/qr_draw.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "server/cli_who.h"

enum { GROUP_DIGITS = 5, LINE_DIGITS = 4 * GROUP_DIGITS };

/* As people read it to each other: groups of five, four a line. */
static void print_number(const char *digits)
{
    size_t length = strlen(digits);
    for (size_t at = 0; at < length; at += GROUP_DIGITS) {
        bool begins = at % LINE_DIGITS == 0;
        bool ends = (at + GROUP_DIGITS) % LINE_DIGITS == 0 || at + GROUP_DIGITS >= length;
        (void)printf("%s%.*s%s", begins ? CLI_INDENT : "  ", (int)GROUP_DIGITS, digits + at,
                     ends ? "\n" : "");
    }
}

/* What is known, or what to do. */
static void print_standing(const char *verified_at, const char *peer, bool marked_now)
{
    char at[CLI_TIME_BYTES];
    (void)cli_print_time(verified_at, at);
    if (marked_now) {
        (void)puts("Marked as verified: nobody is between you.");
    } else if (at[0] != '\0') {
        (void)printf("Verified %s: you compared it, and nobody is between you.\n", at);
    } else {
        char *sentence = memory_format(
            "Compare it with theirs, face to face or by phone; they see it in their tab, or with "
            "hearthchat safety there.\nIf it is the same, nobody is between you. Mark that with: "
            "hearthchat safety %s --confirm",
            peer);
        cli_print_hint(stdout, sentence);
        (void)fputs("\n", stdout);
        memory_free(sentence);
    }
}

static void print_all(const struct cli *cli, const json_t *answer, const char *peer, bool draws,
                      bool marked_now)
{
    (void)fputs("Safety number with ", stdout);
    cli_print_fact(cli->positional[0]);
    (void)fputs(":\n\n", stdout);
    print_number(cli_call_text(answer, "digits"));
    (void)fputs("\n", stdout);
    char *code = draws ? qr_draw_for_terminal(cli_call_text(answer, "qr_text")) : NULL;
    if (code != NULL) {
        (void)printf("%s\n", code);
    }
    print_standing(cli_call_text(answer, "verified_at"), peer, marked_now);
    memory_free(code);
}

static int show(const struct cli *cli, bool draws, bool confirms)
{
    char *peer = NULL;
    json_t *answer = NULL;
    int exit_code = cli_who_find(cli, cli->positional[0], &peer);
    if (exit_code == CLI_DONE) {
        char *path =
            memory_format("/api/v1/contacts/%s/%s", peer, confirms ? "verified" : "safety");
        json_t *input = confirms ? json_build_pack("{s:b}", "verified", 1) : NULL;
        exit_code = cli_call_node(cli, path, input, &answer);
        memory_free(path);
    }
    if (exit_code == CLI_DONE && cli->json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE) {
        print_all(cli, answer, peer, draws, confirms);
    }
    json_decref(answer);
    memory_free(peer);
    return exit_code;
}

int cli_safety_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "safety",
        .usage =
            "hearthchat safety WHO [--qr] [--confirm] [--json] [--data DIR]\n"
            "\n"
            "The safety number of this device and that member's: 60 digits that are the same\n"
            "on both sides, and for ever. Compare them face to face or by phone: if they are\n"
            "the same, nobody is between you. --confirm marks that, for this node alone; --qr\n"
            "draws a code for the other one's tab to scan.\n"};
    bool draws = false;
    bool confirms = false;
    const struct cli_option options[] = {
        {"--qr", NULL, &draws}, {"--confirm", NULL, &confirms}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = show(&cli, draws, confirms);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
