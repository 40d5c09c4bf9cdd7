#include "server/configuration.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/display_text.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 65536 };

void configuration_init(struct configuration *configuration)
{
    *configuration = (struct configuration){
        .peer_host = memory_duplicate_string("0.0.0.0"),
        .peer_port = 7080,
        .ui_host = memory_duplicate_string("127.0.0.1"),
        .ui_port = 7860,
        .same_user_only = true,
        .chat_enabled = true,
        .store_and_forward = true,
        .read_receipts_enabled = true,
        .udp_enabled = true,
        .peers = memory_duplicate_string(""),
        .max_upload_bytes = 104857600,
        .log_level = LOG_INFO,
        .metrics_enabled = true,
        .display_name = memory_duplicate_string(""),
        .profile = memory_duplicate_string("hearth"),
    };
}

void configuration_deinit(struct configuration *configuration)
{
    memory_free(configuration->peer_host);
    memory_free(configuration->ui_host);
    memory_free(configuration->peers);
    memory_free(configuration->log_file);
    memory_free(configuration->display_name);
    memory_free(configuration->profile);
    *configuration = (struct configuration){0};
}

enum kind {
    KIND_TEXT,
    KIND_HOST,
    KIND_LOOPBACK,
    KIND_PORT,
    KIND_BOOLEAN,
    KIND_BYTES,
    KIND_ADVERTISE,
    KIND_LEVEL,
    KIND_NAME,
    KIND_PROFILE
};

static bool set_integer(const char *value, int64_t least, int64_t most, int64_t *integer)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < least ||
        number > most) {
        return false;
    }
    *integer = number;
    return true;
}

static bool set_boolean(const char *value, bool *boolean)
{
    *boolean = strcmp(value, "true") == 0;
    return *boolean || strcmp(value, "false") == 0;
}

static void replace(char **text, const char *value)
{
    memory_free(*text);
    *text = memory_duplicate_string(value);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static bool is_profile(const char *value)
{
    return strcmp(value, "anchor") == 0 || strcmp(value, "hearth") == 0 ||
           strcmp(value, "spark") == 0 || strcmp(value, "bridge") == 0;
}

struct setting {
    const char *section;
    const char *key;
    enum kind kind;
    void *target;
    const char *expected;
};

static bool apply(const struct setting *setting, struct configuration *configuration,
                  const char *value)
{
    char **text = setting->target;
    switch (setting->kind) {
    case KIND_TEXT:
        replace(text, value);
        return true;
    case KIND_HOST:
        replace(text, value);
        return node_manifest_is_host(value);
    case KIND_LOOPBACK:
        replace(text, value);
        return is_loopback(value);
    case KIND_PORT:
        return set_integer(value, 0, 65535, setting->target);
    case KIND_BOOLEAN:
        return set_boolean(value, setting->target);
    case KIND_BYTES:
        return set_integer(value, 1, INT64_MAX, setting->target);
    case KIND_ADVERTISE:
        configuration->has_advertise = true;
        return node_manifest_parse_endpoint(value, setting->target) == RESULT_OK;
    case KIND_LEVEL:
        return log_level_parse(value, setting->target);
    case KIND_NAME:
        replace(text, value);
        return display_text_count_characters(value) <= 64 &&
               !display_text_has_control_character(value);
    case KIND_PROFILE:
        replace(text, value);
        return is_profile(value);
    }
    return false;
}

enum result configuration_set(struct configuration *c, const char *section, const char *key,
                              const char *value, struct error *error)
{
    const struct setting settings[] = {
        {"transport", "host", KIND_HOST, &c->peer_host, "an address or name to listen on"},
        {"transport", "port", KIND_PORT, &c->peer_port, "0 to 65535"},
        {"transport", "advertise", KIND_ADVERTISE, &c->advertise, "host:port"},
        {"ui", "host", KIND_LOOPBACK, &c->ui_host,
         "a loopback address: 127.0.0.1, ::1 or localhost"},
        {"ui", "port", KIND_PORT, &c->ui_port, "0 to 65535"},
        {"ui", "same_user_only", KIND_BOOLEAN, &c->same_user_only, "true or false"},
        {"chat", "enabled", KIND_BOOLEAN, &c->chat_enabled, "true or false"},
        {"chat", "store_and_forward", KIND_BOOLEAN, &c->store_and_forward, "true or false"},
        {"chat", "read_receipts_enabled", KIND_BOOLEAN, &c->read_receipts_enabled, "true or false"},
        {"discovery", "udp_enabled", KIND_BOOLEAN, &c->udp_enabled, "true or false"},
        {"discovery", "peers", KIND_TEXT, &c->peers, "addresses"},
        {"file", "max_upload_bytes", KIND_BYTES, &c->max_upload_bytes, "a number of bytes"},
        {"observability", "log_level", KIND_LEVEL, &c->log_level, "debug, info, warning or error"},
        {"observability", "log_file", KIND_TEXT, &c->log_file, "a path"},
        {"observability", "metrics_enabled", KIND_BOOLEAN, &c->metrics_enabled, "true or false"},
        {"process", "confine", KIND_BOOLEAN, &c->confine, "true or false"},
        {"identity", "display_name", KIND_NAME, &c->display_name,
         "at most 64 printable characters"},
        {"identity", "profile", KIND_PROFILE, &c->profile, "anchor, hearth, spark or bridge"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(setting->section, section) == 0 && strcmp(setting->key, key) == 0) {
            if (!utf8_is_text(value)) {
                return error_set(error, RESULT_INVALID,
                                 "[%s] %s must be text in UTF-8, not \"%.40s\".", section, key,
                                 value);
            }
            return apply(setting, c, value)
                       ? RESULT_OK
                       : error_set(error, RESULT_INVALID, "[%s] %s must be %s, not \"%.40s\".",
                                   section, key, setting->expected, value);
        }
    }
    return error_set(error, RESULT_INVALID, "[%.30s] %.40s is no known setting.", section, key);
}

struct loading {
    struct configuration *configuration;
    struct error error;
    bool failed;
};

/* inih counts the first line for which this returns 0. */
static int take_setting(void *context, const char *section, const char *key, const char *value)
{
    struct loading *loading = context;
    if (loading->failed) {
        return 1;
    }
    loading->failed = configuration_set(loading->configuration, section, key, value,
                                        &loading->error) != RESULT_OK;
    return loading->failed ? 0 : 1;
}

/* The line in which that byte is. */
static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++) {
        line += *text == '\n' ? 1 : 0;
    }
    return line;
}

