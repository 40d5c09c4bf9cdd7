/* What a log's statements cost, in steps of SQLite's machine: the same on every machine.
 *
 * Thread: the test's, while the writer rests. What fails, fails the test.
 */
#ifndef HEARTHCHAT_TESTS_STATEMENT_STEPS_H
#define HEARTHCHAT_TESTS_STATEMENT_STEPS_H

#include "support/test_support.h"

/* What they did since the last time, the writer's and a reader's. */
int64_t statement_steps_take(struct test_log *test);

#endif
