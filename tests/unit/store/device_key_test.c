#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "protocol/base64url.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "support/test_support.h"

static void write_key(const char *directory, const void *bytes, size_t length, mode_t mode)
{
    char *path = data_directory_path(directory, "keys/device.ed25519");
    assert_int_equal(data_directory_write_file(path, bytes, length, NULL), RESULT_OK);
    assert_int_equal(chmod(path, mode), 0);
    memory_free(path);
}

static void device_key__is_made_once_and_read_back(void **state)
{
    char *directory = test_directory();
    struct signing_key made;
    struct signing_key read;
    struct error error = {""};
    struct stat status;
    (void)state;
    assert_int_equal(device_key_load(directory, &read, &error), RESULT_NOT_FOUND);
    assert_int_equal(device_key_create(directory, &made, &error), RESULT_OK);
    assert_int_equal(device_key_load(directory, &read, &error), RESULT_OK);
    assert_memory_equal(&made, &read, sizeof made);
    assert_int_equal(device_key_create(directory, &made, &error), RESULT_EXISTS);
    char *path = memory_format("%s/keys/device.ed25519", directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, 32);
    memory_free(path);
    test_remove_directory(&directory);
}

static void device_key_load__reads_the_base64url_form(void **state)
{
    char *directory = test_directory();
    struct signing_key expected = test_key(9);
    struct signing_key read;
    struct buffer text;
    (void)state;
    buffer_init(&text);
    base64url_encode(expected.secret, SIGNING_SEED_BYTES, &text);
    buffer_append_byte(&text, '\n');
    write_key(directory, text.data, text.length_bytes, 0600);
    assert_int_equal(device_key_load(directory, &read, NULL), RESULT_OK);
    assert_true(node_id_equal(&read.node_id, &expected.node_id));
    buffer_deinit(&text);
    test_remove_directory(&directory);
}

static void device_key_load__refuses_a_damaged_and_a_readable_key(void **state)
{
    char *directory = test_directory();
    struct signing_key key = test_key(9);
    struct error error = {""};
    (void)state;
    write_key(directory, key.secret, 31, 0600);
    assert_int_equal(device_key_load(directory, &key, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "damaged"));
    write_key(directory, key.secret, 32, 0640);
    assert_int_equal(device_key_load(directory, &key, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "chmod 600"));
    write_key(directory, key.secret, 32, 0600);
    char *keys = memory_format("%s/keys", directory);
    assert_int_equal(chmod(keys, 0710), 0);
    assert_int_equal(device_key_load(directory, &key, &error), RESULT_INVALID);
    assert_non_null(strstr(error.message, "chmod 700"));
    assert_int_equal(chmod(keys, 0700), 0);
    assert_int_equal(device_key_load(directory, &key, &error), RESULT_OK);
    memory_free(keys);
    test_remove_directory(&directory);
}

static void data_directory_lock__has_room_for_one(void **state)
{
    char *directory = test_directory();
    struct error error = {""};
    int lock = -1;
    int other = -1;
    (void)state;
    assert_int_equal(data_directory_lock(directory, &lock, &error), RESULT_OK);
    assert_int_equal(data_directory_lock(directory, &other, &error), RESULT_BUSY);
    data_directory_unlock(lock);
    assert_int_equal(data_directory_lock(directory, &other, &error), RESULT_OK);
    data_directory_unlock(other);
    test_remove_directory(&directory);
}

static void data_directory_prepare__refuses_what_others_can_read(void **state)
{
    char *directory = test_directory();
    struct error error = {""};
    (void)state;
    assert_int_equal(data_directory_prepare(directory, &error), RESULT_OK);
    assert_int_equal(chmod(directory, 0755), 0);
    assert_int_equal(data_directory_prepare(directory, &error), RESULT_IO);
    assert_non_null(strstr(error.message, "chmod 700"));
    test_remove_directory(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_key__is_made_once_and_read_back),
        cmocka_unit_test(device_key_load__reads_the_base64url_form),
        cmocka_unit_test(device_key_load__refuses_a_damaged_and_a_readable_key),
        cmocka_unit_test(data_directory_lock__has_room_for_one),
        cmocka_unit_test(data_directory_prepare__refuses_what_others_can_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