/* `path` is what the errors call it. */
static enum result parse(struct configuration *configuration, const char *path, const char *text,
                         size_t length_bytes, struct error *error)
{
    struct loading loading = {.configuration = configuration};
    const char *nul = memchr(text, '\0', length_bytes + 1);
    if (nul != text + length_bytes) {
        return error_set(error, RESULT_INVALID,
                         "%.60s, line %d: there is a NUL; save the file as text in UTF-8.", path,
                         line_of(text, nul));
    }
    /* A line may be as long as the file: 64 characters and their key are more than the 200 bytes
     * that inih takes otherwise. */
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_max_line = MOST_FILE_BYTES + 3; /* '\r', '\n' and NUL, as ini.h says */
    int line = ini_parse_string(text, take_setting, &loading);
    if (line < 0) {
        return error_set(error, RESULT_IO, "There is no memory to read %.60s.", path);
    }
    if (line > 0) {
        return error_set(error, RESULT_INVALID, "%.60s, line %d: %.80s", path, line,
                         loading.failed ? loading.error.message : "expected key = value.");
    }
    return RESULT_OK;
}

enum result configuration_load(struct configuration *configuration, const char *path,
                               struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum result result = data_directory_read_file(path, MOST_FILE_BYTES, &text, &length);
    if (result == RESULT_FULL) {
        return error_set(error, RESULT_INVALID,
                         "%.60s has more than 64 KiB; is it a configuration?", path);
    }
    if (result != RESULT_OK) {
        return error_set(error, result, "The configuration %.60s can't be read: %s.", path,
                         strerrordesc_np(errno));
    }
    result = parse(configuration, path, text, length, error);
    memory_free(text);
    return result;
}

/* Whether the text says what it was made of: the syntax knows neither quotes nor escapes. */
static bool reads_back(const char *text, const char *display_name, const char *profile)
{
    struct configuration read;
    configuration_init(&read);
    bool same = parse(&read, "", text, strlen(text), NULL) == RESULT_OK &&
                strcmp(read.display_name, display_name) == 0 && strcmp(read.profile, profile) == 0;
    configuration_deinit(&read);
    return same;
}

enum result configuration_write_identity(const char *path, const char *display_name,
                                         const char *profile, struct error *error)
{
    if (access(path, F_OK) == 0) {
        return error_set(error, RESULT_EXISTS,
                         "%s is there already; set [identity] display_name in it.", path);
    }
    char *text =
        memory_format("[identity]\ndisplay_name = %s\nprofile = %s\n", display_name, profile);
    enum result result =
        reads_back(text, display_name, profile)
            ? data_directory_write_file(path, text, strlen(text), error)
            : error_set(error, RESULT_INVALID,
                        "The name can't stand in the configuration: no blank at its begin or end, "
                        "no semicolon at its begin or behind a blank.");
    memory_free(text);
    return result;
}
