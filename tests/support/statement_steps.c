#include "support/statement_steps.h"

#include "store/log_readers_private.h"

static int64_t take_steps(struct database *database)
{
    int64_t steps = 0;
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        if (database->statements[i].statement != NULL) {
            steps += sqlite3_stmt_status(database->statements[i].statement,
                                         SQLITE_STMTSTATUS_VM_STEP, 1);
        }
    }
    return steps;
}

int64_t statement_steps_take(struct test_log *test)
{
    struct database *reader = log_readers_acquire(test->log);
    int64_t steps = take_steps(reader) + take_steps(&test->log->database);
    assert_int_equal(log_readers_release(test->log, &reader), RESULT_OK);
    return steps;
}
