#include "protocol/item_set.h"

#include <string.h>

#include "core/memory.h"

enum { CHUNK_ITEMS = 256, GROW_ITEMS = 32 };

struct chunk {
    struct item *items;
    size_t count;
    size_t capacity;
    struct fingerprint own;    /* of its items */
    struct fingerprint before; /* of all items of the chunks before it; see `summed` */
};

struct item_set {
    struct chunk *chunks;
    size_t chunk_count;
    size_t chunk_capacity;
    size_t summed; /* so many chunks know what is before them */
    size_t count;
};

struct item_set *item_set_create(void)
{
    return memory_allocate(1, sizeof(struct item_set));
}

void item_set_destroy(struct item_set **set)
{
    if (*set == NULL) {
        return;
    }
    for (size_t i = 0; i < (*set)->chunk_count; i++) {
        memory_free((*set)->chunks[i].items);
    }
    memory_free((*set)->chunks);
    memory_free(*set);
    *set = NULL;
}

int item_set_compare(const struct item *left, const struct item *right)
{
    if (left->timestamp != right->timestamp) {
        return left->timestamp < right->timestamp ? -1 : 1;
    }
    return memcmp(left->id, right->id, ITEM_ID_BYTES);
}

size_t item_set_count(const struct item_set *set)
{
    return set->count;
}

