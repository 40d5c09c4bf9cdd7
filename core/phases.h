/* What the tables of phases have in common (gossip/peer_phases.h, server/subscriber_phases.h,
 * server/listener_phases.h): what becomes of a phase by what happens.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_CORE_PHASES_H
#define HEARTHCHAT_CORE_PHASES_H

#include <stdint.h>

#define PHASES_NO UINT8_MAX /* that can't happen then */

/* `next`, as the table has it. PHASES_NO ends a debug build; else the phase stays. */
unsigned phases_follow(unsigned phase, uint8_t next);

#endif
