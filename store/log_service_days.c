#include "store/log_service_days_private.h"

int64_t log_service_days_date(const struct event_log *log)
{
    const int64_t day_ms = 86400000;
    return clock_wall_ms(log->options.clock) / day_ms;
}

int64_t log_service_days_today(struct event_log *log)
{
    database_run(&log->database,
                 "UPDATE service_days SET count=count+1,date=?1 WHERE count=0 OR date<>?1", "i",
                 log_service_days_date(log));
    return database_integer(&log->database, 1, "SELECT count FROM service_days", "");
}
