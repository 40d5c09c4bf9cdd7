/* A configuration that is accepted is within its bounds and reads the same again; one that is not
 * names the line. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/utf8.h"
#include "fuzz/fuzz.h"
#include "gossip/address_book.h"
#include "protocol/display_text.h"
#include "server/configuration.h"

static void check_bounds(const struct configuration *c)
{
    static const char *const loopback[] = {"127.0.0.1", "::1", "localhost"};
    static const char *const profiles[] = {"anchor", "hearth", "spark", "bridge"};
    size_t found = 0;
    FUZZ_ASSERT(c->peer_port >= 0 && c->peer_port <= 65535);
    FUZZ_ASSERT(c->ui_port >= 0 && c->ui_port <= 65535);
    FUZZ_ASSERT(node_manifest_is_host(c->peer_host));
    FUZZ_ASSERT(display_text_count_characters(c->display_name) <= 64);
    FUZZ_ASSERT(utf8_is_text(c->display_name));
    FUZZ_ASSERT(c->peer_count <= CONFIGURATION_MOST_PEERS);
    for (size_t i = 0; i < c->peer_count; i++) {
        struct endpoint peer = c->peers[i];
        FUZZ_ASSERT(address_book_normalise(&peer) && strcmp(peer.host, c->peers[i].host) == 0);
    }
    FUZZ_ASSERT(c->log_level <= LOG_ERROR);
    for (size_t i = 0; i < 3; i++) {
        found += strcmp(c->ui_host, loopback[i]) == 0 ? 1 : 0;
    }
    for (size_t i = 0; i < 4; i++) {
        found += strcmp(c->profile, profiles[i]) == 0 ? 1 : 0;
    }
    FUZZ_ASSERT(found == 2);
}

static void check_same(const struct configuration *one, const struct configuration *other)
{
    FUZZ_ASSERT(one->ui_port == other->ui_port && one->peer_port == other->peer_port);
    FUZZ_ASSERT(one->same_user_only == other->same_user_only && one->confine == other->confine);
    FUZZ_ASSERT(strcmp(one->display_name, other->display_name) == 0);
    FUZZ_ASSERT(one->peer_count == other->peer_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct configuration configuration;
    struct configuration again;
    struct error error = {""};
    char path[32];
    int file = memfd_create("configuration", MFD_CLOEXEC);
    FUZZ_ASSERT(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    configuration_init(&configuration);
    configuration_init(&again);
    if (configuration_load(&configuration, path, &error) == RESULT_OK) {
        check_bounds(&configuration);
        FUZZ_ASSERT(configuration_load(&again, path, NULL) == RESULT_OK);
        check_same(&configuration, &again);
    } else {
        FUZZ_ASSERT(strstr(error.message, ", line ") != NULL);
    }
    configuration_deinit(&configuration);
    configuration_deinit(&again);
    (void)close(file);
    return 0;
}
