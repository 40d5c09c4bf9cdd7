#include "gossip/hash_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void hash_list_add(struct hash_list *list, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    if (list->next == list->count) {
        list->next = list->count = 0; /* all of it is done with */
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->hashes = memory_resize(list->hashes, list->capacity, sizeof *list->hashes);
    }
    memcpy(list->hashes[list->count++], hash, BLAKE3_HASH_BYTES);
}

size_t hash_list_left(const struct hash_list *list)
{
    return list->count - list->next;
}

bool hash_list_holds(const struct hash_list *list, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->hashes[i], hash, BLAKE3_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_hashes(const void *left, const void *right)
{
    return memcmp(left, right, BLAKE3_HASH_BYTES);
}

void hash_list_sort(struct hash_list *list)
{
    if (list->count > 0) {
        qsort(list->hashes, list->count, sizeof *list->hashes, compare_hashes);
    }
}

size_t hash_list_find(const struct hash_list *sorted, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    const uint8_t(*found)[BLAKE3_HASH_BYTES] =
        sorted->count == 0
            ? NULL
            : bsearch(hash, sorted->hashes, sorted->count, sizeof *sorted->hashes, compare_hashes);
    return found == NULL ? SIZE_MAX
                         : (size_t)(found - (const uint8_t(*)[BLAKE3_HASH_BYTES])sorted->hashes);
}

void hash_list_clear(struct hash_list *list)
{
    memory_free(list->hashes);
    *list = (struct hash_list){0};
}

size_t hash_list_page(const struct hash_list *list, size_t most)
{
    size_t left = hash_list_left(list);
    return left < most ? left : most;
}

const uint8_t (*hash_list_first(const struct hash_list *list))[BLAKE3_HASH_BYTES]
{
    return (const uint8_t(*)[BLAKE3_HASH_BYTES])(list->hashes + list->next);
}
