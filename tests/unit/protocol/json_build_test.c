#include "protocol/json_build.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "support/test_support.h"

static const char no_text[] = "J\xfcrgen";

static void pack_latin(void)
{
    (void)json_build_pack("{s:s}", "name", no_text);
}

static void pack_latin_key(void)
{
    (void)json_build_pack("{s:s}", no_text, "name");
}

static void pack_null(void)
{
    (void)json_build_pack("{s:s}", "name", NULL);
}

static void pack_nan(void)
{
    (void)json_build_pack("{s:f}", "load", (double)NAN);
}

static void text_latin(void)
{
    (void)json_build_text(no_text);
}

static void text_null(void)
{
    (void)json_build_text(NULL);
}

static void copy_null(void)
{
    (void)json_build_copy(NULL);
}

/* How it ends, in a process of its own; what it wrote to its log. */
static int run(void (*what)(void), char *written, size_t size_bytes)
{
    int status = 0;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        what();
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t got = read(ends[0], written, size_bytes - 1);
    written[got < 0 ? 0 : got] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void json_build__ends_the_process_rather_than_give_null(void **state)
{
    void (*const faults[])(void) = {pack_latin, pack_latin_key, pack_null, pack_nan,
                                    text_latin, text_null,      copy_null};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char written[512];
        int status = run(faults[i], written, sizeof written);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) {
            fail_msg("fault %zu ended with status %d", i, status);
        }
        assert_non_null(strstr(written, "json.not_built"));
        assert_null(strstr(written, "rgen")); /* what anybody wrote is not for the log */
    }
}

static void json_build_try__says_what_has_no_json(void **state)
{
    json_t *value = NULL;
    (void)state;
    assert_int_equal(json_build_try(&value, "{s:s}", "name", "Zoë"), RESULT_OK);
    assert_string_equal(json_string_value(json_object_get(value, "name")), "Zoë");
    json_decref(value);
    assert_int_equal(json_build_try(&value, "{s:s}", "name", no_text), RESULT_INVALID);
    assert_null(value);
    assert_int_equal(json_build_try(&value, "{s:s}", "name", NULL), RESULT_INVALID);
    assert_null(value);
    assert_int_equal(json_build_try_text("Zo\xc3\xab", 5, &value), RESULT_INVALID); /* the NUL */
    assert_int_equal(json_build_try_text("Zo\xc3\xab", 3, &value), RESULT_INVALID);
    assert_null(value);
    assert_int_equal(json_build_try_text("Zo\xc3\xab", 4, &value), RESULT_OK);
    assert_string_equal(json_string_value(value), "Zoë");
    json_decref(value);
}

static void json_build_stored_text__shows_what_is_left(void **state)
{
    (void)state;
    json_t *value = json_build_stored_text("Zoë");
    assert_string_equal(json_string_value(value), "Zoë");
    json_decref(value);
    value = json_build_stored_text(no_text);
    assert_string_equal(json_string_value(value), "J?rgen");
    json_decref(value);
    value = json_build_stored_text(NULL);
    assert_true(json_is_null(value));
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_build__ends_the_process_rather_than_give_null),
        cmocka_unit_test(json_build_try__says_what_has_no_json),
        cmocka_unit_test(json_build_stored_text__shows_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
