/* A bounded queue from many threads to one (or to several alike): the only way work crosses threads
 * here.
 *
 * Thread: any may post; who takes is one thread, or several that each take one item at a time.
 * Ownership of an item goes to the taker with it; an item that was refused stays the poster's. A
 * full inbox refuses instead of growing, so that a slow consumer shows as RESULT_FULL at the edge
 * and not as memory.
 */
#ifndef HEARTHCHAT_CORE_INBOX_H
#define HEARTHCHAT_CORE_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"

struct inbox;

/* Holds at most `capacity` items. `wake` (may be NULL) is called after a post into an empty inbox,
 * by the poster, and by inbox_close(), to rouse a consumer that waits on something else than
 * inbox_take(). */
struct inbox *inbox_create(size_t capacity, void (*wake)(void *context), void *context);

/* The items still inside are the caller's business before this. */
void inbox_destroy(struct inbox **inbox);

/* RESULT_FULL at capacity, RESULT_UNSUPPORTED after inbox_close(). */
enum result inbox_post(struct inbox *inbox, void *item);

/* Moves up to `limit` items, oldest first, and returns how many. Waits up to `timeout_ms` for the
 * first one: 0 does not wait, negative waits for ever (or until closed). */
size_t inbox_take(struct inbox *inbox, void **items_out, size_t limit, int64_t timeout_ms);

/* No further posts; a waiting taker wakes. What is inside can still be taken. */
void inbox_close(struct inbox *inbox);
bool inbox_is_closed(struct inbox *inbox);

#endif
