/* The configuration file (§21): hearthchat.ini.
 *
 * Thread: startup; read-only afterwards. Unknown sections, unknown keys and bad values are errors
 * that name the line. configuration_deinit() frees.
 */
#ifndef HEARTHCHAT_SERVER_CONFIGURATION_H
#define HEARTHCHAT_SERVER_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/log.h"
#include "protocol/node_manifest.h"

#define CONFIGURATION_MOST_PEERS 64

struct configuration {
    char *peer_host;
    int64_t peer_port; /* 0: any free one */
    bool has_advertise;
    struct endpoint advertise;
    char *ui_host; /* a loopback address */
    int64_t ui_port;
    bool same_user_only;
    bool chat_enabled;
    bool store_and_forward;
    bool read_receipts_enabled;
    bool udp_enabled;
    struct endpoint *peers; /* [discovery] peers, for the addresses of neighbours by hand (§19) */
    size_t peer_count;
    enum log_level log_level;
    bool e2e_required; /* §24.5: nothing goes in clear text */
    bool confine;      /* a seccomp filter */
    char *log_file;    /* NULL: stderr */
    bool metrics_enabled;
    char *display_name;
    char *profile;
};

void configuration_init(struct configuration *configuration);
void configuration_deinit(struct configuration *configuration);

/* Reads the file over the defaults. A missing file is RESULT_NOT_FOUND and leaves the defaults. */
enum result configuration_load(struct configuration *configuration, const char *path,
                               struct error *error);

/* Sets one key as if it stood in the file. */
enum result configuration_set(struct configuration *configuration, const char *section,
                              const char *key, const char *value, struct error *error);

/* Sets name and profile (NULL: as they are) in the file, and leaves its other lines; a missing file
 * is made. RESULT_INVALID for what would not read back as it is, or a file that is wrong. */
enum result configuration_write_identity(const char *path, const char *display_name,
                                         const char *profile, struct error *error);

#endif
