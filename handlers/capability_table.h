/* The capabilities that this node serves (§14): a new one is a row, its schema and its file.
 *
 * Thread: once at startup.
 */
#ifndef HEARTHCHAT_HANDLERS_CAPABILITY_TABLE_H
#define HEARTHCHAT_HANDLERS_CAPABILITY_TABLE_H

#include "handlers/capabilities.h"

/* capabilities_load() of them. */
enum result capability_table_load(void);

#endif
