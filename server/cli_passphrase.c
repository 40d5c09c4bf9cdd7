#include "server/cli_passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/utf8.h"
#include "protocol/signing.h"

/* What was read becomes the passphrase: one line, with or without its end. */
static enum result take_line(const char *bytes, size_t length, char *passphrase_out,
                             struct error *error)
{
    if (length > 0 && bytes[length - 1] == '\n') {
        length--;
        length -= length > 0 && bytes[length - 1] == '\r' ? 1 : 0;
    }
    if (length == 0) {
        return error_set(error, RESULT_INVALID, "There is no passphrase: give one.");
    }
    if (length > SEALED_STREAM_MOST_PASSPHRASE_BYTES) {
        return error_set(error, RESULT_INVALID, "A passphrase has at most %d bytes.",
                         SEALED_STREAM_MOST_PASSPHRASE_BYTES);
    }
    if (memchr(bytes, '\n', length) != NULL || memchr(bytes, '\0', length) != NULL) {
        return error_set(error, RESULT_INVALID,
                         "A passphrase is one line of text; that file has more.");
    }
    memcpy(passphrase_out, bytes, length);
    passphrase_out[length] = '\0';
    return utf8_is_text(passphrase_out)
               ? RESULT_OK
               : error_set(error, RESULT_INVALID, "A passphrase is UTF-8 text; that is not.");
}

/* Room for a line, its end, and a byte by which one that is too long is known. */
struct typed {
    char bytes[CLI_PASSPHRASE_BYTES + 2];
    size_t length;
};

static bool read_file(int descriptor, struct typed *typed)
{
    ssize_t more = 1;
    while (more != 0 && typed->length < sizeof typed->bytes) {
        more = read(descriptor, typed->bytes + typed->length, sizeof typed->bytes - typed->length);
        if (more < 0 && errno != EINTR) {
            return false;
        }
        typed->length += more > 0 ? (size_t)more : 0;
    }
    return true;
}

static enum result tell_unread(const char *path, struct error *error)
{
    return error_set(error, RESULT_IO, "The passphrase file %.120s can't be read: %s.", path,
                     strerrordesc_np(errno));
}

static enum result take_file(const char *path, char *passphrase_out, struct error *error)
{
    struct stat status = {.st_mode = 0777}; /* until it is known */
    struct typed typed = {.length = 0};
    enum result result = RESULT_OK;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return tell_unread(path, error);
    }
    if (fstat(descriptor, &status) == 0 && (status.st_mode & 0077) != 0) {
        result = error_set(error, RESULT_INVALID,
                           "Others can read the passphrase file %.80s; run: chmod 600 '%.80s'",
                           path, path);
    } else if (!read_file(descriptor, &typed)) {
        result = tell_unread(path, error);
    } else {
        result = take_line(typed.bytes, typed.length, passphrase_out, error);
    }
    (void)close(descriptor);
    signing_wipe(&typed, sizeof typed);
    return result;
}

static void show(int terminal, const char *text)
{
    ssize_t written = write(terminal, text, strlen(text));
    (void)written; /* who sees no question can still answer it */
}

/* A line, or nothing if a signal came first, which waits to be taken. */
static bool wait_for_line(int terminal, int signals, struct typed *typed)
{
    struct pollfd waits[] = {{terminal, POLLIN, 0}, {signals, POLLIN, 0}};
    while (poll(waits, 2, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    ssize_t got = waits[1].revents != 0 ? -1 : read(terminal, typed->bytes, sizeof typed->bytes);
    typed->length = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

/* Whoever ends the command meanwhile finds the terminal as it was. */
static enum result type_unseen(int terminal, const char *question, struct typed *typed,
                               struct error *error)
{
    struct termios before;
    sigset_t ends;
    sigset_t mask;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGQUIT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGHUP);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    (void)sigaddset(&ends, SIGTSTP); /* stops behind the answer */
    if (signals < 0 || tcgetattr(terminal, &before) != 0) {
        int reason = errno;
        (void)close(signals);
        return error_set(error, RESULT_IO, "The terminal can't be used: %s.",
                         strerrordesc_np(reason));
    }
    struct termios unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    unseen.c_lflag |= ICANON | ISIG;
    (void)pthread_sigmask(SIG_BLOCK, &ends, &mask);
    (void)tcsetattr(terminal, TCSAFLUSH, &unseen);
    show(terminal, question);
    bool typed_it = wait_for_line(terminal, signals, typed);
    show(terminal, "\n");
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    (void)close(signals);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL); /* here a signal that came ends us */
    return typed_it ? RESULT_OK : error_set(error, RESULT_IO, "Nothing could be typed.");
}

static enum result ask(const char *question, char *passphrase_out, struct error *error)
{
    struct typed typed = {.length = 0};
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        return error_set(error, RESULT_INVALID,
                         "There is no terminal to ask for the passphrase on: name a file that has "
                         "it with --passphrase-file.");
    }
    enum result result = type_unseen(terminal, question, &typed, error);
    if (result == RESULT_OK) {
        result = take_line(typed.bytes, typed.length, passphrase_out, error);
    }
    (void)close(terminal);
    signing_wipe(&typed, sizeof typed);
    return result;
}

enum result cli_passphrase_get(const char *path, char passphrase_out[static CLI_PASSPHRASE_BYTES],
                               struct error *error)
{
    return path != NULL ? take_file(path, passphrase_out, error)
                        : ask("Passphrase: ", passphrase_out, error);
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

enum result cli_passphrase_choose(const char *path,
                                  char passphrase_out[static CLI_PASSPHRASE_BYTES],
                                  struct error *error)
{
    char again[CLI_PASSPHRASE_BYTES] = "";
    enum result result =
        path != NULL ? take_file(path, passphrase_out, error)
                     : ask("Passphrase (five random words are good): ", passphrase_out, error);
    if (result == RESULT_OK && count_characters(passphrase_out) < CLI_PASSPHRASE_LEAST_CHARACTERS) {
        result = error_set(error, RESULT_INVALID,
                           "That is guessed too soon: take at least %d characters; five random "
                           "words are good.",
                           CLI_PASSPHRASE_LEAST_CHARACTERS);
    }
    if (result == RESULT_OK && path == NULL) {
        result = ask("The same again: ", again, error);
        if (result == RESULT_OK && strcmp(again, passphrase_out) != 0) {
            result = error_set(error, RESULT_INVALID,
                               "The two are not the same; nothing was written. Try again.");
        }
    }
    signing_wipe(again, sizeof again);
    return result;
}
