#include "protocol/people.h"

#include <stdbool.h>
#include <string.h>

#include "core/memory.h"

void people_init(struct people *people)
{
    *people = (struct people){0};
}

void people_deinit(struct people *people)
{
    memory_free(people->keys);
    memory_free(people->by_key);
    *people = (struct people){0};
}

/* Where the key stands, or would, in the order of the keys. */
static uint32_t place_of(const struct people *people, const struct node_id *key, bool *found_out)
{
    uint32_t low = 0;
    uint32_t high = people->count;
    *found_out = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = node_id_compare(&people->keys[people->by_key[middle]], key);
        if (order == 0) {
            *found_out = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t people_find(const struct people *people, const struct node_id *key)
{
    bool found = false;
    uint32_t place = place_of(people, key, &found);
    return found ? people->by_key[place] : PEOPLE_NOBODY;
}

uint32_t people_add(struct people *people, const struct node_id *key)
{
    bool found = false;
    uint32_t place = place_of(people, key, &found);
    if (found) {
        return people->by_key[place];
    }
    if (people->count == people->capacity) {
        people->capacity += people->capacity / 8 + 16;
        people->keys = memory_resize(people->keys, people->capacity, sizeof *people->keys);
        people->by_key = memory_resize(people->by_key, people->capacity, sizeof *people->by_key);
    }
    memmove(people->by_key + place + 1, people->by_key + place,
            (people->count - place) * sizeof *people->by_key);
    people->by_key[place] = people->count;
    people->keys[people->count] = *key;
    return people->count++;
}

void people_keep_first(struct people *people, uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < people->count; i++) {
        if (people->by_key[i] < count) {
            people->by_key[left++] = people->by_key[i];
        }
    }
    people->count = left;
}
