#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/qr_draw.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "server/cli.h"

int cli_community_invite(int argc, char **argv)
{
    struct cli cli = {
        .command = "invite",
        .usage =
            "hearthchat invite NODE_ID [--name NAME] [--level member|trusted] [--ttl SECONDS]\n"
            "                  [--qr] [--json] [--data DIR]\n"
            "\n"
            "NODE_ID is what `hearthchat id` prints on the other device: its NodeID or the\n"
            "hearthnet-id:// text. Prints the invite for it.\n"};
    const char *name = NULL;
    const char *level = NULL;
    const char *ttl_text = NULL;
    bool qr = false;
    int64_t ttl = 0;
    const int64_t most_ttl = 31536000; /* a year */
    const struct cli_option options[] = {{"--name", &name, NULL},
                                         {"--level", &level, NULL},
                                         {"--ttl", &ttl_text, NULL},
                                         {"--qr", NULL, &qr},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (!cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        cli_arguments_deinit(&cli);
        return exit_code;
    }
    if (ttl_text != NULL && !cli_arguments_number("--ttl", ttl_text, 1, most_ttl, &ttl)) {
        cli_arguments_deinit(&cli);
        return CLI_USAGE;
    }
    json_t *input = json_build_pack("{s:s,s:s*,s:s*}", "invitee_node_id", cli.positional[0],
                                    "display_name", name, "initial_level", level);
    if (ttl_text != NULL) {
        (void)json_object_set_new(input, "ttl_seconds", json_integer(ttl));
    }
    exit_code = cli_call_node(&cli, "/api/v1/invites", input, &answer);
    if (exit_code == CLI_DONE && cli.json) {
        cli_print_json(answer);
    } else if (exit_code == CLI_DONE) {
        (void)printf("%s\n", cli_call_text(answer, "invite"));
        char *code = qr ? qr_draw_for_terminal(cli_call_text(answer, "invite")) : NULL;
        (void)fputs(code == NULL ? "" : code, stdout);
        memory_free(code);
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_community_join(int argc, char **argv)
{
    struct cli cli = {.command = "join",
                      .usage = "hearthchat join INVITE [--json] [--data DIR]\n"
                               "\n"
                               "Joins the community that the invite (hearthnet://v1/…) is for. The "
                               "inviter's node must\nbe running and reachable.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s}", "invite", cli.positional[0]);
        exit_code = cli_call_node(&cli, "/api/v1/community/join", input, &answer);
        if (exit_code == CLI_DONE && cli.json) {
            cli_print_json(answer);
        } else if (exit_code == CLI_DONE) {
            (void)printf("%s %s.\n",
                         json_is_true(json_object_get(answer, "already")) ? "Already a member of"
                                                                          : "Joined",
                         cli_call_text(answer, "community_name"));
        }
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_community_members(int argc, char **argv)
{
    struct cli cli = {.command = "members",
                      .usage = "hearthchat members [--json] [--data DIR]\n"
                               "\n"
                               "Who belongs to the community, at what level, and who is online.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    size_t index;
    json_t *member;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = cli_call_node(&cli, "/api/v1/members", NULL, &answer);
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else {
        json_array_foreach(json_object_get(answer, "members"), index, member)
        {
            bool online = json_is_true(json_object_get(member, "online"));
            const char *seen = cli_call_text(member, "last_seen");
            (void)printf("%s  %-8s %s%s  ", cli_call_text(member, "short_id"),
                         cli_call_text(member, "level"),
                         online            ? "online"
                         : seen[0] == '\0' ? "not seen yet"
                                           : "last seen ",
                         online ? "" : seen);
            cli_print_untrusted(cli_call_text(member, "display_name"));
            (void)fputs("\n", stdout);
        }
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* "1.2 MB" */
static const char *format_bytes(const json_t *object, const char *name, char text_out[static 24])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    int64_t bytes = 0;
    size_t unit = 0;
    (void)json_members_integer(object, name, 0, INT64_MAX, &bytes);
    double number = (double)bytes;
    for (; number >= 1000 && unit + 1 < sizeof units / sizeof units[0]; unit++) {
        number /= 1000;
    }
    (void)snprintf(text_out, 24, unit == 0 ? "%.0f %s" : "%.1f %s", number, units[unit]);
    return text_out;
}

/* Nothing is ever pruned, so the log only grows: by how much is said. */
static void print_disk(const json_t *disk)
{
    char all[24];
    char today[24];
    char month[24];
    int64_t today_events = 0;
    int64_t month_events = 0;
    if (disk == NULL) {
        return;
    }
    (void)json_members_integer(json_object_get(disk, "today"), "events", 0, INT64_MAX,
                               &today_events);
    (void)json_members_integer(json_object_get(disk, "month"), "events", 0, INT64_MAX,
                               &month_events);
    (void)printf("disk       %s for the log, of which nothing is deleted\n",
                 format_bytes(disk, "log_bytes", all));
    if (json_is_true(json_object_get(disk, "read_only"))) {
        (void)puts("           full at start, so this node only reads: make room, start it again");
    }
    (void)printf(
        "grew by    %lld events, %s today; %lld events, %s in 30 days\n", (long long)today_events,
        format_bytes(json_object_get(disk, "today"), "bytes", today), (long long)month_events,
        format_bytes(json_object_get(disk, "month"), "bytes", month));
}

static void print_status(const json_t *node)
{
    int64_t events = 0;
    int64_t head = 0;
    size_t index;
    json_t *endpoint;
    (void)json_members_integer(node, "events", 0, INT64_MAX, &events);
    (void)json_members_integer(node, "head", 0, INT64_MAX, &head);
    (void)printf("hearthchat %s\n", cli_call_text(node, "version"));
    (void)printf("node       %s %s\n", cli_call_text(node, "short_id"),
                 cli_call_text(node, "display_name"));
    (void)printf("community  %s\n", cli_call_text(node, "community_name")[0] == '\0'
                                        ? "none yet: create one, or join with an invite"
                                        : cli_call_text(node, "community_name"));
    (void)printf("log        %lld events, head %lld\n", (long long)events, (long long)head);
    print_disk(json_object_get(node, "disk"));
    json_array_foreach(json_object_get(node, "endpoints"), index, endpoint)
    {
        int64_t port = 0;
        (void)json_members_integer(endpoint, "port", 0, 65535, &port);
        (void)printf("reachable  %s port %lld\n", cli_call_text(endpoint, "host"), (long long)port);
    }
}

int cli_community_status(int argc, char **argv)
{
    struct cli cli = {.command = "status",
                      .usage = "hearthchat status [--json] [--data DIR]\n"
                               "\n"
                               "How the running node is: its community, its log, its addresses.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        exit_code = cli_call_node(&cli, "/api/v1/node", NULL, &answer);
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        print_status(answer);
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}
