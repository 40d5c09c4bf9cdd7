#include "core/phases.h"

#include <assert.h>

unsigned phases_follow(unsigned phase, uint8_t next)
{
    assert(next != PHASES_NO);
    return next == PHASES_NO ? phase : next;
}
