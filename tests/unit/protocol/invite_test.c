#include "protocol/invite.h"

#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/base64url.h"
#include "protocol/json_build.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, EXPIRES = 1900000000 };

#define PREFIX "hearthnet://v1/"

static struct invite open_invite(void)
{
    struct invite invite = {
        .community_id = *test_id(ALICE),
        .inviter = *test_id(ALICE),
        .initial_level = LEVEL_TRUSTED,
        .bootstrap_endpoints = {.count = 1, .list = {{.host = "192.0.2.1", .port = 7080}}},
        .expires_at = EXPIRES,
        .is_open = true,
        .community_name = memory_duplicate_string("Street {\"}\""),
    };
    for (size_t i = 0; i < sizeof invite.token; i++) {
        invite.token[i] = (uint8_t)(200 + i);
    }
    return invite;
}

/* An open invite with another member; signed by Alice. The caller frees it. */
static char *changed(const char *name, json_t *value)
{
    const struct signing_key key = test_key(ALICE);
    struct invite invite = open_invite();
    char *text = invite_make(&invite, &key);
    struct buffer bytes;
    json_t *object = NULL;
    buffer_init(&bytes);
    assert_int_equal(base64url_decode(text + strlen(PREFIX), strlen(text) - strlen(PREFIX), &bytes),
                     RESULT_OK);
    assert_int_equal(canonical_parse(buffer_text(&bytes), bytes.length_bytes,
                                     CANONICAL_MOST_NESTING, &object, NULL),
                     RESULT_OK);
    if (value == NULL) {
        assert_int_equal(json_object_del(object, name), 0);
    } else {
        assert_int_equal(json_object_set_new(object, name, value), 0);
    }
    assert_int_equal(signing_sign_object(&key, object), RESULT_OK);
    buffer_clear(&bytes);
    assert_int_equal(canonical_write(object, &bytes), RESULT_OK);
    memory_free(text);
    struct buffer again;
    buffer_init(&again);
    buffer_append_text(&again, PREFIX);
    base64url_encode(bytes.data, bytes.length_bytes, &again);
    buffer_deinit(&bytes);
    json_decref(object);
    invite_deinit(&invite);
    return buffer_take(&again);
}

static void invite__reads_the_open_one_that_it_writes(void **state)
{
    const struct signing_key key = test_key(ALICE);
    struct invite invite = open_invite();
    struct invite again = {0};
    char *text = invite_make(&invite, &key);
    char *pasted = memory_format("> Hi, <%s>.\n> See you", text);
    (void)state;
    assert_int_equal(invite_parse(pasted, &again, NULL), RESULT_OK);
    assert_true(again.is_open);
    assert_memory_equal(again.token, invite.token, INVITE_TOKEN_BYTES);
    assert_string_equal(again.community_name, invite.community_name);
    assert_string_equal(again.invite_event_id, "");
    assert_int_equal(again.initial_level, LEVEL_TRUSTED);
    assert_int_equal(again.expires_at, EXPIRES);
    assert_int_equal(again.bootstrap_endpoints.count, 1);
    invite_deinit(&again);
    invite_deinit(&invite);
    memory_free(pasted);
    memory_free(text);
}

static void invite__is_open_or_for_somebody(void **state)
{
    char id[NODE_ID_TEXT_BYTES];
    char ulid[ULID_TEXT_BYTES];
    struct error error;
    struct invite invite = {0};
    node_id_format(test_id(BOB), id);
    (void)test_ulid(7, ulid);
    const struct {
        const char *name;
        json_t *value;
    } wrong[] = {
        {"invitee_node_id", json_build_text(id)},
        {"invite_event_id", json_build_text(ulid)},
        {"invitee_node_id", NULL},
        {"invite_event_id", NULL},
        {"token", NULL},
        {"token", json_null()},
        {"token", json_build_text("")},
        {"token", json_build_text("AAAAAAAAAAAAAAAAAAAAA")},
        {"token", json_build_text("AAAAAAAAAAAAAAAAAAAAAB")},
        {"token", json_build_text("AAAAAAAAAAAAAAAAAAAAAAA")},
        {"token", json_build_text("AAAAAAAAAAAAAAAAAAAA/A")},
        {"tokens", json_build_text("AAAAAAAAAAAAAAAAAAAAAA")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *text = changed(wrong[i].name, wrong[i].value);
        assert_int_equal(invite_parse(text, &invite, &error), RESULT_INVALID);
        assert_non_null(strstr(error.message, "incomplete"));
        memory_free(text);
    }
    char *right = changed("token", json_build_text("AAAAAAAAAAAAAAAAAAAAAA"));
    assert_int_equal(invite_parse(right, &invite, NULL), RESULT_OK);
    invite_deinit(&invite);
    memory_free(right);
}

static void invite__of_a_member_that_comes_back_has_no_token(void **state)
{
    const struct signing_key key = test_key(ALICE);
    struct invite invite = open_invite();
    struct invite again = {0};
    invite.is_open = false;
    invite.invitee = *test_id(BOB);
    char *text = invite_make(&invite, &key);
    (void)state;
    assert_int_equal(invite_parse(text, &again, NULL), RESULT_OK);
    assert_false(again.is_open);
    assert_string_equal(again.invite_event_id, "");
    assert_true(node_id_equal(&again.invitee, test_id(BOB)));
    invite_deinit(&again);
    invite_deinit(&invite);
    memory_free(text);
}

static void invite__id_is_found_in_what_was_pasted(void **state)
{
    struct node_id found = {{0}};
    char *name = NULL;
    char *text = invite_make_id_text(test_id(BOB), "Bob {\"}");
    char *pasted = memory_format("My id is <%.40s\r\n> %s>.", text, text + 40);
    (void)state;
    pasted[strcspn(pasted, "h")] = 'H';
    assert_int_equal(invite_parse_id_text(pasted, &found, &name), RESULT_OK);
    assert_true(node_id_equal(&found, test_id(BOB)));
    assert_string_equal(name, "Bob {\"}");
    memory_free(name);
    memory_free(pasted);
    memory_free(text);
}

static int start(void **state)
{
    (void)state;
    return signing_start() == RESULT_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invite__reads_the_open_one_that_it_writes),
        cmocka_unit_test(invite__is_open_or_for_somebody),
        cmocka_unit_test(invite__of_a_member_that_comes_back_has_no_token),
        cmocka_unit_test(invite__id_is_found_in_what_was_pasted),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
