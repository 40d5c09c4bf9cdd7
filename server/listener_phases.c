#include "server/listener_phases.h"

#include "core/phases.h"

enum { NO = PHASES_NO };

/* clang-format off */
static const uint8_t phases[LISTENER_PHASES][LISTENER_EVENTS] = {
                          /* BEGINS           GOES_ON           RETURNS            ANSWERS */
    [LISTENER_RECEIVED] = {LISTENER_WORKING, NO,               NO,                LISTENER_RECEIVED},
    [LISTENER_WORKING]  = {NO,               LISTENER_DUE,     LISTENER_WAITING,  LISTENER_DONE},
    [LISTENER_DUE]      = {NO,               NO,               LISTENER_WORKING,  LISTENER_DONE},
    [LISTENER_DONE]     = {NO,               NO,               LISTENER_ANSWERED, NO},
    [LISTENER_WAITING]  = {NO,               LISTENER_WORKING, NO,                LISTENER_ANSWERED},
    [LISTENER_ANSWERED] = {NO,               NO,               NO,                NO},
};
/* clang-format on */

void listener_phases_follow(enum listener_phase *phase, enum listener_event event)
{
    *phase = (enum listener_phase)phases_follow(*phase, phases[*phase][event]);
}
