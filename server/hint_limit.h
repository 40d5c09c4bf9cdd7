/* How many hints of the local network are looked at: of one source, and of all (§19). Anybody there
 * can send as many as the cable takes.
 *
 * Thread: the owner's. Limits: LIMITS_HINTS_OF_SOURCE and LIMITS_HINT_OF_SOURCE_EVERY_MS,
 * LIMITS_HINTS_A_SECOND; LIMITS_HINT_SOURCES are remembered, who comes to a place that is taken
 * takes it: then the bound of all holds.
 */
#ifndef HEARTHCHAT_SERVER_HINT_LIMIT_H
#define HEARTHCHAT_SERVER_HINT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/network_picture.h"

struct hint_limit;

struct hint_limit *hint_limit_create(uint64_t seed);
void hint_limit_destroy(struct hint_limit **limit);

/* Counts one of that address, or of whatever else the bytes name; false when it is too much of it.
 */
bool hint_limit_admit_source(struct hint_limit *limit,
                             const uint8_t address[static NETWORK_PICTURE_ADDRESS_BYTES],
                             int64_t now_ms);

/* Counts one that is worth reading; false when it is too much in all. */
bool hint_limit_admit(struct hint_limit *limit, int64_t now_ms);

#endif
