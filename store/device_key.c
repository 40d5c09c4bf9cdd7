#include "store/device_key.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/base64url.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 256 };

/* 32 raw bytes, or their base64url text, with or without a newline. */
static enum result decode_seed(const char *bytes, size_t length_bytes,
                               uint8_t seed_out[static SIGNING_SEED_BYTES])
{
    enum result result = RESULT_INVALID;
    struct buffer decoded;
    if (length_bytes == SIGNING_SEED_BYTES) {
        memcpy(seed_out, bytes, SIGNING_SEED_BYTES);
        return RESULT_OK;
    }
    if (length_bytes > 0 && bytes[length_bytes - 1] == '\n') {
        length_bytes--;
    }
    buffer_init(&decoded);
    if (length_bytes == 43 && base64url_decode(bytes, length_bytes, &decoded) == RESULT_OK &&
        decoded.length_bytes == SIGNING_SEED_BYTES) {
        memcpy(seed_out, decoded.data, SIGNING_SEED_BYTES);
        result = RESULT_OK;
    }
    if (decoded.data != NULL) {
        signing_wipe(decoded.data, decoded.capacity_bytes);
    }
    buffer_deinit(&decoded);
    return result;
}

/* Nobody but us may read the key, nor put another one in its place. */
static enum result check_access(const char *directory, const char *path, struct error *error)
{
    struct stat file;
    struct stat folder;
    char *keys = memory_format("%s/keys", directory);
    enum result result = RESULT_OK;
    if (stat(path, &file) != 0 || stat(keys, &folder) != 0) {
        result = error_set(error, RESULT_IO, "The key %s can't be looked at.", path);
    } else if (file.st_uid != geteuid() || folder.st_uid != geteuid()) {
        result = error_set(error, RESULT_INVALID,
                           "The key %s belongs to another user; run the "
                           "node as that one.",
                           path);
    } else if ((file.st_mode & 0077) != 0) {
        result = error_set(error, RESULT_INVALID, "Others can read the key %s; run: chmod 600 '%s'",
                           path, path);
    } else if ((folder.st_mode & 0077) != 0) {
        result = error_set(error, RESULT_INVALID, "Others can look into %s; run: chmod 700 '%s'",
                           keys, keys);
    }
    memory_free(keys);
    return result;
}

enum result device_key_load(const char *directory, struct signing_key *key_out, struct error *error)
{
    uint8_t seed[SIGNING_SEED_BYTES];
    char *bytes = NULL;
    size_t length = 0;
    char *path = memory_format("%s/keys/device.ed25519", directory);
    enum result result = data_directory_read_file(path, MOST_FILE_BYTES, &bytes, &length);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set(error, result, "There is no key in %s yet; run: hearthchat init",
                        directory);
    } else if (result == RESULT_OK && check_access(directory, path, error) != RESULT_OK) {
        result = RESULT_INVALID;
    } else if (result != RESULT_OK || decode_seed(bytes, length, seed) != RESULT_OK) {
        result = error_set(error, RESULT_INVALID,
                           "The key %s is damaged; put your backup of it back.", path);
    } else {
        signing_key_init(key_out, seed);
        signing_wipe(seed, sizeof seed);
    }
    if (bytes != NULL) {
        signing_wipe(bytes, length);
    }
    memory_free(bytes);
    memory_free(path);
    return result;
}

enum result device_key_create(const char *directory, struct signing_key *key_out,
                              struct error *error)
{
    struct stat status;
    uint8_t seed[SIGNING_SEED_BYTES];
    char public_text[NODE_ID_TEXT_BYTES + 1];
    char *path = data_directory_path(directory, "keys/device.ed25519");
    char *public_path = data_directory_path(directory, "keys/device.pub");
    enum result result = RESULT_OK;
    if (lstat(path, &status) == 0) {
        result = error_set(error, RESULT_EXISTS,
                           "There is a key in %s already; it is left as it is.", directory);
    } else {
        signing_generate_seed(seed);
        signing_key_init(key_out, seed);
        node_id_format(&key_out->node_id, public_text);
        public_text[NODE_ID_TEXT_BYTES - 1] = '\n';
        public_text[NODE_ID_TEXT_BYTES] = '\0';
        result = data_directory_write_file(public_path, public_text, strlen(public_text), error);
        if (result == RESULT_OK) {
            result = data_directory_write_file(path, seed, sizeof seed, error);
        }
        signing_wipe(seed, sizeof seed);
    }
    memory_free(path);
    memory_free(public_path);
    return result;
}
