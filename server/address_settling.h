/* When the neighbours are told of other addresses, and of another name (§8): decisions alone, the
 * clock is handed in.
 *
 * Told is what stood still for ADDRESS_SETTLING_STILL_MS, at most once in
 * ADDRESS_SETTLING_EVERY_MS; while the first of the addresses that the log names is not ours any
 * more, and so hardly anybody could find us by it, ADDRESS_SETTLING_LOST times an hour more. The
 * first word in a community counts for nothing. Having no address is told to nobody: the log's word
 * stands. Another order of the same addresses is no news. Another name is told at once,
 * ADDRESS_SETTLING_RENAMES times in ADDRESS_SETTLING_RENAMES_EVERY_MS.
 *
 * Thread: the caller's, one at a time.
 */
#ifndef HEARTHCHAT_SERVER_ADDRESS_SETTLING_H
#define HEARTHCHAT_SERVER_ADDRESS_SETTLING_H

#include "protocol/node_manifest.h"

#define ADDRESS_SETTLING_STILL_MS 5000
#define ADDRESS_SETTLING_EVERY_MS 600000
#define ADDRESS_SETTLING_LOST 3
#define ADDRESS_SETTLING_LOST_EVERY_MS 3600000
#define ADDRESS_SETTLING_RENAMES 5
#define ADDRESS_SETTLING_RENAMES_EVERY_MS 300000
#define ADDRESS_SETTLING_RETRY_MS 30000 /* after the log could not take it */

struct address_settling {
    struct endpoints seen;
    int64_t still_since_ms;
    bool in_community;
    struct endpoints said;   /* by the log, or on its way there */
    struct endpoints before; /* what was said until then */
    int64_t said_ms;
    int64_t lost_ms[ADDRESS_SETTLING_LOST]; /* when we were told of beyond the usual, a ring */
    size_t lost_oldest;
    bool renamed;
    bool naming;                                  /* what was taken last had the name in it */
    int64_t renames_ms[ADDRESS_SETTLING_RENAMES]; /* when that was told, a ring */
    size_t renames_oldest;
    int64_t not_before_ms;
};

void address_settling_init(struct address_settling *settling);

/* What was seen; true when it differs from the last, order included. `given`: somebody decided it,
 * it needs not settle. */
bool address_settling_see(struct address_settling *settling, const struct endpoints *endpoints,
                          bool given, int64_t now_ms);

/* There is a community, and its log says this of us; none: it says nothing yet. */
void address_settling_follow(struct address_settling *settling, const struct endpoints *said);

/* The log's name for us is another than ours. */
void address_settling_rename(struct address_settling *settling);

/* True: what was seen, and the name, is to be told now, and from here on counts as said. Else
 * *wake_ms_out is when to ask again; INT64_MAX: when something happens. */
bool address_settling_take(struct address_settling *settling, int64_t now_ms, int64_t *wake_ms_out);

/* What was taken last could not be written. */
void address_settling_failed(struct address_settling *settling, int64_t now_ms);

#endif
