#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "server/configuration.h"
#include "store/data_directory.h"
#include "support/test_support.h"

static enum result load_bytes(const char *text, size_t length, struct configuration *configuration,
                              struct error *error)
{
    char *directory = test_directory();
    char *path = memory_format("%s/hearthchat.ini", directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    configuration_init(configuration);
    enum result result = configuration_load(configuration, path, error);
    memory_free(path);
    test_remove_directory(&directory);
    return result;
}

static enum result load(const char *text, struct configuration *configuration, struct error *error)
{
    return load_bytes(text, strlen(text), configuration, error);
}

static void configuration_load__reads_every_section(void **state)
{
    struct configuration configuration;
    struct error error = {""};
    (void)state;
    assert_int_equal(
        load("[transport]\nhost = 192.0.2.7\nport = 0\nadvertise = [2001:db8::1]:99\n"
             "[ui]\nhost = ::1\nport = 8000\nsame_user_only = false\n"
             "[chat]\nenabled = false\nstore_and_forward = false\n"
             "read_receipts_enabled = false\n"
             "[discovery]\nudp_enabled = false\npeers = 192.0.2.9:7080 ,[2001:DB8::9]:7081,"
             " oma.example:1, [fe80::1%eth0]:65535\n"
             "[e2e]\nrequire = true\n[file]\nmax_upload_bytes = 5\n"
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
    assert_true(configuration.e2e_required);
    assert_false(configuration.read_receipts_enabled);
    assert_int_equal(configuration.log_level, LOG_DEBUG);
    assert_string_equal(configuration.display_name, "Zoë");
    assert_int_equal(configuration.peer_count, 4);
    assert_string_equal(configuration.peers[1].host, "2001:db8::9");
    assert_int_equal(configuration.peers[1].port, 7081);
    assert_string_equal(configuration.peers[3].host, "fe80::1%eth0");
    configuration_deinit(&configuration);
}

static void configuration_load__names_the_line_of_what_is_wrong(void **state)
{
    static const char *const wrong[] = {
        "[ui]\nport = 7860\ncolour = red\n",
        "[ui]\n\nport = many\n",
        "[ui]\n\nhost = 192.0.2.1\n",
        "[chat]\n\nenabled = yes\n",
        "[transport]\n\nport = 65536\n",
        "[transport]\n\nadvertise = nowhere\n",
        "[identity]\n\nprofile = castle\n",
        "[observability]\n\nlog_level = loud\n",
        "[kitchen]\n\nknives = 3\n",
        "[discovery]\n\npeers = oma\n",
        "[discovery]\n\npeers = oma:0\n",
        "[discovery]\n\npeers = a:1, b:65536\n",
        "[discovery]\n\npeers = a:1,,b:1\n",
        "[discovery]\n\npeers = 0.0.0.0:7080\n",
        "[discovery]\n\npeers = fe80::1\n",
        "[discovery]\n\npeers = a:1 b:1\n",
        "[identity]\n\ndisplay_name = \u2800\n",
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

static void configuration_load__refuses_what_is_no_text(void **state)
{
    static const char nul[] = "[identity]\n\ndisplay_name = Ann\0a\n";
    static const char behind[] = "[identity]\nprofile = spark\n\0";
    struct configuration configuration;
    struct error error = {""};
    (void)state;
    assert_int_equal(load("[identity]\n\ndisplay_name = J\xfcrgen\n", &configuration, &error),
                     RESULT_INVALID);
    assert_non_null(strstr(error.message, "line 3"));
    assert_non_null(strstr(error.message, "UTF-8, not \"J?rgen\""));
    configuration_deinit(&configuration);
    assert_int_equal(load_bytes(nul, sizeof nul - 1, &configuration, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "line 3: there is a NUL"));
    configuration_deinit(&configuration);
    assert_int_equal(load_bytes(behind, sizeof behind - 1, &configuration, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "line 3: there is a NUL"));
    configuration_deinit(&configuration);
    configuration_init(&configuration);
    assert_int_equal(configuration_load(&configuration, "/", &error), RESULT_IO);
    assert_non_null(strstr(error.message, "Is a directory"));
    configuration_deinit(&configuration);
    /* What a comment is written in is nobody's business. */
    assert_int_equal(load("# J\xfcrgen\n[identity]\nprofile = spark\n", &configuration, &error),
                     RESULT_OK);
    configuration_deinit(&configuration);
}

static void configuration_load__takes_lines_as_long_as_the_file(void **state)
{
    struct configuration configuration;
    struct error error = {""};
    struct buffer text;
    (void)state;
    for (size_t length = 100; length < 65400; length += 1 + length / 5) {
        buffer_init(&text);
        buffer_append_text(&text, "[observability]\nlog_file = ");
        for (size_t i = 0; i < length; i++) {
            buffer_append_byte(&text, 'x');
        }
        buffer_append_text(&text, "\n[identity]\ndisplay_name = Zoë\n");
        assert_int_equal(load(buffer_text(&text), &configuration, &error), RESULT_OK);
        assert_int_equal(strlen(configuration.log_file), length);
        assert_string_equal(configuration.display_name, "Zoë");
        configuration_deinit(&configuration);
        buffer_deinit(&text);
    }
    char *large = memory_allocate(65538, 1);
    memset(large, '#', 65537);
    assert_int_equal(load(large, &configuration, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "64 KiB"));
    configuration_deinit(&configuration);
    memory_free(large);
}

#define SIXTEEN_FACES "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"
#define FACES SIXTEEN_FACES SIXTEEN_FACES SIXTEEN_FACES SIXTEEN_FACES

static void configuration_write_identity__takes_what_reads_back_and_nothing_else(void **state)
{
    static const struct {
        const char *name;
        bool reads_back;
    } names[] = {
        {"", true},
        {"Ann", true},
        {FACES, true},
        {"\"Ann\"", true},
        {"'Ann'", true},
        {"a=b", true},
        {"=a", true},
        {":a", true},
        {"a;b", true},
        {"a # b", true},
        {"#a", true},
        {"[a]", true},
        {"a: b = c", true},
        {"\xe2\x80\x83"
         "a",
         true},
        {FACES "x", false},
        {" a", false},
        {"a ", false},
        {"\ta", false},
        {"a\nb", false},
        {";a", false},
        {"a ;b", false},
        {"J\xfcrgen", false},
        {"\xf0\x9f\x98", false},
        {"a\n[ui]\nport = 1", false},
    };
    char *directory = test_directory();
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct configuration configuration;
        struct error error = {""};
        char *path = memory_format("%s/%zu.ini", directory, i);
        enum result result = configuration_write_identity(path, names[i].name, "spark", &error);
        if (result != (names[i].reads_back ? RESULT_OK : RESULT_INVALID)) {
            fail_msg("\"%s\": %s", names[i].name, error.message);
        }
        configuration_init(&configuration);
        assert_int_equal(configuration_load(&configuration, path, &error),
                         names[i].reads_back ? RESULT_OK : RESULT_NOT_FOUND);
        assert_string_equal(configuration.display_name, names[i].reads_back ? names[i].name : "");
        configuration_deinit(&configuration);
        memory_free(path);
    }
    test_remove_directory(&directory);
}

static void configuration_write_identity__leaves_every_other_line(void **state)
{
    static const struct {
        const char *before;
        const char *after;
    } files[] = {
        {"", "[identity]\ndisplay_name = Zoë\n"},
        {"# mine\n[ui]\nport = 1\n", "# mine\n[ui]\nport = 1\n[identity]\ndisplay_name = Zoë\n"},
        {"[ui]\nport = 1", "[ui]\nport = 1\n[identity]\ndisplay_name = Zoë\n"},
        {"[identity]\n# who\n display_name=Ann ; me\nprofile = spark\n[ui]\nport = 1\n",
         "[identity]\n# who\ndisplay_name = Zoë\nprofile = spark\n[ui]\nport = 1\n"},
        {"[identity]\nprofile = spark\n\n[ui]\nport = 1\n",
         "[identity]\nprofile = spark\n\ndisplay_name = Zoë\n[ui]\nport = 1\n"},
        {"[identity]\ndisplay_name = Ann\n[ui]\nport = 1\n[identity]\ndisplay_name = Bob\n",
         "[identity]\ndisplay_name = Zoë\n[ui]\nport = 1\n[identity]\n"},
        {"[identity]\nprofile = spark", "[identity]\nprofile = spark\ndisplay_name = Zoë\n"},
    };
    char *directory = test_directory();
    char *path = memory_format("%s/a.ini", directory);
    char *text = NULL;
    size_t length = 0;
    struct error error = {""};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(
            data_directory_write_file(path, files[i].before, strlen(files[i].before), &error),
            RESULT_OK);
        assert_int_equal(configuration_write_identity(path, "Zoë", NULL, &error), RESULT_OK);
        assert_int_equal(data_directory_read_file(path, 65536, &text, &length), RESULT_OK);
        assert_string_equal(text, files[i].after);
        memory_free(text);
    }
    assert_int_equal(data_directory_write_file(path, "[ui]\nprot = 1\n", 14, &error), RESULT_OK);
    assert_int_equal(configuration_write_identity(path, "Zoë", NULL, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "prot"));
    memory_free(path);
    test_remove_directory(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_load__reads_every_section),
        cmocka_unit_test(configuration_load__names_the_line_of_what_is_wrong),
        cmocka_unit_test(configuration_load__refuses_what_is_no_setting),
        cmocka_unit_test(configuration_load__refuses_what_is_no_text),
        cmocka_unit_test(configuration_load__takes_lines_as_long_as_the_file),
        cmocka_unit_test(configuration_write_identity__takes_what_reads_back_and_nothing_else),
        cmocka_unit_test(configuration_write_identity__leaves_every_other_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