/* The last chunk whose first item is not above `item`; the first when there is none such. */
static size_t chunk_of(const struct item_set *set, const struct item *item)
{
    size_t low = 0;
    size_t high = set->chunk_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (item_set_compare(&set->chunks[middle].items[0], item) <= 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t place_in(const struct chunk *chunk, const struct item *item)
{
    size_t low = 0;
    size_t high = chunk->count;
    if (high > 0 && item_set_compare(&chunk->items[high - 1], item) < 0) {
        return high; /* the usual case: it comes last */
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (item_set_compare(&chunk->items[middle], item) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void set_capacity(struct chunk *chunk, size_t capacity)
{
    chunk->items = memory_resize(chunk->items, capacity, sizeof *chunk->items);
    chunk->capacity = capacity;
}

/* An empty chunk at that position. */
static struct chunk *add_chunk(struct item_set *set, size_t at)
{
    if (set->chunk_count == set->chunk_capacity) {
        set->chunk_capacity = set->chunk_capacity == 0 ? 16 : set->chunk_capacity * 2;
        set->chunks = memory_resize(set->chunks, set->chunk_capacity, sizeof *set->chunks);
    }
    memmove(set->chunks + at + 1, set->chunks + at, (set->chunk_count - at) * sizeof *set->chunks);
    set->chunks[at] = (struct chunk){0};
    set->chunk_count++;
    set->summed = at < set->summed ? at : set->summed;
    return &set->chunks[at];
}

static void sum_up(struct chunk *chunk)
{
    chunk->own = (struct fingerprint){0};
    for (size_t i = 0; i < chunk->count; i++) {
        fingerprint_add(&chunk->own, chunk->items[i].id);
    }
}

/* Gives the upper half of a full chunk to a new one behind it. */
static void split(struct item_set *set, size_t at)
{
    struct chunk *upper = add_chunk(set, at + 1);
    struct chunk *lower = &set->chunks[at];
    size_t kept = lower->count / 2;
    set_capacity(upper, lower->count - kept + GROW_ITEMS);
    upper->count = lower->count - kept;
    memcpy(upper->items, lower->items + kept, upper->count * sizeof *upper->items);
    lower->count = kept;
    set_capacity(lower, kept + GROW_ITEMS);
    sum_up(lower);
    sum_up(upper);
}

/* The chunk that takes the item, with room in it. */
static size_t make_room(struct item_set *set, const struct item *item)
{
    if (set->chunk_count == 0) {
        set_capacity(add_chunk(set, 0), GROW_ITEMS);
        return 0;
    }
    size_t at = chunk_of(set, item);
    if (set->chunks[at].count == CHUNK_ITEMS) {
        if (at + 1 == set->chunk_count && place_in(&set->chunks[at], item) == CHUNK_ITEMS) {
            set_capacity(add_chunk(set, at + 1), CHUNK_ITEMS); /* appended: it will be filled */
            return at + 1;
        }
        split(set, at);
        at = chunk_of(set, item);
    }
    struct chunk *chunk = &set->chunks[at];
    if (chunk->count == chunk->capacity) {
        set_capacity(chunk, chunk->capacity + GROW_ITEMS);
    }
    return at;
}

static bool holds_at(const struct chunk *chunk, size_t place, const struct item *item)
{
    return place < chunk->count && item_set_compare(&chunk->items[place], item) == 0;
}

bool item_set_insert(struct item_set *set, const struct item *item)
{
    size_t at = chunk_of(set, item);
    if (set->chunk_count > 0 &&
        holds_at(&set->chunks[at], place_in(&set->chunks[at], item), item)) {
        return false;
    }
    at = make_room(set, item);
    struct chunk *chunk = &set->chunks[at];
    size_t place = place_in(chunk, item);
    memmove(chunk->items + place + 1, chunk->items + place,
            (chunk->count - place) * sizeof *chunk->items);
    chunk->items[place] = *item;
    chunk->count++;
    fingerprint_add(&chunk->own, item->id);
    set->count++;
    set->summed = at + 1 < set->summed ? at + 1 : set->summed;
    return true;
}

bool item_set_remove(struct item_set *set, const struct item *item)
{
    if (set->chunk_count == 0) {
        return false;
    }
    size_t at = chunk_of(set, item);
    struct chunk *chunk = &set->chunks[at];
    size_t place = place_in(chunk, item);
    if (!holds_at(chunk, place, item)) {
        return false;
    }
    chunk->count--;
    memmove(chunk->items + place, chunk->items + place + 1,
            (chunk->count - place) * sizeof *chunk->items);
    fingerprint_remove(&chunk->own, item->id);
    set->count--;
    set->summed = at + 1 < set->summed ? at + 1 : set->summed;
    if (chunk->count == 0) {
        memory_free(chunk->items);
        set->chunk_count--;
        memmove(chunk, chunk + 1, (set->chunk_count - at) * sizeof *chunk);
        set->summed = at < set->summed ? at : set->summed;
    }
    return true;
}

static void sum_chunks(struct item_set *set)
{
    for (; set->summed < set->chunk_count; set->summed++) {
        struct chunk *chunk = &set->chunks[set->summed];
        chunk->before = (struct fingerprint){0};
        if (set->summed > 0) {
            chunk->before = chunk[-1].before;
            fingerprint_join(&chunk->before, &chunk[-1].own);
        }
    }
}

size_t item_set_find(struct item_set *set, const struct item *bound)
{
    if (set->chunk_count == 0) {
        return 0;
    }
    sum_chunks(set);
    const struct chunk *chunk = &set->chunks[chunk_of(set, bound)];
    return (size_t)chunk->before.count + place_in(chunk, bound);
}

/* The chunk that holds that rank; the last one for the rank behind all. */
static const struct chunk *chunk_at_rank(struct item_set *set, size_t rank)
{
    size_t low = 0;
    size_t high = set->chunk_count;
    sum_chunks(set);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (set->chunks[middle].before.count <= rank) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &set->chunks[low];
}

const struct item *item_set_get(struct item_set *set, size_t rank)
{
    const struct chunk *chunk = chunk_at_rank(set, rank);
    return &chunk->items[rank - (size_t)chunk->before.count];
}

/* The sum of the items below that rank; of its chunk, the shorter part is added up. */
static struct fingerprint sum_below(struct item_set *set, size_t rank)
{
    const struct chunk *chunk = chunk_at_rank(set, rank);
    struct fingerprint sum = chunk->before;
    size_t place = rank - (size_t)chunk->before.count;
    if (place <= chunk->count / 2) {
        for (size_t i = 0; i < place; i++) {
            fingerprint_add(&sum, chunk->items[i].id);
        }
        return sum;
    }
    fingerprint_join(&sum, &chunk->own);
    for (size_t i = place; i < chunk->count; i++) {
        fingerprint_remove(&sum, chunk->items[i].id);
    }
    return sum;
}

void item_set_fingerprint(struct item_set *set, size_t begin, size_t end,
                          uint8_t digest_out[static FINGERPRINT_BYTES])
{
    struct fingerprint range = {0};
    if (end > begin) {
        struct fingerprint below = sum_below(set, begin);
        range = sum_below(set, end);
        fingerprint_part(&range, &below);
    }
    fingerprint_digest(&range, digest_out);
}
