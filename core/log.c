#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "core/utf8.h"

enum { LOOK_EVERY_S = 1 };

static int log_descriptor = STDERR_FILENO;
static char *log_path; /* NULL: there is none */
static atomic_llong log_looked_at_s;
static enum log_level log_threshold = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

enum result log_open(const char *path, enum log_level level, struct error *error)
{
    log_threshold = level;
    if (path == NULL) {
        return RESULT_OK;
    }
    int descriptor = open_file(path);
    if (descriptor < 0) {
        return error_set(error, RESULT_IO, "The log file %s can't be opened for writing: %s.", path,
                         strerrordesc_np(errno));
    }
    log_close(); /* the one before */
    log_descriptor = descriptor;
    log_path = memory_duplicate_string(path);
    return RESULT_OK;
}

void log_close(void)
{
    if (log_descriptor != STDERR_FILENO) {
        (void)close(log_descriptor);
        log_descriptor = STDERR_FILENO;
    }
    memory_free(log_path);
    log_path = NULL;
}

/* The file was moved away, as it is when logs are rotated: a new one is begun under its name. */
static void follow_file(void)
{
    struct stat ours;
    struct stat theirs;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (log_path == NULL ||
        now.tv_sec - atomic_exchange(&log_looked_at_s, now.tv_sec) < LOOK_EVERY_S ||
        fstat(log_descriptor, &ours) != 0 ||
        (stat(log_path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino)) {
        return;
    }
    int descriptor = open_file(log_path);
    if (descriptor >= 0) {
        (void)dup3(descriptor, log_descriptor, O_CLOEXEC); /* whoever is writing goes on */
        (void)close(descriptor);
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

/* Somebody reads along: what is text stays so, what steers the terminal doesn't. */
static void append_plain(struct buffer *line, const char *text)
{
    for (const char *at = text, *end = text + strlen(text); at < end;) {
        size_t length = utf8_measure(at, (size_t)(end - at));
        bool is_c1 = length == 2 && (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0;
        if (length == 0 || is_c1 || (unsigned char)*at < 0x20 || *at == 0x7f) {
            buffer_append_byte(line, '?');
        } else {
            buffer_append(line, at, length);
        }
        at += length == 0 ? 1 : length;
    }
}

/* "14:03:05  WARNING peer offline; peer: …, reason: …" */
static void write_plain(struct buffer *line, enum log_level level, const char *event, va_list pairs)
{
    static const char *const levels[] = {"debug ", "", "WARNING ", "ERROR "};
    const time_t now = time(NULL);
    struct tm local;
    char stamp[16];
    const char *between = "  ";
    (void)localtime_r(&now, &local);
    (void)strftime(stamp, sizeof stamp, "%H:%M:%S", &local);
    buffer_append_format(line, "%s  %s", stamp, levels[level]);
    for (; *event != '\0'; event++) {
        bool parts_words = *event == '.' || *event == '_';
        buffer_append(line, parts_words ? " " : event, 1);
    }
    for (const char *name = va_arg(pairs, const char *); name != NULL;
         name = va_arg(pairs, const char *)) {
        const char *text = va_arg(pairs, const char *);
        if (text != NULL) {
            buffer_append_format(line, "%s%s: ", between, name);
            append_plain(line, text);
            between = ", ";
        }
    }
    buffer_append_byte(line, '\n');
}

static void write_json(struct buffer *line, enum log_level level, const char *event, va_list pairs)
{
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);

    buffer_append_format(line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":", stamp,
                         now.tv_nsec / 1000000, level_names[level]);
    append_string(line, event);
    for (const char *name = va_arg(pairs, const char *); name != NULL;
         name = va_arg(pairs, const char *)) {
        const char *text = va_arg(pairs, const char *);
        if (text == NULL) {
            continue;
        }
        buffer_append_byte(line, ',');
        append_string(line, name);
        buffer_append_byte(line, ':');
        append_string(line, text);
    }
    buffer_append_text(line, "}\n");
}

void log_write(enum log_level level, const char *event, ...)
{
    struct buffer line;
    va_list pairs;
    int before = errno;
    if (level < log_threshold) {
        return;
    }
    follow_file();
    buffer_init(&line);
    va_start(pairs, event);
    if (isatty(log_descriptor) == 1) {
        write_plain(&line, level, event, pairs);
    } else {
        write_json(&line, level, event, pairs);
    }
    va_end(pairs);
    ssize_t written = write(log_descriptor, line.data, line.length_bytes);
    (void)written; /* a log that can't be written must not stop the node */
    buffer_deinit(&line);
    errno = before;
}
