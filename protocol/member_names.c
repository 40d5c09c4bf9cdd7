#include "protocol/member_names.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/memory.h"

/* Sorted, so that equal ones lie side by side: a member's every key once. */
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

void member_names_sort(struct member_names *names)
{
    qsort(names->reads, names->read_count, sizeof *names->reads, compare_keys);
    qsort(names->looks, names->look_count, sizeof *names->looks, compare_keys);
}

void member_names_end(struct member_names *names)
{
    lock_release(names->lock);
}

/* One of them is one's own. */
static bool is_shared(const uint64_t *keys, size_t count, uint64_t key)
{
    const uint64_t *found =
        key == 0 ? NULL : bsearch(&key, keys, count, sizeof *keys, compare_keys);
    return found != NULL &&
           ((found > keys && found[-1] == key) || (found + 1 < keys + count && found[1] == key));
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
