/* Heap allocation that never returns NULL: out of memory ends the process.
 *
 * Thread: any. The caller owns what it gets and gives it to memory_free() or free().
 * Sizes that a peer controls are checked against their limit before they come here.
 */
#ifndef HEARTHCHAT_CORE_MEMORY_H
#define HEARTHCHAT_CORE_MEMORY_H

#include <stddef.h>

/* `count` zeroed objects of `size_bytes`; aborts on overflow too. */
void *memory_allocate(size_t count, size_t size_bytes);

/* Resizes to `count` objects; what is new is not zeroed. */
void *memory_resize(void *pointer, size_t count, size_t size_bytes);

char *memory_duplicate_string(const char *text);

/* A copy of `length_bytes` bytes with a NUL behind them. */
char *memory_duplicate(const void *bytes, size_t length_bytes);

/* printf into a fresh string. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

void memory_free(void *pointer);

#endif
