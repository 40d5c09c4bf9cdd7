#include "protocol/member_profile.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"

struct member_profile {
    atomic_int references;
    uint32_t endpoint_count;
    int64_t added_at;
    struct node_id added_by;
    char texts[]; /* the name, then the endpoints, as node_manifest_parse_endpoint() takes them; NUL
                     after each */
};

static void write_endpoint(const struct endpoint *endpoint, struct buffer *texts)
{
    bool brackets = strchr(endpoint->host, ':') != NULL;
    buffer_append_format(texts, "%s%s%s:%u", brackets ? "[" : "", endpoint->host,
                         brackets ? "]" : "", (unsigned)endpoint->port);
    buffer_append_byte(texts, '\0');
}

struct member_profile *member_profile_create(const char *display_name, int64_t added_at,
                                             const struct node_id *added_by,
                                             const struct endpoints *endpoints)
{
    struct buffer texts;
    buffer_init(&texts);
    buffer_append(&texts, display_name, strlen(display_name) + 1);
    for (size_t i = 0; i < endpoints->count; i++) {
        write_endpoint(&endpoints->list[i], &texts);
    }
    struct member_profile *profile = memory_allocate(1, sizeof *profile + texts.length_bytes);
    atomic_init(&profile->references, 1);
    profile->endpoint_count = (uint32_t)endpoints->count;
    profile->added_at = added_at;
    profile->added_by = *added_by;
    memcpy(profile->texts, texts.data, texts.length_bytes);
    buffer_deinit(&texts);
    return profile;
}

struct member_profile *member_profile_share(struct member_profile *profile)
{
    if (profile != NULL) {
        (void)atomic_fetch_add(&profile->references, 1);
    }
    return profile;
}

void member_profile_release(struct member_profile **profile)
{
    if (*profile != NULL && atomic_fetch_sub(&(*profile)->references, 1) == 1) {
        memory_free(*profile);
    }
    *profile = NULL;
}

const char *member_profile_name(const struct member_profile *profile)
{
    return profile->texts;
}

int64_t member_profile_added_at(const struct member_profile *profile)
{
    return profile->added_at;
}

const struct node_id *member_profile_added_by(const struct member_profile *profile)
{
    return &profile->added_by;
}

void member_profile_read_endpoints(const struct member_profile *profile,
                                   struct endpoints *endpoints_out)
{
    const char *at = profile->texts;
    endpoints_out->count = 0;
    for (uint32_t i = 0; i < profile->endpoint_count; i++) {
        at += strlen(at) + 1;
        if (node_manifest_parse_endpoint(at, &endpoints_out->list[endpoints_out->count]) ==
            RESULT_OK) {
            endpoints_out->count++;
        }
    }
}
