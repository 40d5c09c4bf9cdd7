#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/event_data.h"
#include "server/cli.h"

/* All of it but a last line break; NULL after complaining. */
static char *read_standard_input(void)
{
    struct buffer text;
    char bytes[4096];
    size_t got = 0;
    buffer_init(&text);
    while ((got = fread(bytes, 1, sizeof bytes, stdin)) > 0 &&
           text.length_bytes <= EVENT_DATA_MOST_BODY_BYTES) {
        buffer_append(&text, bytes, got);
    }
    if (text.length_bytes > 0 && text.data[text.length_bytes - 1] == '\n') {
        text.data[--text.length_bytes] = '\0';
    }
    if (text.length_bytes > EVENT_DATA_MOST_BODY_BYTES) { /* what is there may end in the middle */
        (void)cli_print_failure("bad_request",
                                "The text has more than 65536 bytes (64 KiB); send it in parts.");
        buffer_deinit(&text);
        return NULL;
    }
    bool has_nul = strlen(buffer_text(&text)) != text.length_bytes;
    if (has_nul || !utf8_is_text(buffer_text(&text))) {
        (void)cli_print_failure("bad_request", has_nul ? "The text holds a NUL byte; is it a file?"
                                                       : "The text is not valid UTF-8.");
        buffer_deinit(&text);
        return NULL;
    }
    return buffer_take(&text);
}

char *cli_text_read(const char *argument)
{
    return strcmp(argument, "-") == 0 ? read_standard_input() : memory_duplicate_string(argument);
}
