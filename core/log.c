#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/utf8.h"

static int log_descriptor = STDERR_FILENO;
static enum log_level log_threshold = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

enum result log_open(const char *path, enum log_level level, struct error *error)
{
    log_threshold = level;
    if (path == NULL) {
        return RESULT_OK;
    }
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return error_set(error, RESULT_IO, "The log file %s can't be opened for writing: %s.", path,
                         strerrordesc_np(errno));
    }
    log_descriptor = descriptor;
    return RESULT_OK;
}

void log_close(void)
{
    if (log_descriptor != STDERR_FILENO) {
        (void)close(log_descriptor);
        log_descriptor = STDERR_FILENO;
    }
}

bool log_level_parse(const char *text, enum log_level *level_out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level_out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static void append_string(struct buffer *line, const char *text)
{
    buffer_append_byte(line, '"');
    for (const char *at = text, *end = text + strlen(text); at < end;) {
        size_t length = utf8_measure(at, (size_t)(end - at));
        if (*at == '"' || *at == '\\') {
            buffer_append_byte(line, '\\');
            buffer_append_byte(line, *at);
        } else if ((unsigned char)*at < 0x20) {
            buffer_append_format(line, "\\u%04x", (unsigned)*at);
        } else if (length == 0) {
            buffer_append_byte(line, '?');
        } else {
            buffer_append(line, at, length);
        }
        at += length == 0 ? 1 : length;
    }
    buffer_append_byte(line, '"');
}

void log_write(enum log_level level, const char *event, ...)
{
    if (level < log_threshold) {
        return;
    }
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);

    struct buffer line;
    buffer_init(&line);
    buffer_append_format(&line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":", stamp,
                         now.tv_nsec / 1000000, level_names[level]);
    append_string(&line, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *name = va_arg(pairs, const char *); name != NULL;
         name = va_arg(pairs, const char *)) {
        const char *text = va_arg(pairs, const char *);
        if (text == NULL) {
            continue;
        }
        buffer_append_byte(&line, ',');
        append_string(&line, name);
        buffer_append_byte(&line, ':');
        append_string(&line, text);
    }
    va_end(pairs);
    buffer_append_text(&line, "}\n");
    ssize_t written = write(log_descriptor, line.data, line.length_bytes);
    (void)written; /* a log that can't be written must not stop the node */
    buffer_deinit(&line);
}
