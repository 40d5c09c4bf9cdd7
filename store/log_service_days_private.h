/* Service days: the calendar dates, by our own clock, on which this node ran (§24.1). They are
 * counted, never subtracted, for clocks may be years wrong.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_SERVICE_DAYS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SERVICE_DAYS_PRIVATE_H

#include "store/log_private.h"

/* The calendar date of this moment, as a number. Any thread. */
int64_t log_service_days_date(const struct event_log *log);

/* Which service day it is, from 1. */
int64_t log_service_days_today(struct event_log *log);

#endif
