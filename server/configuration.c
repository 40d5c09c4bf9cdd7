#include "server/configuration.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "core/utf8.h"
#include "gossip/address_book.h"
#include "protocol/display_text.h"
#include "protocol/visible_text.h"
#include "server/setting_hint.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 65536, MOST_SETTINGS = 32 };

void configuration_init(struct configuration *configuration)
{
    *configuration = (struct configuration){
        .peer_host = memory_duplicate_string("::"),
        .peer_port = 7080,
        .ui_host = memory_duplicate_string("127.0.0.1"),
        .ui_port = 7860,
        .same_user_only = true,
        .chat_enabled = true,
        .store_and_forward = true,
        .read_receipts_enabled = true,
        .udp_enabled = true,
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
    KIND_PROFILE,
    KIND_PEERS
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

/* "host:port, [v6]:port, …" instead of those that were set before. */
static enum result set_peers(struct configuration *configuration, const char *value,
                             struct error *error)
{
    char one[NODE_MANIFEST_HOST_BYTES + LOCAL_INTERFACES_NAME_BYTES + 16];
    configuration->peer_count = 0;
    for (const char *at = value + strspn(value, " \t"); *at != '\0';) {
        size_t length = strcspn(at, ",");
        const char *next = at + length + (at[length] == ',' ? 1 : 0);
        while (length > 0 && strchr(" \t", at[length - 1]) != NULL) {
            length--;
        }
        if (configuration->peer_count == CONFIGURATION_MOST_PEERS) {
            return error_set(error, RESULT_INVALID, "[discovery] peers takes at most %d addresses.",
                             CONFIGURATION_MOST_PEERS);
        }
        (void)snprintf(one, sizeof one, "%.*s", (int)length, at);
        configuration->peers = memory_resize(configuration->peers, configuration->peer_count + 1,
                                             sizeof *configuration->peers);
        if (length >= sizeof one ||
            address_book_parse(one, &configuration->peers[configuration->peer_count]) !=
                RESULT_OK) {
            return error_set(error, RESULT_INVALID,
                             "[discovery] peers: \"%.24s\" is no host:port, [v6]:port.", one);
        }
        configuration->peer_count++;
        at = next + strspn(next, " \t");
    }
    return RESULT_OK;
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
    int64_t bytes = 0;
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
    case KIND_BYTES: /* of files, which this version does not take */
        return set_integer(value, 1, INT64_MAX, &bytes);
    case KIND_ADVERTISE:
        configuration->has_advertise = true;
        return node_manifest_parse_endpoint(value, setting->target) == RESULT_OK;
    case KIND_LEVEL:
        return log_level_parse(value, setting->target);
    case KIND_NAME:
        replace(text, value);
        return (value[0] == '\0' || visible_text_has_any(value)) &&
               display_text_count_characters(value) <= 64 &&
               !display_text_has_control_character(value);
    case KIND_PROFILE:
        replace(text, value);
        return is_profile(value);
    case KIND_PEERS:
        break; /* set_peers() */
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
        {"discovery", "peers", KIND_PEERS, NULL, ""},
        {"file", "max_upload_bytes", KIND_BYTES, NULL, "a number of bytes"},
        {"observability", "log_level", KIND_LEVEL, &c->log_level, "debug, info, warning or error"},
        {"observability", "log_file", KIND_TEXT, &c->log_file, "a path"},
        {"observability", "metrics_enabled", KIND_BOOLEAN, &c->metrics_enabled, "true or false"},
        {"e2e", "require", KIND_BOOLEAN, &c->e2e_required, "true or false"},
        {"process", "confine", KIND_BOOLEAN, &c->confine, "true or false"},
        {"identity", "display_name", KIND_NAME, &c->display_name,
         "at most 64 printable characters"},
        {"identity", "profile", KIND_PROFILE, &c->profile, "anchor, hearth, spark or bridge"},
    };
    const size_t count = sizeof settings / sizeof settings[0];
    _Static_assert(sizeof settings / sizeof settings[0] <= MOST_SETTINGS, "each has its name");
    char shown[SETTING_HINT_BYTES];
    for (size_t i = 0; i < count; i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(setting->section, section) == 0 && strcmp(setting->key, key) == 0) {
            setting_hint_cut(value, shown);
            if (!utf8_is_text(value)) {
                return error_set(error, RESULT_INVALID,
                                 "[%s] %s must be text in UTF-8, not \"%s\".", section, key, shown);
            }
            if (setting->kind == KIND_PEERS) {
                return set_peers(c, value, error);
            }
            return apply(setting, c, value)
                       ? RESULT_OK
                       : error_set(error, RESULT_INVALID, "[%s] %s must be %s, not \"%s\".",
                                   section, key, setting->expected, shown);
        }
    }
    struct setting_name names[MOST_SETTINGS];
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct setting_name){settings[i].section, settings[i].key};
    }
    return setting_hint_refuse(names, count, section, key, error);
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

