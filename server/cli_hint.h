/* Hints that can be typed as they stand: wherever a sentence says "hearthchat COMMAND", the program
 * is named as it was called, and with the --data and --config of this call.
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_CLI_HINT_H
#define HEARTHCHAT_SERVER_CLI_HINT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the first `length` characters are a command's name. */
typedef bool cli_hint_is_command(const char *text, size_t length);

/* All of it is borrowed for good. */
void cli_hint_begin(const char *program, cli_hint_is_command *is_command);
void cli_hint_name_paths(const char *data, const char *config); /* NULL: not given */

/* The sentence with its hints made so; the caller frees. "hearthchat COMMAND there" is another
 * device's and stays. */
char *cli_hint_make(const char *sentence);

#endif
