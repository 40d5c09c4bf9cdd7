#include "server/cli_hint.h"

#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "server/cli.h"

/* How this process was called: main's, and it has one command. */
static struct {
    const char *program;
    const char *data;
    const char *config;
    cli_hint_is_command *is_command;
} called = {.program = "hearthchat"};

void cli_hint_begin(const char *program, cli_hint_is_command *is_command)
{
    called.program = program;
    called.is_command = is_command;
}

void cli_hint_name_paths(const char *data, const char *config)
{
    called.data = data;
    called.config = config;
}

/* As a shell reads it back. */
static void append_word(struct buffer *text, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        buffer_append_text(text, word);
        return;
    }
    buffer_append_byte(text, '\'');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            buffer_append_text(text, "'\\''");
        } else {
            buffer_append_byte(text, *at);
        }
    }
    buffer_append_byte(text, '\'');
}

static void append_command(struct buffer *text, const char *command, size_t length)
{
    append_word(text, called.program);
    buffer_append_byte(text, ' ');
    buffer_append(text, command, length);
    if (called.data != NULL) {
        buffer_append_text(text, " --data ");
        append_word(text, called.data);
    }
    if (called.config != NULL) {
        buffer_append_text(text, " --config ");
        append_word(text, called.config);
    }
}

/* The length of the command behind "hearthchat "; 0: no command of this device is meant. */
static size_t measure_command(const char *behind)
{
    size_t length = strspn(behind, "abcdefghijklmnopqrstuvwxyz-");
    bool is_elsewhere = strncmp(behind + length, " there", 6) == 0;
    return called.is_command != NULL && !is_elsewhere && called.is_command(behind, length) ? length
                                                                                           : 0;
}

char *cli_hint_make(const char *sentence)
{
    static const char name[] = "hearthchat ";
    struct buffer text;
    buffer_init(&text);
    for (const char *at = sentence; *at != '\0';) {
        size_t length =
            strncmp(at, name, sizeof name - 1) == 0 ? measure_command(at + sizeof name - 1) : 0;
        if (length == 0) {
            buffer_append_byte(&text, *at++);
        } else {
            append_command(&text, at + sizeof name - 1, length);
            at += sizeof name - 1 + length;
        }
    }
    return buffer_take(&text);
}