/* The first line that is wrong; what a later one has may stand in `loading`. */
static enum result refuse_line(const char *path, const char *text, int line,
                               const struct loading *loading, struct error *error)
{
    for (int i = 1; i < line; i++) {
        text += strcspn(text, "\n") + 1;
    }
    text += strspn(text, " \t");
    size_t length = strcspn(text, "\r\n");
    if (text[0] == '[' && memchr(text, ']', length) == NULL) {
        return error_set(error, RESULT_INVALID, "%.60s, line %d: \"%.*s\" lacks its closing ].",
                         path, line, (int)(length < 30 ? length : 30), text);
    }
    bool has_value = memchr(text, '=', length) != NULL || memchr(text, ':', length) != NULL;
    return error_set(error, RESULT_INVALID, "%.60s, line %d: %s", path, line,
                     loading->failed && has_value ? loading->error.message
                                                  : "expected key = value.");
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
        return refuse_line(path, text, line, &loading, error);
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

/* Whether that key is set by the line. */
static bool sets(const char *line, size_t length, const char *key)
{
    size_t start = strspn(line, " \t");
    size_t key_length = strlen(key);
    const char *behind = line + start + key_length;
    return start + key_length < length && strncmp(line + start, key, key_length) == 0 &&
           behind[strspn(behind, " \t")] == '=';
}

static bool begins_section(const char *line)
{
    return line[strspn(line, " \t")] == '[';
}

/* The text with that key of [identity] set: its line is another, or there is one more. */
static char *with_identity(const char *text, const char *key, const char *value)
{
    static const char section[] = "[identity]";
    struct buffer edited;
    bool inside = false;
    bool done = false;
    size_t length = 0;
    buffer_init(&edited);
    for (const char *line = text; *line != '\0'; line += length) {
        length = strcspn(line, "\n");
        length += line[length] == '\n' ? 1 : 0;
        if (begins_section(line)) {
            if (inside && !done) {
                buffer_append_format(&edited, "%s = %s\n", key, value);
                done = true;
            }
            inside = strncmp(line + strspn(line, " \t"), section, sizeof section - 1) == 0;
        }
        if (!inside || !sets(line, length, key)) {
            buffer_append(&edited, line, length);
        } else if (!done) {
            buffer_append_format(&edited, "%s = %s\n", key, value);
            done = true;
        }
    }
    if (!done) {
        bool has_end = text[0] == '\0' || text[strlen(text) - 1] == '\n';
        buffer_append_format(&edited, "%s%s%s%s = %s\n", has_end ? "" : "\n", inside ? "" : section,
                             inside ? "" : "\n", key, value);
    }
    return buffer_take(&edited);
}

/* Whether the text says what it was made of: the syntax knows neither quotes nor escapes. */
static bool reads_back(const char *text, const char *display_name, const char *profile)
{
    struct configuration read;
    configuration_init(&read);
    bool same = parse(&read, "", text, strlen(text), NULL) == RESULT_OK &&
                (display_name == NULL || strcmp(read.display_name, display_name) == 0) &&
                (profile == NULL || strcmp(read.profile, profile) == 0);
    configuration_deinit(&read);
    return same;
}

enum result configuration_write_identity(const char *path, const char *display_name,
                                         const char *profile, struct error *error)
{
    struct configuration before;
    char *text = NULL;
    size_t length = 0;
    configuration_init(&before);
    enum result result = configuration_load(&before, path, error);
    configuration_deinit(&before);
    if (result == RESULT_OK) {
        result = data_directory_read_file(path, MOST_FILE_BYTES, &text, &length);
    } else if (result == RESULT_NOT_FOUND) {
        text = memory_duplicate_string("");
        result = RESULT_OK;
    }
    if (result != RESULT_OK) {
        return result;
    }
    const struct {
        const char *key;
        const char *value;
    } settings[] = {{"display_name", display_name}, {"profile", profile}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].value != NULL) {
            char *edited = with_identity(text, settings[i].key, settings[i].value);
            memory_free(text);
            text = edited;
        }
    }
    result = reads_back(text, display_name, profile)
                 ? data_directory_write_file(path, text, strlen(text), error)
                 : error_set(error, RESULT_INVALID,
                             "The name can't stand in the configuration: no blank at its begin or "
                             "end, no semicolon at its begin or behind a blank.");
    memory_free(text);
    return result;
}
