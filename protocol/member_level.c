#include "protocol/member_level.h"

#include <stddef.h>
#include <string.h>

static const char *const level_names[] = {"member", "trusted", "anchor"};

bool member_level_parse(const char *text, enum member_level *level_out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level_out = (enum member_level)i;
            return true;
        }
    }
    return false;
}

const char *member_level_name(enum member_level level)
{
    return level_names[level];
}
