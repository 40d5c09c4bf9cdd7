#include <string.h>

#include "protocol/event_kind.h"
#include "support/test_support.h"

/* PROTOCOL §5's set in the order of the numbers that stand on disks. */
static const char *const names[] = {
    "community.created",          "community.member.invited",   "community.member.joined",
    "community.member.revoked",   "community.member.promoted",  "community.member.demoted",
    "community.policy.updated",   "node.manifest.updated",      "chat.message.sent",
    "chat.message.delivered",     "chat.message.read",          "market.post.created",
    "market.post.updated",        "market.post.expired",        "file.cid.advertised",
    "file.cid.unpinned",          "rag.document.ingested",      "federation.peer.added",
    "federation.peer.removed",    "federation.heartbeat",       "auth.token.issued",
    "auth.token.revoked",         "chat.thread.created",        "chat.thread.member.added",
    "chat.thread.member.removed", "chat.thread.message.sent",   "chat.thread.message.delivered",
    "chat.thread.archived",       "e2e.prekeys.published",      "e2e.session.established",
    "e2e.session.broken",         "file.replication.scheduled", "file.replication.completed",
    "ocr.document.indexed",
};

enum { KIND_COUNT = sizeof names / sizeof names[0] };

static void event_kind__gives_every_type_the_number_that_is_on_disk(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct event_kind *kind = event_kind_find(names[i], strlen(names[i]));
        assert_non_null(kind);
        assert_int_equal(kind->type, i + 1);
        assert_ptr_equal(event_kind_get((enum event_type)(i + 1)), kind);
        assert_string_equal(event_kind_name(kind->type), names[i]);
        assert_true(strlen(kind->name) < EVENT_KIND_NAME_BYTES);
    }
    assert_null(event_kind_get((enum event_type)0));
    assert_null(event_kind_get((enum event_type)(KIND_COUNT + 1)));
    assert_string_equal(event_kind_name((enum event_type)(KIND_COUNT + 1)), "");
}

static void event_kind_find__takes_the_whole_name_and_nothing_more(void **state)
{
    static const char longer[] = "chat.message.sent\0\"";
    static const char far_longer[] = "chat.message.sent.and.much.more.of.it.than.any.name.has";
    (void)state;
    assert_non_null(event_kind_find(longer, 17));
    assert_null(event_kind_find(longer, 16));
    assert_null(event_kind_find(longer, 18));
    assert_null(event_kind_find(longer, 19));
    assert_null(event_kind_find(longer, 0));
    assert_null(event_kind_find("Chat.message.sent", 17));
    assert_null(event_kind_find(far_longer, strlen(far_longer)));
    assert_null(event_kind_find("chat.message.edited", strlen("chat.message.edited")));
}

static void event_kind__says_what_drives_membership(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct event_kind *kind = event_kind_find(names[i], strlen(names[i]));
        bool is_community = strncmp(names[i], "community.", 10) == 0;
        bool is_manifest = strcmp(names[i], "node.manifest.updated") == 0;
        bool is_receipt = strcmp(names[i], "chat.message.delivered") == 0 ||
                          strcmp(names[i], "chat.message.read") == 0;
        assert_int_equal(kind->drives_membership, is_community);
        assert_int_equal(kind->tells_of_members, is_community || is_manifest);
        assert_int_equal(kind->is_receipt, is_receipt);
    }
}

/* Those that drive nothing take any object, for ever; the others don't. */
static void event_kind_decode__takes_any_object_where_it_drives_nothing(void **state)
{
    json_t *object = json_pack("{s:[i,{s:n}]}", "anything", 1, "at all");
    json_t *array = json_array();
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct event_kind *kind = event_kind_find(names[i], strlen(names[i]));
        union event_data data;
        bool kept = kind->type > EVENT_MESSAGE_READ;
        assert_int_equal(event_kind_decode(kind, object, test_id(1), test_id(2), &data, NULL),
                         kept ? RESULT_OK : RESULT_INVALID);
        assert_int_equal(event_kind_decode(kind, array, test_id(1), test_id(2), &data, NULL),
                         RESULT_INVALID);
        event_kind_release(kind->type, &data);
    }
    json_decref(object);
    json_decref(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_kind__gives_every_type_the_number_that_is_on_disk),
        cmocka_unit_test(event_kind_find__takes_the_whole_name_and_nothing_more),
        cmocka_unit_test(event_kind__says_what_drives_membership),
        cmocka_unit_test(event_kind_decode__takes_any_object_where_it_drives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
