/* The life of a tab's subscription: what it is sent, and how its connection ends; two machines,
 * each an enum with one table of what becomes of which phase by what happens.
 *
 * Thread: websocket. What a table knows no way for ends a debug build; else the phase stays.
 */
#ifndef HEARTHCHAT_SERVER_SUBSCRIBER_PHASES_H
#define HEARTHCHAT_SERVER_SUBSCRIBER_PHASES_H

enum subscriber_feed {
    FEED_NEW,       /* it was not told yet where it stands */
    FEED_BEHIND,    /* what it wants next may be in the log alone */
    FEED_READING,   /* … and a reader looks there */
    FEED_READ,      /* … and is being sent */
    FEED_LIVE,      /* from the ring */
    FEED_OVERTAKEN, /* the ring doesn't have it any more */
    FEED_BROKEN,    /* the log could not be read */
};
#define FEEDS 7

enum subscriber_feed_event {
    FEED_GREETED,
    FEED_ASKS, /* a reader */
    FEED_COMES,
    FEED_FAILS,
    FEED_SENT,   /* all that was read */
    FEED_LEVEL,  /* the ring reaches back to where it is */
    FEED_RESET,  /* the ring begins anew */
    FEED_PASSED, /* the ring went past it */
};
#define FEED_EVENTS 8

enum subscriber_ending {
    ENDING_NONE,
    ENDING_SAID, /* a close was said, and the deadline set */
    ENDING_SHUT, /* they hear the end of it */
};
#define ENDINGS 3

enum subscriber_ending_event { ENDING_CLOSES, ENDING_SHUTS };
#define ENDING_EVENTS 2

void subscriber_phases_feed(enum subscriber_feed *feed, enum subscriber_feed_event event);
void subscriber_phases_end(enum subscriber_ending *ending, enum subscriber_ending_event event);

#endif
