#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/display_text.h"
#include "protocol/text_columns.h"
#include "protocol/wall_clock.h"
#include "server/cli.h"
#include "server/cli_hint.h"

int cli_print_failure(const char *code, const char *message)
{
    (void)fputs("hearthchat: ", stderr);
    cli_print_hint(stderr, message);
    (void)fprintf(stderr, "%s(%s)\n", message[0] == '\0' ? "" : " ", code);
    return CLI_FAILED;
}

void cli_print_hint(FILE *file, const char *sentence)
{
    char *text = cli_hint_make(sentence);
    cli_print_untrusted_to(file, text);
    memory_free(text);
}

int cli_print_end(int exit_code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) != 0 || failed) {
        const char *reason = errno == 0 ? "is its disk full?" : strerrordesc_np(errno);
        (void)fprintf(stderr, "hearthchat: The output can't be written: %s (internal_error)\n",
                      reason);
        return exit_code == CLI_DONE ? CLI_FAILED : exit_code;
    }
    return exit_code;
}

void cli_print_json(const json_t *json)
{
    struct buffer text;
    buffer_init(&text);
    (void)canonical_write(json, &text);
    (void)printf("%s\n", buffer_text(&text));
    (void)fflush(stdout);
    buffer_deinit(&text);
}

void cli_print_untrusted(const char *text)
{
    cli_print_untrusted_to(stdout, text);
}

void cli_print_untrusted_to(FILE *file, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f || is_c1) {
            (void)fputc('?', file);
            at += is_c1 ? 1 : 0;
        } else {
            (void)fputc(*at, file);
        }
    }
}

void cli_print_fact(const char *text)
{
    char *shown = display_text_make_fact(text);
    (void)fputs(shown[0] == '\0' ? "?" : shown, stdout);
    memory_free(shown);
}

void cli_print_line(const char *line)
{
    struct winsize size = {0};
    char *wrapped = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
                        ? text_columns_wrap(line, CLI_INDENT, size.ws_col)
                        : NULL;
    (void)printf("%s\n", wrapped == NULL ? line : wrapped);
    memory_free(wrapped);
}

const char *cli_print_time(const char *at, char text_out[static CLI_TIME_BYTES])
{
    struct tm local;
    int64_t seconds = 0;
    text_out[0] = '\0';
    if (wall_clock_parse(at, &seconds) == RESULT_OK &&
        localtime_r(&(time_t){seconds}, &local) != NULL) {
        (void)strftime(text_out, CLI_TIME_BYTES, "%Y-%m-%d %H:%M", &local);
    }
    return text_out;
}

const char *cli_print_span(int64_t seconds, char text_out[static CLI_SPAN_BYTES])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    size_t unit = 0;
    while (units[unit].seconds > 1 && 2 * seconds < 3 * units[unit].seconds) {
        unit++;
    }
    (void)snprintf(text_out, CLI_SPAN_BYTES, "%lld %s",
                   (long long)((seconds + units[unit].seconds / 2) / units[unit].seconds),
                   units[unit].name);
    return text_out;
}
