/* This node's own name (§8): what its owner calls it, kept in the configuration file.
 *
 * Thread: create/destroy: startup; everything else: any. own_name_set() blocks for a disk sync.
 */
#ifndef HEARTHCHAT_SERVER_OWN_NAME_H
#define HEARTHCHAT_SERVER_OWN_NAME_H

#include "core/error.h"
#include "protocol/person_name.h"

struct own_name;

/* `path`: of the configuration, made when there is none; NULL: a name can't be kept. */
struct own_name *own_name_create(const char *name, const char *path);
void own_name_destroy(struct own_name **own); /* NULL is fine */

/* The full name of the person whose account this process runs in, as person_name_make() makes it;
 * "" when there is none. */
void own_name_suggest(char name_out[static PERSON_NAME_BYTES]);

/* "" while it has none. */
void own_name_get(struct own_name *own, char name_out[static PERSON_NAME_BYTES]);

/* `name` is as person_name_make() makes it. It is on disk before it is true. */
enum result own_name_set(struct own_name *own, const char *name, struct error *error);

#endif
