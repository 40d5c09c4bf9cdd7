/* Random values that do not rest on the system's generator alone (§24.3): a virtual machine that
 * was copied repeats that.
 *
 * Thread: any, one at a time. Keys and what is drawn are secret: who has them wipes them
 * (signing_wipe()).
 */
#ifndef HEARTHCHAT_PROTOCOL_HEDGE_H
#define HEARTHCHAT_PROTOCOL_HEDGE_H

#include "protocol/hkdf.h"

#define HEDGE_BYTES 32 /* of a key, and of what is drawn */

struct hedge {
    uint8_t key[HEDGE_BYTES];
};

/* The key of a new start: out of the one before, all zeros at first, and new randomness. */
void hedge_renew(struct hedge *hedge);

/* What `purpose` needs: the same twice only where the key, the generator, the purpose and the
 * context are all the same. */
void hedge_draw(const struct hedge *hedge, const char *purpose, const struct hkdf_part *context,
                size_t count, uint8_t drawn_out[static HEDGE_BYTES]);

#endif
