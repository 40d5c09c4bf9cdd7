#include "server/cli.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "server/cli_hint.h"
#include "server/node.h"

static const char usage[] =
    "hearthchat COMMAND [--data DIR] [--config FILE] …\n"
    "\n"
    "Starting\n"
    "  init      make the keys, and found a community if you like\n"
    "  serve     run the node in the foreground\n"
    "  demo      three neighbours to play with\n"
    "  id        this device's id, to be invited with\n"
    "With a running node\n"
    "  name      what you are called      found     begin a community\n"
    "  invite    let somebody in          join      use an invite\n"
    "  send      write a message          history   read messages\n"
    "  reply     answer one               react     with an emoji\n"
    "  edit      say it in other words    delete    take it back\n"
    "  members   who belongs to it        status    how the node is\n"
    "  level     make somebody trusted    revoke    shut a device out\n"
    "  co-sign   agree to that            stop      end it\n"
    "  safety    is it really them        peer      try a neighbour's address\n"
    "  contact   nickname, mute, block    clear     delete a conversation here\n"
    "  rotate    new keys for this device\n"
    "  restore-messages  give a neighbour again what their device has lost\n"
    "Looking after the log\n"
    "  verify    check all of it          rebuild   derive what is shown again\n"
    "  backup    the whole node in a file export    your messages as JSON\n"
    "  restore   make it of a backup      repair    save what a damaged log still holds\n"
    "  doctor    what is wrong, and what helps\n"
    "\n"
    "  version   what this is             COMMAND --help   more about one of them\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", cli_node_init},
    {"serve", cli_node_serve},
    {"id", cli_node_id},
    {"name", cli_node_name},
    {"found", cli_community_found},
    {"invite", cli_community_invite},
    {"join", cli_community_join},
    {"send", cli_chat_send},
    {"history", cli_chat_history},
    {"reply", cli_change_reply},
    {"edit", cli_change_edit},
    {"delete", cli_change_delete},
    {"react", cli_change_react},
    {"restore-messages", cli_keys_restore},
    {"rotate", cli_keys_rotate},
    {"members", cli_community_members},
    {"status", cli_community_status},
    {"safety", cli_safety_run},
    {"contact", cli_contact_run},
    {"clear", cli_contact_clear},
    {"revoke", cli_member_change_revoke},
    {"level", cli_member_change_level},
    {"co-sign", cli_member_change_co_sign},
    {"peer", cli_community_peer},
    {"stop", cli_stop_run},
    {"verify", cli_maintenance_verify},
    {"rebuild", cli_maintenance_rebuild},
    {"backup", cli_backup_run},
    {"export", cli_export_run},
    {"restore", cli_restore_run},
    {"repair", cli_repair_run},
    {"doctor", cli_doctor_run},
    {"demo", cli_demo_run},
};

/* Every argument, whatever it is for, goes into JSON, messages and files from here on. */
static bool are_text(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!utf8_is_text(argv[i])) {
            char *shown = memory_duplicate_string(argv[i]);
            utf8_mend(shown);
            (void)fputs("hearthchat: \"", stderr);
            cli_print_untrusted_to(stderr, shown);
            (void)fputs(
                "\" is not valid UTF-8. Set the terminal to UTF-8; a path of other bytes is "
                "reached by\ngoing there first, with --data . for example.\n",
                stderr);
            memory_free(shown);
            return false;
        }
    }
    return true;
}

static bool is_command(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].name) == length && strncmp(commands[i].name, text, length) == 0) {
            return true;
        }
    }
    return false;
}

static void refuse_command(const char *command)
{
    if (command[0] == '-') {
        (void)fputs("hearthchat: The command comes first, options behind it.\n\n", stderr);
    } else if (command[0] != '\0') {
        (void)fprintf(stderr, "hearthchat: there is no command \"%s\".\n\n", command);
    }
    (void)fputs(usage, stderr);
}

int cli_run(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (!are_text(argc, argv)) {
        return CLI_USAGE;
    }
    if (argc > 0) {
        cli_hint_begin(argv[0], is_command);
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 ||
        strcmp(command, "help") == 0) {
        (void)fputs(usage, stdout);
        return CLI_DONE;
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        (void)printf("hearthchat %s\n", NODE_VERSION);
        return CLI_DONE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, command) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    refuse_command(command);
    return CLI_USAGE;
}
