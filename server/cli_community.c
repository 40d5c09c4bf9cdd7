#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/qr_draw.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/policy.h"
#include "server/cli.h"

int cli_community_found(int argc, char **argv)
{
    struct cli cli = {.command = "found",
                      .usage =
                          "hearthchat found NAME [--revoke-signatures N] [--json] [--data DIR]\n"
                          "\n"
                          "Begins a community of that name, with this device as its first member. "
                          "N: how many\ntrusted members must agree before somebody is shut out "
                          "(3); all of them, where there\nare fewer.\n"};
    const char *signatures_text = NULL;
    int64_t signatures = 0;
    const struct cli_option options[] = {{"--revoke-signatures", &signatures_text, NULL},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s}", "name", cli.positional[0]);
        if (signatures_text != NULL &&
            !cli_arguments_number("--revoke-signatures", signatures_text, 1, POLICY_MOST_SIGNATURES,
                                  &signatures)) {
            json_decref(input);
            exit_code = CLI_USAGE;
        } else {
            if (signatures != 0) {
                (void)json_object_set_new(
                    input, "policy",
                    json_build_pack("{s:I}", "min_signatures_to_revoke", (json_int_t)signatures));
            }
            exit_code = cli_call_node(&cli, "/api/v1/community", input, &answer);
        }
    }
    if (answer != NULL && cli.json) {
        cli_print_json(answer);
    } else if (answer != NULL) {
        (void)fputs("Founded ", stdout);
        cli_print_fact(cli_call_text(answer, "community_name"));
        (void)printf(".\nLet somebody in: hearthchat invite --open\n");
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* What the node is asked for. NULL, after saying why: not like this. */
static json_t *read_invite_wish(const struct cli *cli, bool open, const char *name,
                                const char *level, const char *ttl_text, const char *uses_text)
{
    const int64_t most_ttl = 31536000; /* a year */
    const int64_t most_uses = 256;
    int64_t ttl = 0;
    int64_t uses = 0;
    if (open ? cli->positional_count > 0 || name != NULL
             : cli->positional_count == 0 || uses_text != NULL) {
        (void)fputs(open ? "hearthchat: --open is for whoever has the invite: without NODE_ID and "
                           "--name.\n"
                         : "hearthchat: whose id? Or, for whoever has the invite: hearthchat "
                           "invite --open, there with --uses.\n",
                    stderr);
        return NULL;
    }
    if ((ttl_text != NULL && !cli_arguments_number("--ttl", ttl_text, 1, most_ttl, &ttl)) ||
        (uses_text != NULL && !cli_arguments_number("--uses", uses_text, 1, most_uses, &uses))) {
        return NULL;
    }
    json_t *wish =
        json_build_pack("{s:s*,s:s*,s:s*}", "invitee_node_id", open ? NULL : cli->positional[0],
                        "display_name", name, "initial_level", level);
    if (ttl != 0) {
        (void)json_object_set_new(wish, "ttl_seconds", json_integer(ttl));
    }
    if (uses != 0) {
        (void)json_object_set_new(wish, "uses", json_integer(uses));
    }
    if (open) {
        (void)json_object_set_new(wish, "open", json_true());
    }
    return wish;
}

int cli_community_invite(int argc, char **argv)
{
    struct cli cli = {
        .command = "invite",
        .usage =
            "hearthchat invite --open [--uses N] [--level member|trusted] [--ttl SECONDS] [--qr]\n"
            "hearthchat invite NODE_ID [--name NAME] [--level member|trusted] [--ttl SECONDS]\n"
            "                  [--qr] [--json] [--data DIR]\n"
            "\n"
            "Prints an invite. With --open it lets in whoever uses it, once or N times; this\n"
            "node has to be running then. With NODE_ID, what `hearthchat id` prints on the\n"
            "other device (its NodeID or the hearthnet-id:// text), it is for that device alone;\n"
            "for a member that lost its log, it is the text with which it comes back.\n"};
    const char *name = NULL;
    const char *level = NULL;
    const char *ttl_text = NULL;
    const char *uses_text = NULL;
    bool qr = false;
    bool open = false;
    const struct cli_option options[] = {{"--name", &name, NULL},    {"--level", &level, NULL},
                                         {"--ttl", &ttl_text, NULL}, {"--uses", &uses_text, NULL},
                                         {"--open", NULL, &open},    {"--qr", NULL, &qr},
                                         {NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (!cli_arguments_parse(&cli, argc, argv, options, 0, 1, &exit_code)) {
        cli_arguments_deinit(&cli);
        return exit_code;
    }
    json_t *wish = read_invite_wish(&cli, open, name, level, ttl_text, uses_text);
    exit_code = wish == NULL ? CLI_USAGE : cli_call_node(&cli, "/api/v1/invites", wish, &answer);
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
                      .usage =
                          "hearthchat join INVITE [--json] [--data DIR]\n"
                          "\n"
                          "Joins the community that the invite (hearthnet://v1/…) is for. The "
                          "inviter's node must\nbe running and reachable. INVITE may have other "
                          "words around it, in one pair of quotes. A\nmember that lost its log "
                          "comes back with any invite it ever got, or a fresh one.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s}", "invite", cli.positional[0]);
        exit_code = cli_call_node(&cli, "/api/v1/community/join", input, &answer);
        if (exit_code == CLI_DONE && cli.json) {
            cli_print_json(answer);
        } else if (exit_code == CLI_DONE) {
            const char *name = cli_call_text(answer, "community_name");
            if (json_is_true(json_object_get(answer, "returned"))) {
                (void)printf("Back in %s; what was written there comes from the neighbours.\n",
                             name);
            } else {
                (void)printf("%s %s.\n",
                             json_is_true(json_object_get(answer, "already"))
                                 ? "Already a member of"
                                 : "Joined",
                             name);
            }
        }
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

/* What the owner calls them, behind what they call themselves. */
static void print_nickname(const json_t *member)
{
    const char *nickname = cli_call_text(member, "nickname");
    if (nickname[0] != '\0') {
        (void)fputs(" (", stdout);
        cli_print_fact(nickname);
        (void)fputs(")", stdout);
    }
    if (json_is_true(json_object_get(member, "blocked"))) {
        (void)fputs("  blocked", stdout);
    }
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
            char seen[CLI_TIME_BYTES];
            (void)cli_print_time(cli_call_text(member, "last_seen"), seen);
            (void)printf("%s  %-8s %s%s  ", cli_call_text(member, "short_id"),
                         cli_call_text(member, "level"),
                         online            ? "online"
                         : seen[0] == '\0' ? "not seen yet"
                                           : "last seen ",
                         online ? "" : seen);
            cli_print_fact(cli_call_text(member, "display_name"));
            print_nickname(member);
            (void)fputs("\n", stdout);
        }
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}

int cli_community_peer(int argc, char **argv)
{
    struct cli cli = {.command = "peer",
                      .usage = "hearthchat peer HOST:PORT [--json] [--data DIR]\n"
                               "\n"
                               "Tries a neighbour's address by hand, for when the nodes don't find "
                               "each other: an\naddress and port as hearthchat status shows them "
                               "there ([ADDRESS]:PORT for IPv6). Whoever\nis there has to show a "
                               "member's key. For good: [discovery] peers in hearthchat.ini.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    json_t *answer = NULL;
    if (cli_arguments_parse(&cli, argc, argv, options, 1, 1, &exit_code)) {
        json_t *input = json_build_pack("{s:s}", "address", cli.positional[0]);
        exit_code = cli_call_node(&cli, "/api/v1/peers", input, &answer);
        if (exit_code == CLI_DONE && cli.json) {
            cli_print_json(answer);
        } else if (exit_code == CLI_DONE) {
            const json_t *peer = json_object_get(answer, "peer");
            (void)printf("Reached %s  ", cli_call_text(peer, "short_id"));
            cli_print_fact(cli_call_text(peer, "display_name"));
            (void)printf("\nIt is called there from now on.\n");
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

static void print_clock(const json_t *node)
{
    int64_t ahead = 0;
    char span[CLI_SPAN_BYTES];
    if (json_members_integer(node, "clock_skew_seconds", INT64_MIN, INT64_MAX, &ahead)) {
        (void)printf("clock      %s %s the neighbours'; nothing is lost by it, only the times "
                     "shown are wrong\n",
                     cli_print_span(ahead < 0 ? -ahead : ahead, span),
                     ahead < 0 ? "behind" : "ahead of");
    }
}

static void print_copy(const json_t *node)
{
    const char *at = cli_call_text(node, "other_copy_at");
    if (at[0] != '\0') {
        (void)printf(
            "copy       another node writes with this device's key, last seen %s: stop one "
            "of them for good\n",
            at);
    }
    const char *back = cli_call_text(node, "set_back_at");
    if (back[0] != '\0') {
        (void)printf("set back   this device went on from an older state, noticed %s: what can't "
                     "be read here, others can send again\n",
                     back);
    }
}

/* "1,240" */
static const char *format_count(int64_t count, char text_out[static 32])
{
    char digits[24];
    size_t at = 0;
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text_out[at++] = ',';
        }
        text_out[at++] = digits[i];
    }
    text_out[at] = '\0';
    return text_out;
}

/* "1,240 of 6,000 messages, 3 minutes" */
static void print_catching_up(const json_t *progress)
{
    char some[32];
    char all[32];
    int64_t received = 0;
    int64_t total = 0;
    int64_t seconds = 0;
    if (!json_is_object(progress)) {
        return;
    }
    (void)json_members_integer(progress, "received", 0, INT64_MAX, &received);
    (void)json_members_integer(progress, "total", 0, INT64_MAX, &total);
    (void)printf("catches up %s of %s messages", format_count(received, some),
                 format_count(total, all));
    if (json_members_integer(progress, "seconds_left", 0, INT64_MAX, &seconds)) {
        (void)printf(", %s", cli_print_span(seconds, some));
    }
    (void)fputs("\n", stdout);
}

/* Whose devices ask for messages again that they had. */
static int print_lost(const struct cli *cli)
{
    json_t *answer = NULL;
    size_t index;
    json_t *entry;
    int exit_code = cli_call_node(cli, "/api/v1/chat/conversations", NULL, &answer);
    json_array_foreach(json_object_get(answer, "conversations"), index, entry)
    {
        int64_t lost = 0;
        if (json_members_integer(entry, "lost_there", 1, INT64_MAX, &lost)) {
            char *hint = memory_format(
                "'s device: %lld message%s that it had; if its owner says so too, face to face or "
                "by phone: hearthchat restore-messages %s",
                (long long)lost, lost == 1 ? "" : "s",
                cli_call_text(entry, "short_id") + sizeof "ed25519:" - 1);
            const char *name = cli_call_text(entry, "display_name");
            (void)fputs("lost       ", stdout);
            cli_print_fact(name[0] == '\0' ? cli_call_text(entry, "short_id") : name);
            print_nickname(entry);
            cli_print_hint(stdout, hint);
            (void)fputs("\n", stdout);
            memory_free(hint);
        }
    }
    json_decref(answer);
    return exit_code;
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
    const char *community = cli_call_text(node, "community_name");
    bool lost = cli_call_text(node, "lost_community_id")[0] != '\0';
    (void)printf("community  %s\n",
                 community[0] != '\0' ? community
                 : lost ? "its log is lost: come back by starting a neighbour's node in "
                          "this network, or with any invite this device ever got"
                        : "none yet: create one, or join with an invite");
    (void)printf("log        %lld events, head %lld\n", (long long)events, (long long)head);
    print_catching_up(json_object_get(node, "catching_up"));
    print_disk(json_object_get(node, "disk"));
    print_clock(node);
    print_copy(node);
    if (json_array_size(json_object_get(node, "endpoints")) == 0) {
        (void)printf("reachable  by nobody yet: this machine is in no network; connect it, or set "
                     "[transport] advertise\n");
    }
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
        if (cli_call_text(answer, "community_id")[0] != '\0') {
            exit_code = print_lost(&cli);
        }
    }
    json_decref(answer);
    cli_arguments_deinit(&cli);
    return exit_code;
}
