#include "protocol/event_type.h"

#include <stddef.h>

#include "protocol/event_kind.h"

bool event_type_is_community(enum event_type type)
{
    const struct event_kind *kind = event_kind_get(type);
    return kind != NULL && kind->tells_of_members;
}
