#include "protocol/member_names.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/memory.h"

/* A member's every key once; from member_names_sort() on those alone, once, that several have. */
struct member_names {
    struct lock *lock; /* guards what follows */
    uint64_t *reads;   /* NULL: nobody asked yet */
    size_t read_count;
    uint64_t *looks;
    size_t look_count;
};

struct member_names *member_names_create(void)
{
    struct member_names *names = memory_allocate(1, sizeof *names);
    names->lock = lock_create();
    return names;
}

void member_names_destroy(struct member_names **names)
{
    if (*names != NULL) {
        lock_destroy(&(*names)->lock);
        memory_free((*names)->reads);
        memory_free((*names)->looks);
        memory_free(*names);
    }
    *names = NULL;
}

static int compare_keys(const void *left, const void *right)
{
    const uint64_t *one = left;
    const uint64_t *other = right;
    return *one < *other ? -1 : *one > *other;
}

static void add(uint64_t *keys, size_t *count, uint64_t key)
{
    if (key != 0) {
        keys[(*count)++] = key;
    }
}

bool member_names_begin(struct member_names *names, size_t count)
{
    lock_take(names->lock);
    if (names->reads != NULL) {
        return false;
    }
    names->reads = memory_allocate(count + 1, sizeof *names->reads);
    names->looks = memory_allocate(2 * count + 1, sizeof *names->looks);
    return true;
}

void member_names_add(struct member_names *names, struct person_name_keys keys)
{
    add(names->reads, &names->read_count, keys.reads);
    add(names->looks, &names->look_count, keys.looks);
    if (keys.looks_in_case != keys.looks) {
        add(names->looks, &names->look_count, keys.looks_in_case);
    }
}

/* Few are: who looks for one, once for each line of a list, looks among these. */
static size_t keep_shared(uint64_t *keys, size_t count)
{
    size_t kept = 0;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (keys[i] == keys[i - 1] && (kept == 0 || keys[kept - 1] != keys[i])) {
            keys[kept++] = keys[i];
        }
    }
    return kept;
}

void member_names_sort(struct member_names *names)
{
    names->read_count = keep_shared(names->reads, names->read_count);
    names->look_count = keep_shared(names->looks, names->look_count);
}

void member_names_end(struct member_names *names)
{
    lock_release(names->lock);
}

static bool is_shared(const uint64_t *keys, size_t count, uint64_t key)
{
    return key != 0 && bsearch(&key, keys, count, sizeof *keys, compare_keys) != NULL;
}

enum namesake member_names_find(const struct member_names *names, struct person_name_keys keys)
{
    if (is_shared(names->reads, names->read_count, keys.reads)) {
        return NAMESAKE_SAME;
    }
    return is_shared(names->looks, names->look_count, keys.looks) ||
                   is_shared(names->looks, names->look_count, keys.looks_in_case)
               ? NAMESAKE_ALIKE
               : NAMESAKE_NONE;
}
