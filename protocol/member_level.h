/* The levels of members, in ascending order (§7).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_MEMBER_LEVEL_H
#define HEARTHCHAT_PROTOCOL_MEMBER_LEVEL_H

#include <stdbool.h>

enum member_level { LEVEL_MEMBER, LEVEL_TRUSTED, LEVEL_ANCHOR };

bool member_level_parse(const char *text, enum member_level *level_out);
const char *member_level_name(enum member_level level);

#endif
