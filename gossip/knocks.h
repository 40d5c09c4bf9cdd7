/* How often we may knock at each of many doors that others choose: LIMITS_KNOCKS times at once, and
 * then ever more rarely while nobody opens: after LIMITS_KNOCK_EVERY_MS, twice that, and so on up
 * to LIMITS_KNOCK_MOST_MS.
 *
 * So many doors are remembered as there are slots (LIMITS_KNOCKED_HOSTS): who comes to one that is
 * taken takes it. Thread: one at a time.
 */
#ifndef HEARTHCHAT_GOSSIP_KNOCKS_H
#define HEARTHCHAT_GOSSIP_KNOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct knocks;

/* `seed`: nobody else's to know, so that nobody chooses whose slot to take. */
struct knocks *knocks_create(uint64_t seed);
void knocks_destroy(struct knocks **knocks);

/* Counts one. False: not now. `now_ms` is monotonic. */
bool knocks_take(struct knocks *knocks, const void *door, size_t length_bytes, int64_t now_ms);

/* Somebody opened: all of them are forgotten. */
void knocks_forgive(struct knocks *knocks, const void *door, size_t length_bytes);

/* Marks one that needs no counting: its owner opened. */
void knocks_open(struct knocks *knocks, const void *door, size_t length_bytes);
bool knocks_is_open(struct knocks *knocks, const void *door, size_t length_bytes);

/* Forgets them all. */
void knocks_clear(struct knocks *knocks);

#endif
