#include "store/data_directory.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/test_support.h"

static char *place;

static int enter_place(void **state)
{
    (void)state;
    place = test_directory();
    return chdir(place);
}

static int leave_place(void **state)
{
    (void)state;
    int left = chdir("/");
    test_remove_directory(&place);
    return left;
}

static void assert_holds(const char *path, const char *expected)
{
    char *bytes = NULL;
    size_t length = 0;
    struct stat status;
    assert_int_equal(data_directory_read_file(path, 100, &bytes, &length), RESULT_OK);
    assert_string_equal(bytes, expected);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    memory_free(bytes);
}

static void data_directory_write_file__takes_every_shape_of_path(void **state)
{
    static const char *const paths[] = {
        "my.ini", "./my.ini", "new/my.ini", "new//other/my.ini", "../my.ini", "new/../my.ini"};
    struct error error = {""};
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(chdir("in"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *text = memory_format("%zu", i);
        if (data_directory_write_file(paths[i], text, strlen(text), &error) != RESULT_OK) {
            fail_msg("%s: %s", paths[i], error.message);
        }
        assert_holds(paths[i], text);
        memory_free(text);
    }
    char *whole = memory_format("%s/absolute/my.ini", place);
    assert_int_equal(data_directory_write_file(whole, "x", 1, &error), RESULT_OK);
    assert_holds(whole, "x");
    memory_free(whole);
}

static void data_directory_write_file__says_what_is_wrong(void **state)
{
    static const char *const paths[] = {"", ".", "/", "file/my.ini", "/proc/my.ini", "dir/"};
    (void)state;
    assert_int_equal(data_directory_write_file("file", "x", 1, NULL), RESULT_OK);
    assert_int_equal(mkdir("dir", 0700), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct error error = {""};
        assert_int_equal(data_directory_write_file(paths[i], "x", 1, &error), RESULT_IO);
        assert_non_null(strstr(error.message, "can't be written: "));
    }
}

static void data_directory_prepare__takes_every_shape_of_path(void **state)
{
    static const char *const paths[] = {".", "new", "./new/er", "new//other", "../back"};
    struct error error = {""};
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(chdir("in"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (data_directory_prepare(paths[i], &error) != RESULT_OK) {
            fail_msg("%s: %s", paths[i], error.message);
        }
        char *path = data_directory_path(paths[i], "keys/device.ed25519");
        assert_int_equal(data_directory_write_file(path, "x", 1, &error), RESULT_OK);
        assert_holds(path, "x");
        memory_free(path);
    }
}

/* An empty one was read behind its end. */
static void data_directory_prepare__refuses_an_empty_path(void **state)
{
    struct error error = {""};
    char *empty = memory_duplicate_string("");
    (void)state;
    assert_int_equal(data_directory_prepare(empty, &error), RESULT_IO);
    memory_free(empty);
    memory_free(data_directory_path("", "proc/x")); /* of the root, where nothing is made */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_directory_write_file__takes_every_shape_of_path,
                                        enter_place, leave_place),
        cmocka_unit_test_setup_teardown(data_directory_write_file__says_what_is_wrong, enter_place,
                                        leave_place),
        cmocka_unit_test_setup_teardown(data_directory_prepare__takes_every_shape_of_path,
                                        enter_place, leave_place),
        cmocka_unit_test_setup_teardown(data_directory_prepare__refuses_an_empty_path, enter_place,
                                        leave_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
