/* By how much this machine's clock differs from its neighbours': nothing depends on it, and its
 * owner wants to know.
 *
 * Thread: any. Ownership: create gives, destroy takes. Limits: 1,024 neighbours, 40 bytes each;
 * others are not listened to.
 */
#ifndef HEARTHCHAT_GOSSIP_CLOCK_SKEW_H
#define HEARTHCHAT_GOSSIP_CLOCK_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/node_id.h"

#define CLOCK_SKEW_LEAST_SECONDS 300 /* what is less is nobody's business */

struct clock_skew;

struct clock_skew *clock_skew_create(void);
void clock_skew_destroy(struct clock_skew **skew);

/* What the clock of a peer showed when ours showed that; seconds since 1970. A clock that was never
 * set, like that of a board that has just been started, says nothing of ours. */
void clock_skew_note(struct clock_skew *skew, const struct node_id *peer, int64_t theirs,
                     int64_t ours);

/* Ours minus theirs, the median of those who were heard. False: nobody was, or it is less than
 * CLOCK_SKEW_LEAST_SECONDS. */
bool clock_skew_median(struct clock_skew *skew, int64_t *seconds_out);

#endif
