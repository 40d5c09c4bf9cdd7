#include "protocol/member_profile.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

struct member_profile {
    atomic_int references;
    int64_t added_at;
    struct node_id added_by;
    atomic_bool has_keys; /* made when they are first asked for: they are dear */
    _Atomic uint64_t reads;
    _Atomic uint64_t looks;
    _Atomic uint64_t looks_in_case;
    char texts[]; /* the name, NUL, the endpoints, NUL */
};

void member_profile_write_endpoints(const struct endpoints *endpoints, struct buffer *text)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        const struct endpoint *endpoint = &endpoints->list[i];
        bool brackets = strchr(endpoint->host, ':') != NULL;
        buffer_append_format(text, "%s%s%s:%u\n", brackets ? "[" : "", endpoint->host,
                             brackets ? "]" : "", (unsigned)endpoint->port);
    }
}

struct member_profile *member_profile_create(const char *display_name, int64_t added_at,
                                             const struct node_id *added_by, const char *endpoints)
{
    size_t name_bytes = strlen(display_name) + 1;
    size_t endpoints_bytes = strlen(endpoints) + 1;
    struct member_profile *profile =
        memory_allocate(1, sizeof *profile + name_bytes + endpoints_bytes);
    atomic_init(&profile->references, 1);
    profile->added_at = added_at;
    profile->added_by = *added_by;
    memcpy(profile->texts, display_name, name_bytes);
    memcpy(profile->texts + name_bytes, endpoints, endpoints_bytes);
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

struct person_name_keys member_profile_name_keys(struct member_profile *profile)
{
    if (!atomic_load(&profile->has_keys)) { /* whoever makes them makes the same */
        struct person_name_keys keys = person_name_keys(profile->texts);
        atomic_store(&profile->reads, keys.reads);
        atomic_store(&profile->looks, keys.looks);
        atomic_store(&profile->looks_in_case, keys.looks_in_case);
        atomic_store(&profile->has_keys, true);
    }
    return (struct person_name_keys){atomic_load(&profile->reads), atomic_load(&profile->looks),
                                     atomic_load(&profile->looks_in_case)};
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
    const char *at = profile->texts + strlen(profile->texts) + 1;
    endpoints_out->count = 0;
    while (*at != '\0' && endpoints_out->count < NODE_MANIFEST_MOST_ENDPOINTS) {
        char text[NODE_MANIFEST_HOST_BYTES + 16];
        size_t length = strcspn(at, "\n");
        (void)snprintf(text, sizeof text, "%.*s", (int)length, at);
        if (node_manifest_parse_endpoint(text, &endpoints_out->list[endpoints_out->count]) ==
            RESULT_OK) {
            endpoints_out->count++;
        }
        at += length + (at[length] == '\n' ? 1 : 0);
    }
}
