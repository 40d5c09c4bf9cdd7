#include "server/subscriber_phases.h"

#include "core/phases.h"

enum { NO = PHASES_NO };

/* clang-format off */
static const uint8_t feeds[FEEDS][FEED_EVENTS] = {
                      /* GREETED      ASKS          COMES      FAILS        SENT         LEVEL      RESET           PASSED */
    [FEED_NEW]       = {FEED_BEHIND, NO,           NO,        NO,          NO,          NO,        FEED_NEW,       NO},
    [FEED_BEHIND]    = {NO,          FEED_READING, NO,        NO,          NO,          FEED_LIVE, FEED_BEHIND,    NO},
    [FEED_READING]   = {NO,          NO,           FEED_READ, FEED_BROKEN, NO,          NO,        FEED_READING,   NO},
    [FEED_READ]      = {NO,          NO,           NO,        NO,          FEED_BEHIND, NO,        FEED_READ,      NO},
    [FEED_LIVE]      = {NO,          NO,           NO,        NO,          NO,          NO,        FEED_BEHIND,    FEED_OVERTAKEN},
    [FEED_OVERTAKEN] = {NO,          NO,           NO,        NO,          NO,          NO,        FEED_OVERTAKEN, NO},
    [FEED_BROKEN]    = {NO,          NO,           NO,        NO,          NO,          NO,        FEED_BROKEN,    NO},
};

static const uint8_t endings[ENDINGS][ENDING_EVENTS] = {
                   /* CLOSES       SHUTS */
    [ENDING_NONE] = {ENDING_SAID, NO},
    [ENDING_SAID] = {NO,          ENDING_SHUT},
    [ENDING_SHUT] = {NO,          NO},
};
/* clang-format on */

void subscriber_phases_feed(enum subscriber_feed *feed, enum subscriber_feed_event event)
{
    *feed = (enum subscriber_feed)phases_follow(*feed, feeds[*feed][event]);
}

void subscriber_phases_end(enum subscriber_ending *ending, enum subscriber_ending_event event)
{
    *ending = (enum subscriber_ending)phases_follow(*ending, endings[*ending][event]);
}
