#include "server/web_assets.h"

#include <dirent.h>
#include <string.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "support/test_support.h"

/* How the tab travels is how it lies in the program, with room for the API's description. */
enum { MOST_FILE_BYTES = 1 << 20, MOST_TAB_BYTES = 120 * 1000 };

static size_t count_bytes(const char *folder, const char *name)
{
    char *text = NULL;
    size_t length = 0;
    struct buffer plain;
    char *url = memory_format("/%s", name);
    char *path = memory_format("%s/%s/%s", HEARTHCHAT_SOURCE, folder, name);
    const struct embedded_file *file = web_assets_find(url);
    assert_non_null(file);
    assert_int_equal(data_directory_read_file(path, MOST_FILE_BYTES, &text, &length), RESULT_OK);
    buffer_init(&plain);
    web_assets_unpack(file, &plain);
    if (strcmp(name, "worker.js") != 0) { /* its version is filled in */
        assert_int_equal(plain.length_bytes, length);
        assert_memory_equal(plain.data, text, length);
    }
    buffer_deinit(&plain);
    memory_free(text);
    memory_free(path);
    memory_free(url);
    return file->length_bytes;
}

static bool is_served(const char *name)
{
    const char *ending = strrchr(name, '.');
    return ending != NULL && name[0] != '.' && strcmp(ending, ".md") != 0;
}

static void web_assets_unpack__gives_the_files_that_lie_packed_in_the_program(void **state)
{
    size_t bytes = 0;
    int files = 0;
    (void)state;
    char *path = memory_format("%s/web", HEARTHCHAT_SOURCE);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        if (is_served(entry->d_name)) {
            bytes += count_bytes("web", entry->d_name);
            files++;
        }
    }
    assert_int_equal(closedir(directory), 0);
    assert_true(files > 10);
    assert_in_range(bytes + count_bytes("openapi", "openapi.yaml"), 1, MOST_TAB_BYTES);
    memory_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(web_assets_unpack__gives_the_files_that_lie_packed_in_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
