#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "server/configuration.h"
#include "support/test_support.h"

static enum result load(const char *text, struct configuration *configuration, struct error *error)
{
    char *directory = test_directory();
    char *path = memory_format("%s/hearthchat.ini", directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    configuration_init(configuration);
    enum result result = configuration_load(configuration, path, error);
    memory_free(path);
    test_remove_directory(&directory);
    return result;
}

static void configuration_load__reads_every_section(void **state)
{
    struct configuration configuration;
    struct error error = {""};
    (void)state;
    assert_int_equal(load("[transport]\nhost = 192.0.2.7\nport = 0\nadvertise = [2001:db8::1]:99\n"
                          "[ui]\nhost = ::1\nport = 8000\nsame_user_only = false\n"
                          "[chat]\nenabled = false\nstore_and_forward = false\n"
                          "read_receipts_enabled = false\n"
                          "[discovery]\nudp_enabled = false\npeers = 192.0.2.9:7080\n"
                          "[file]\nmax_upload_bytes = 5\n"
                          "[observability]\nlog_level = debug\nlog_file = /tmp/x\n"
                          "metrics_enabled = false\n"
                          "[identity]\ndisplay_name = Zoë\nprofile = spark\n",
                          &configuration, &error),
                     RESULT_OK);
    assert_string_equal(configuration.peer_host, "192.0.2.7");
    assert_int_equal(configuration.peer_port, 0);
    assert_string_equal(configuration.advertise.host, "2001:db8::1");
    assert_int_equal(configuration.advertise.port, 99);
    assert_int_equal(configuration.ui_port, 8000);
    assert_false(configuration.chat_enabled);
    assert_false(configuration.read_receipts_enabled);
    assert_int_equal(configuration.log_level, LOG_DEBUG);
    assert_string_equal(configuration.display_name, "Zoë");
    configuration_deinit(&configuration);
}

static void configuration_load__names_the_line_of_what_is_wrong(void **state)
{
    static const char *const wrong[] = {
        "[ui]\nport = 7860\ncolour = red\n", "[ui]\n\nport = many\n",
        "[ui]\n\nhost = 192.0.2.1\n",        "[chat]\n\nenabled = yes\n",
        "[transport]\n\nport = 65536\n",     "[transport]\n\nadvertise = nowhere\n",
        "[identity]\n\nprofile = castle\n",  "[observability]\n\nlog_level = loud\n",
        "[kitchen]\n\nknives = 3\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct configuration configuration;
        struct error error = {""};
        assert_int_equal(load(wrong[i], &configuration, &error), RESULT_INVALID);
        if (strstr(error.message, "line 3") == NULL) {
            fail_msg("%s", error.message);
        }
        configuration_deinit(&configuration);
    }
}

static void configuration_load__refuses_what_is_no_setting(void **state)
{
    struct configuration configuration;
    struct error error = {""};
    (void)state;
    assert_int_equal(load("[ui\nport\n", &configuration, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "line 1"));
    configuration_deinit(&configuration);
    configuration_init(&configuration);
    assert_int_equal(configuration_load(&configuration, "/nonexistent/x.ini", &error),
                     RESULT_NOT_FOUND);
    configuration_deinit(&configuration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_load__reads_every_section),
        cmocka_unit_test(configuration_load__names_the_line_of_what_is_wrong),
        cmocka_unit_test(configuration_load__refuses_what_is_no_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
