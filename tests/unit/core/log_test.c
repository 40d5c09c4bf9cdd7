#include "core/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/test_support.h"

static void read_file(const char *path, char text[static 4096])
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, 4095, file)] = '\0';
    (void)fclose(file);
}

static void log_write__begins_a_new_file_where_the_old_one_was_moved_away(void **state)
{
    char *folder = test_directory();
    char *path = memory_format("%s/node.log", folder);
    char *moved = memory_format("%s.1", path);
    char text[4096];
    (void)state;
    assert_int_equal(log_open(path, LOG_INFO, NULL), RESULT_OK);
    log_write(LOG_INFO, "test.first", NULL);
    assert_int_equal(rename(path, moved), 0);
    while (access(path, F_OK) != 0) {
        log_write(LOG_INFO, "test.moved", NULL);
    }
    log_write(LOG_INFO, "test.last", NULL);
    log_close();
    read_file(moved, text);
    assert_non_null(strstr(text, "test.first"));
    assert_null(strstr(text, "test.last"));
    read_file(path, text);
    assert_null(strstr(text, "test.first"));
    assert_non_null(strstr(text, "test.last"));
    memory_free(moved);
    memory_free(path);
    test_remove_directory(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_write__begins_a_new_file_where_the_old_one_was_moved_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
