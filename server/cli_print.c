#include <stdio.h>

#include "core/buffer.h"
#include "server/cli.h"

int cli_print_failure(const char *code, const char *message)
{
    (void)fprintf(stderr, "hearthchat: %s: %s\n", code, message);
    return CLI_FAILED;
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
