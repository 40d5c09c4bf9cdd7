/* The command line (§22): cli.c finds the command; what commands share lies under them, in
 * cli_arguments.c, cli_call.c, cli_print.c, cli_hint.c, cli_text.c and cli_who.c.
 *
 * Thread: main. Every command returns the process' exit code.
 */
#ifndef HEARTHCHAT_SERVER_CLI_H
#define HEARTHCHAT_SERVER_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "core/error.h"
#include "protocol/canonical.h"
#include "server/configuration.h"

enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_NO_NODE = 3 };

/* An option of a command: "--name VALUE", or "--name" alone when `flag` is set. */
struct cli_option {
    const char *name;
    const char **value; /* takes the text; NULL for flags */
    bool *flag;
};

/* What all commands share, filled by cli_arguments_parse(). */
struct cli {
    const char *command;
    const char *usage;    /* the command's help, printed for --help and wrong usage */
    const char *too_much; /* what to do about too many arguments, behind the complaint; or NULL */
    const char *data;     /* --data */
    const char *config;   /* --config */
    char *data_directory; /* resolved; owned */
    char *config_path;    /* resolved; owned; NULL when there is none */
    bool json;
    const char **positional; /* what is not an option */
    int positional_count;
};

int cli_run(int argc, char **argv);

/* Sorts the arguments behind the command. False: *exit_out says what to end with (help was printed,
 * or what is wrong). */
bool cli_arguments_parse(struct cli *cli, int argc, char **argv, const struct cli_option *options,
                         int least_positional, int most_positional, int *exit_out);
void cli_arguments_deinit(struct cli *cli);

/* Reads the configuration that applies: --config, else hearthchat.ini in the data directory, else
 * the user's. */
enum result cli_arguments_configure(const struct cli *cli, struct configuration *configuration,
                                    struct error *error);

/* "sentence (code)" on stderr, its hints as cli_hint.h says. */
int cli_print_failure(const char *code, const char *message);

/* A whole number within bounds; complains and returns false otherwise. */
bool cli_arguments_number(const char *option, const char *text, int64_t least, int64_t most,
                          int64_t *number_out);

/* Calls the running node. `body` NULL: GET; consumed. On success the "output" member (or the whole
 * answer, when there is none) is in *output_out, owned by the caller. Otherwise the error was
 * printed and the exit code is returned. */
int cli_call_node(const struct cli *cli, const char *path, json_t *body, json_t **output_out);

/* A text member, "" when it is absent. Borrowed. */
const char *cli_call_text(const json_t *object, const char *name);

/* One line of JSON. */
void cli_print_json(const json_t *json);

/* A sentence with its hints as cli_hint.h says, and nothing that steers the terminal. */
void cli_print_hint(FILE *file, const char *sentence);

/* The exit code when this is the end: CLI_FAILED, after saying so, when something of the output
 * could not be written. */
int cli_print_end(int exit_code);

/* What others wrote must not steer the terminal: control characters but line breaks and tabs become
 * '?'. */
void cli_print_untrusted(const char *text);
void cli_print_untrusted_to(FILE *file, const char *text);

/* What others call something or themselves, as protocol/display_text.h has it; '?' for nothing. */
void cli_print_fact(const char *text);

/* Before every further line of what others write, so that none looks like one of ours. */
#define CLI_INDENT "    "

/* A line, which may hold line breaks; what the terminal has no room for is a further one too. */
void cli_print_line(const char *line);

/* What a TEXT is: the argument, or of "-" standard input but for a last line break. NULL after
 * complaining; the caller frees. */
char *cli_text_read(const char *argument);

/* Of an event's id, by which people name a message; as many as /api/v1/chat/messages takes. */
#define CLI_SHORT_ID_CHARACTERS 6

#define CLI_TIME_BYTES 24

/* "2026-05-26 08:14" in the reader's zone, of a moment as the API tells it; "" when it is none:
 * text_out. */
const char *cli_print_time(const char *at, char text_out[static CLI_TIME_BYTES]);

#define CLI_SPAN_BYTES 32

/* "3 minutes", in the unit that people would take: text_out. */
const char *cli_print_span(int64_t seconds, char text_out[static CLI_SPAN_BYTES]);

int cli_node_init(int argc, char **argv);
int cli_node_serve(int argc, char **argv);
int cli_node_name(int argc, char **argv);
int cli_node_id(int argc, char **argv);
int cli_community_found(int argc, char **argv);
int cli_community_invite(int argc, char **argv);
int cli_community_join(int argc, char **argv);
int cli_chat_send(int argc, char **argv);
int cli_chat_history(int argc, char **argv);
int cli_change_reply(int argc, char **argv);
int cli_change_edit(int argc, char **argv);
int cli_change_delete(int argc, char **argv);
int cli_change_react(int argc, char **argv);
int cli_keys_restore(int argc, char **argv);
int cli_keys_rotate(int argc, char **argv);
int cli_community_members(int argc, char **argv);
int cli_community_peer(int argc, char **argv);
int cli_community_status(int argc, char **argv);
int cli_safety_run(int argc, char **argv);
int cli_contact_run(int argc, char **argv);
int cli_contact_clear(int argc, char **argv);
int cli_member_change_revoke(int argc, char **argv);
int cli_member_change_level(int argc, char **argv);
int cli_member_change_co_sign(int argc, char **argv);
int cli_maintenance_verify(int argc, char **argv);
int cli_maintenance_rebuild(int argc, char **argv);
int cli_backup_run(int argc, char **argv);
int cli_export_run(int argc, char **argv);
int cli_repair_run(int argc, char **argv);
int cli_doctor_run(int argc, char **argv);
int cli_restore_run(int argc, char **argv);
int cli_stop_run(int argc, char **argv);
int cli_demo_run(int argc, char **argv);

#endif
