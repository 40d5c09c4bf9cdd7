/* The tables of a damaged log that no event can make again, row by row.
 *
 * Thread: any; blocks.
 */
#ifndef HEARTHCHAT_STORE_SALVAGE_TABLES_PRIVATE_H
#define HEARTHCHAT_STORE_SALVAGE_TABLES_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "protocol/node_id.h"

/* Adds the rows of the damaged file at `from` to the log at `to`, which nobody has open. What the
 * log says itself stands; a `fresh` one takes the growth of the old one for its own. Appends to
 * `lost` the names, in people's words, of what could not be read or not to its end. */
enum result salvage_tables_copy(const char *from, const char *to, bool fresh, char *lost,
                                size_t lost_bytes, struct error *error);

/* Of whose node the log at `path` says that it is; "" when that can't be read. */
void salvage_tables_read_owner(const char *path, char owner_out[static NODE_ID_TEXT_BYTES]);

#endif
