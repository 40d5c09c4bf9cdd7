/* The life of a request at a listener: an enum with one table of what becomes of which phase by
 * what happens (listener_phases.c).
 *
 * Thread: the request's listener's lock is taken. What the table knows no way for ends a debug
 * build; else the phase stays.
 */
#ifndef HEARTHCHAT_SERVER_LISTENER_PHASES_H
#define HEARTHCHAT_SERVER_LISTENER_PHASES_H

enum listener_phase {
    LISTENER_RECEIVED, /* a loop has it, whole or not */
    LISTENER_WORKING,  /* a step waits for the readers, or runs … */
    LISTENER_DUE,      /* … and when it returns there is another one to do */
    LISTENER_DONE,     /* … and then MHD may go on with it, for it is answered */
    LISTENER_WAITING,  /* for the log, or another node: whoever has it goes on with it */
    LISTENER_ANSWERED, /* MHD may go on with it, and end it */
};
#define LISTENER_PHASES 6

enum listener_event {
    LISTENER_BEGINS,  /* it is given to the readers */
    LISTENER_GOES_ON, /* somebody has a further step for it */
    LISTENER_RETURNS, /* a step does */
    LISTENER_ANSWERS,
};
#define LISTENER_EVENTS 4

void listener_phases_follow(enum listener_phase *phase, enum listener_event event);

#endif
