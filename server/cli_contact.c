#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "server/cli_who.h"

/* What is to be; NULL: as it is. */
struct wish {
    const char *nickname;
    const char *mute;
    const char *block;
    const char *pin;
};

/* False after complaining. */
static bool add_switch(json_t *input, const char *option, const char *name, const char *text)
{
    bool on = text != NULL && strcmp(text, "on") == 0;
    if (text == NULL) {
        return true;
    }
    if (!on && strcmp(text, "off") != 0) {
        (void)fprintf(stderr, "hearthchat: %s takes on or off, not \"", option);
        cli_print_untrusted_to(stderr, text);
        (void)fputs("\".\n", stderr);
        return false;
    }
    (void)json_object_set_new(input, name, json_boolean(on));
    return true;
}

/* NULL after complaining; empty: nothing is to be changed. */
static json_t *make_input(const struct wish *wish)
{
    json_t *input = json_object();
    if (wish->nickname != NULL) {
        (void)json_object_set_new(input, "nickname", json_build_text(wish->nickname));
    }
    if (!add_switch(input, "--mute", "muted", wish->mute) ||
        !add_switch(input, "--block", "blocked", wish->block) ||
        !add_switch(input, "--pin", "pinned", wish->pin)) {
        json_decref(input);
        return NULL;
    }
    return input;
}

static void print_contact(const char *who, const json_t *contact)
{
    static const char *const flags[] = {"muted", "blocked", "pinned"};
    const char *before = ": ";
    cli_print_fact(who);
    if (cli_call_text(contact, "nickname")[0] != '\0') {
        (void)printf("%snickname ", before);
        cli_print_fact(cli_call_text(contact, "nickname"));
        before = ", ";
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (json_is_true(json_object_get(contact, flags[i]))) {
            (void)printf("%s%s", before, flags[i]);
            before = ", ";
        }
    }
    (void)puts(strcmp(before, ": ") == 0 ? ": nothing is kept." : ".");
}

/* Consumes the input. */
static int change(const struct cli *cli, json_t *input)
{
    char *peer = NULL;
    json_t *answer = NULL;
    int exit_code = cli_who_find(cli, cli->positional[0], &peer);
    if (exit_code == CLI_DONE) {
        char *path = memory_format("/api/v1/contacts/%s", peer);
        json_t *body = json_object_size(input) == 0 ? NULL : json_incref(input);
        exit_code = cli_call_node(cli, path, body, &answer);
        memory_free(path);
    }
    if (exit_code == CLI_DONE && cli->json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE) {
        print_contact(cli->positional[0], answer);
    }
    json_decref(answer);
    json_decref(input);
    memory_free(peer);
    return exit_code;
}

int cli_contact_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "contact",
        .usage =
            "hearthchat contact WHO [--nickname TEXT] [--mute on|off] [--block on|off]\n"
            "                   [--pin on|off] [--json] [--data DIR]\n"
            "\n"
            "What you keep of somebody, for this node alone; without options it is shown. A\n"
            "nickname stands where their name did, and is WHO from then on; \"\" takes it away. "
            "Of\n"
            "who is muted the tab tells you nothing; who is pinned comes first. Who is blocked\n"
            "you don't hear, and never hears of it: what they write meanwhile you won't see\n"
            "later either, and you can't write to them.\n"};
    struct wish wish = {.nickname = NULL};
    const struct cli_option options[] = {{"--nickname", &wish.nickname, NULL},
                                         {"--mute", &wish.mute, NULL},
                                         {"--block", &wish.block, NULL},
                                         {"--pin", &wish.pin, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = make_input(&wish);
        exit_code = input == NULL ? CLI_USAGE : change(&cli, input);
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* On a terminal the owner is asked; else only the option says so. */
static bool is_confirmed(const struct cli *cli, bool said)
{
    char answer[8] = "";
    if (said) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0) {
        (void)cli_print_failure("bad_request",
                                "Nothing was deleted: say that you mean it with --yes.");
        return false;
    }
    (void)fputs("All messages with ", stderr);
    cli_print_untrusted_to(stderr, cli->positional[0]);
    (void)fputs(" are deleted on this device, for good. The other side keeps theirs.\n"
                "Type yes to go on: ",
                stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0) {
        return true;
    }
    (void)fputs("Nothing was deleted.\n", stderr);
    return false;
}

static int clear(const struct cli *cli)
{
    char *peer = NULL;
    json_t *answer = NULL;
    int exit_code = cli_who_find(cli, cli->positional[0], &peer);
    if (exit_code == CLI_DONE) {
        exit_code = cli_call_node(cli, "/api/v1/chat/clear", json_build_pack("{s:s}", "peer", peer),
                                  &answer);
    }
    if (exit_code == CLI_DONE && cli->json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE) {
        json_int_t count = json_integer_value(json_object_get(answer, "messages"));
        (void)printf("Deleted here: %lld message%s.\n", (long long)count, count == 1 ? "" : "s");
    }
    json_decref(answer);
    memory_free(peer);
    return exit_code;
}

int cli_contact_clear(int argc, char **argv)
{
    struct cli cli = {
        .command = "clear",
        .usage =
            "hearthchat clear WHO [--yes] [--json] [--data DIR]\n"
            "\n"
            "Deletes all messages with WHO on this device: their keys go for good, so nothing\n"
            "brings them back but an older backup. The other side keeps theirs; what was sent\n"
            "unencrypted stays in the log that every member has. Asks first, or takes --yes.\n"};
    bool yes = false;
    const struct cli_option options[] = {{"--yes", NULL, &yes}, {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        exit_code = is_confirmed(&cli, yes) ? clear(&cli) : CLI_FAILED;
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
