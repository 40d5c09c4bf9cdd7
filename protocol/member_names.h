/* The names of the members, looked up by what people read (person_name.h): who shares one?
 *
 * Thread: between member_names_begin() and member_names_end() one at a time, else any. Keys are
 * gathered when they are first asked for.
 */
#ifndef HEARTHCHAT_PROTOCOL_MEMBER_NAMES_H
#define HEARTHCHAT_PROTOCOL_MEMBER_NAMES_H

#include <stddef.h>

#include "protocol/person_name.h"

struct member_names;

struct member_names *member_names_create(void);
void member_names_destroy(struct member_names **names); /* NULL is fine */

/* True when the names of `count` members are to be added first. */
bool member_names_begin(struct member_names *names, size_t count);
void member_names_add(struct member_names *names, struct person_name_keys keys);
void member_names_sort(struct member_names *names);
void member_names_end(struct member_names *names);

/* Of a name that was added: whether another one reads the same, or looks alike. */
enum namesake { NAMESAKE_NONE, NAMESAKE_SAME, NAMESAKE_ALIKE };
enum namesake member_names_find(const struct member_names *names, struct person_name_keys keys);

#endif
