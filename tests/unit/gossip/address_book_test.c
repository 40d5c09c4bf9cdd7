#include <stdio.h>
#include <string.h>

#include "gossip/address_book.h"
#include "support/shuffle.h"
#include "support/test_support.h"

static struct endpoint at(const char *host, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    (void)snprintf(endpoint.host, sizeof endpoint.host, "%s", host);
    return endpoint;
}

static bool claim(struct address_book *book, const char *host, uint16_t port,
                  enum address_source source)
{
    struct endpoint endpoint = at(host, port);
    return address_book_claim(book, &endpoint, source);
}

static void tried(struct address_book *book, const char *host, enum result result)
{
    struct endpoint endpoint = at(host, 7080);
    address_book_tried(book, &endpoint, result, 1800000000);
}

/* "host host …" */
static void assert_candidates(const struct address_book *book, const struct address_book_self *self,
                              const char *expected)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES];
    char text[2048] = "";
    size_t count = address_book_candidates(book, self, list);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, sizeof text - length, "%s%s", i == 0 ? "" : " ",
                       list[i].host);
    }
    assert_string_equal(text, expected);
}

static void address_book_normalise__refuses_where_nobody_can_be(void **state)
{
    static const char *const nowhere[] = {
        "0.0.0.0",    "0.1.2.3",         "224.0.0.1", "239.255.42.42", "255.255.255.255", "::",
        "ff02::4242", "::ffff:0.0.0.0",  "",          "a b",           "http://x",        "127.1",
        "2130706433", "0x7f000001",      "fe80::1%",  "fe80::1%a/b",   "192.0.2.1%eth0",  "1.2.3",
        "x%eth0",     "::ffff:224.0.0.1"};
    (void)state;
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        struct endpoint endpoint = at(nowhere[i], 7080);
        if (address_book_normalise(&endpoint)) {
            fail_msg("%s", nowhere[i]);
        }
    }
    struct endpoint endpoint = at("192.0.2.1", 0);
    assert_false(address_book_normalise(&endpoint));
}

static void address_book_normalise__gives_an_address_one_name(void **state)
{
    static const char *const names[][2] = {{"2001:DB8:0:0::1", "2001:db8::1"},
                                           {"::FFFF:192.0.2.1", "192.0.2.1"},
                                           {"fe80:0::1%eth0.7", "fe80::1%eth0.7"},
                                           {"2001:db8::1%eth0", "2001:db8::1"},
                                           {"Oma.Local", "oma.local"},
                                           {"house7", "house7"}};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct endpoint endpoint = at(names[i][0], 1);
        assert_true(address_book_normalise(&endpoint));
        assert_string_equal(endpoint.host, names[i][1]);
    }
}

static void address_book_parse__takes_what_an_owner_may_write(void **state)
{
    static const char *const right[][2] = {{"192.0.2.1:7080", "192.0.2.1"},
                                           {"[2001:DB8::1]:1", "2001:db8::1"},
                                           {"[fe80::1%eth0]:65535", "fe80::1%eth0"},
                                           {"oma.example:7080", "oma.example"}};
    static const char *const wrong[] = {"",
                                        "192.0.2.1",
                                        "192.0.2.1:0",
                                        "192.0.2.1:65536",
                                        "192.0.2.1:70a",
                                        "2001:db8::1:7080",
                                        "[2001:db8::1]",
                                        "[fe80::1%]:1",
                                        "fe80::1%eth0:1",
                                        "[fe80::1%a%b]:1",
                                        "[fe80::1%0123456789abcdef]:1",
                                        "https://oma:1",
                                        "a/b:1",
                                        "0.0.0.0:7080",
                                        "[fe80::1]:7080",
                                        "[ff02::1]:7080"};
    struct endpoint endpoint;
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_int_equal(address_book_parse(right[i][0], &endpoint), RESULT_OK);
        assert_string_equal(endpoint.host, right[i][1]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (address_book_parse(wrong[i], &endpoint) != RESULT_INVALID) {
            fail_msg("%s", wrong[i]);
        }
    }
}

static void address_book__tries_what_worked_last_then_what_was_heard_last(void **state)
{
    struct address_book book = {0};
    const struct address_book_self nobody = {0};
    const struct endpoints manifest = {
        .list = {at("10.0.0.1", 7080), at("10.0.0.2", 7080), at("127.0.0.1", 7080)}, .count = 3};
    (void)state;
    address_book_take_manifest(&book, &manifest);
    assert_candidates(&book, &nobody, "10.0.0.1 10.0.0.2 127.0.0.1");
    assert_true(claim(&book, "192.168.1.9", 7080, ADDRESS_HINT));
    assert_false(claim(&book, "192.168.1.9", 7080, ADDRESS_HINT));
    assert_candidates(&book, &nobody, "192.168.1.9 10.0.0.1 10.0.0.2 127.0.0.1");
    tried(&book, "127.0.0.1", RESULT_OK);
    tried(&book, "10.0.0.2", RESULT_OK);
    tried(&book, "10.0.0.1", RESULT_TIMEOUT);
    assert_candidates(&book, &nobody, "10.0.0.2 127.0.0.1 192.168.1.9 10.0.0.1");
    address_book_deinit(&book);
}

static void address_book_take_manifest__keeps_what_worked_and_what_others_say(void **state)
{
    struct address_book book = {0};
    const struct address_book_self nobody = {0};
    const struct endpoints first = {
        .list = {at("10.0.0.1", 7080), at("10.0.0.2", 7080), at("10.0.0.3", 7080)}, .count = 3};
    const struct endpoints second = {.list = {at("10.9.9.9", 7080)}, .count = 1};
    (void)state;
    (void)claim(&book, "10.0.0.3", 7080, ADDRESS_HAND);
    address_book_take_manifest(&book, &first);
    tried(&book, "10.0.0.2", RESULT_OK);
    address_book_take_manifest(&book, &second);
    assert_candidates(&book, &nobody, "10.0.0.2 10.9.9.9 10.0.0.3");
    address_book_deinit(&book);
}

static void address_book__never_calls_itself(void **state)
{
    struct address_book book = {0};
    struct address_book_self self = {.listener = at("::", 7080),
                                     .named = {.list = {at("village.example", 99)}, .count = 1},
                                     .interfaces = {.addresses = {"192.168.1.5", "fe80::5"},
                                                    .address_count = 2,
                                                    .links = {"eth0", "wlan0"},
                                                    .link_count = 2}};
    (void)state;
    (void)claim(&book, "192.168.1.5", 7080, ADDRESS_MANIFEST);
    (void)claim(&book, "::ffff:192.168.1.5", 7080, ADDRESS_MANIFEST);
    (void)claim(&book, "127.0.0.2", 7080, ADDRESS_MANIFEST);
    (void)claim(&book, "fe80::5%eth0", 7080, ADDRESS_HINT);
    (void)claim(&book, "VILLAGE.example", 99, ADDRESS_HAND);
    assert_candidates(&book, &self, "");
    (void)claim(&book, "192.168.1.5", 7081, ADDRESS_MANIFEST);
    assert_candidates(&book, &self, "192.168.1.5");
    /* A listener of one address leaves the others to other nodes. */
    self.listener = at("127.0.0.1", 7080);
    self.named.count = 0;
    assert_candidates(&book, &self,
                      "192.168.1.5 village.example fe80::5%eth0 192.168.1.5 127.0.0.2");
    address_book_deinit(&book);
}

static void address_book__tries_a_link_local_address_on_each_link_until_one_works(void **state)
{
    struct address_book book = {0};
    const struct address_book_self self = {
        .interfaces = {.links = {"eth0", "not/a name", "wlan0"}, .link_count = 3}};
    (void)state;
    (void)claim(&book, "fe80::7", 7080, ADDRESS_MANIFEST);
    assert_candidates(&book, &self, "fe80::7%eth0 fe80::7%wlan0");
    tried(&book, "fe80::7%eth0", RESULT_UNREACHABLE);
    tried(&book, "fe80::7%wlan0", RESULT_OK);
    assert_candidates(&book, &self, "fe80::7%wlan0 fe80::7%eth0");
    assert_true(book.changed);
    address_book_deinit(&book);
}

static void address_book__floods_of_claims_cost_a_bounded_number_of_tries(void **state)
{
    struct address_book book = {0};
    const struct address_book_self nobody = {0};
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES];
    const struct endpoint hint = at("192.168.1.9", 7080);
    (void)state;
    (void)claim(&book, "10.0.0.2", 7080, ADDRESS_MANIFEST);
    (void)claim(&book, "10.0.0.3", 7080, ADDRESS_HAND);
    tried(&book, "10.0.0.2", RESULT_OK);
    (void)address_book_claim(&book, &hint, ADDRESS_HINT);
    for (int source = 0; source < ADDRESS_SOURCES; source++) {
        for (unsigned i = 0; i < 10000; i++) {
            char host[32];
            (void)snprintf(host, sizeof host, "10.1.%u.%u", i / 250, i % 250 + 1);
            (void)claim(&book, host, (uint16_t)(1000 + source), (enum address_source)source);
        }
    }
    assert_true(address_book_candidates(&book, &nobody, list) <= ADDRESS_BOOK_MOST);
    assert_string_equal(list[0].host, "10.0.0.2");
    /* A hint that was not tried yet is not pushed out by others. */
    assert_non_null(address_book_find(&book, &hint));
    address_book_deinit(&book);
}

/* The same rules on everything that ever was said, without any bound of memory. */
enum { HOSTS = 60, SAID = 4000 };
struct naive {
    struct {
        bool there;
        bool was_tried;
        enum address_source source;
        unsigned heard;
        unsigned worked;
    } host[HOSTS];
    unsigned now;
};

static const size_t naive_most[ADDRESS_SOURCES] = {4, 2, 4, 8, 2};

static unsigned naive_count(const struct naive *naive, enum address_source source)
{
    unsigned count = 0;
    for (size_t i = 0; i < HOSTS; i++) {
        count +=
            naive->host[i].there && naive->host[i].worked == 0 && naive->host[i].source == source
                ? 1
                : 0;
    }
    return count;
}

static void naive_claim(struct naive *naive, unsigned host, enum address_source source)
{
    bool knows = naive->host[host].there;
    naive->now++;
    naive->host[host].was_tried = knows && naive->host[host].was_tried;
    naive->host[host].worked = knows ? naive->host[host].worked : 0;
    if (knows && source <= naive->host[host].source) {
        naive->host[host].heard = naive->now;
        return;
    }
    if (naive->host[host].worked == 0 && naive_count(naive, source) == naive_most[source]) {
        int oldest = -1;
        for (int i = 0; i < HOSTS; i++) {
            if (naive->host[i].there && naive->host[i].worked == 0 &&
                naive->host[i].source == source &&
                (source != ADDRESS_HINT || naive->host[i].was_tried) &&
                (oldest < 0 || naive->host[i].heard < naive->host[oldest].heard)) {
                oldest = i;
            }
        }
        if (oldest < 0) {
            return;
        }
        naive->host[oldest].there = false;
    }
    naive->host[host].there = true;
    naive->host[host].source = source;
    naive->host[host].heard = naive->now;
}

static void naive_tried(struct naive *naive, unsigned host, bool worked)
{
    unsigned count = 0;
    int oldest = -1;
    if (!naive->host[host].there) {
        return;
    }
    naive->host[host].was_tried = true;
    naive->host[host].worked = worked ? ++naive->now : naive->host[host].worked;
    for (int i = 0; i < HOSTS; i++) {
        if (naive->host[i].there && naive->host[i].worked != 0) {
            count++;
            oldest = oldest < 0 || naive->host[i].worked < naive->host[oldest].worked ? i : oldest;
        }
    }
    if (count > ADDRESS_BOOK_MOST_WORKED) {
        naive->host[oldest].there = false;
    }
}

/* The best of those that are not in the list yet; -1: none. */
static int naive_next(const struct naive *naive, const bool taken[static HOSTS])
{
    int best = -1;
    for (int i = 0; i < HOSTS; i++) {
        if (!naive->host[i].there || taken[i]) {
            continue;
        }
        bool better = best < 0 || naive->host[i].worked > naive->host[best].worked ||
                      (naive->host[i].worked == naive->host[best].worked &&
                       naive->host[i].heard > naive->host[best].heard);
        best = better ? i : best;
    }
    return best;
}

static void assert_same(const struct naive *naive, const struct address_book *book)
{
    const struct address *list[ADDRESS_BOOK_MOST];
    bool taken[HOSTS] = {false};
    size_t count = address_book_list(book, list);
    for (size_t i = 0; i < count; i++) {
        char host[32];
        int expected = naive_next(naive, taken);
        assert_true(expected >= 0);
        (void)snprintf(host, sizeof host, "10.0.0.%d", expected + 1);
        assert_string_equal(list[i]->endpoint.host, host);
        assert_int_equal(list[i]->source, naive->host[expected].source);
        taken[expected] = true;
    }
    assert_int_equal(naive_next(naive, taken), -1);
}

static void address_book__is_what_its_rules_make_of_all_that_was_said(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct address_book book = {0};
        struct naive naive = {0};
        uint64_t random = seed;
        for (int i = 0; i < SAID; i++) {
            char host[32];
            unsigned number = shuffle_below(&random, HOSTS);
            unsigned what = shuffle_below(&random, 2 * ADDRESS_SOURCES);
            (void)snprintf(host, sizeof host, "10.0.0.%u", number + 1);
            if (what < ADDRESS_SOURCES) {
                (void)claim(&book, host, 7080, (enum address_source)what);
                naive_claim(&naive, number, (enum address_source)what);
            } else {
                tried(&book, host, what % 2 == 0 ? RESULT_OK : RESULT_UNREACHABLE);
                naive_tried(&naive, number, what % 2 == 0);
            }
            assert_same(&naive, &book);
        }
        address_book_deinit(&book);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_book_normalise__refuses_where_nobody_can_be),
        cmocka_unit_test(address_book_normalise__gives_an_address_one_name),
        cmocka_unit_test(address_book_parse__takes_what_an_owner_may_write),
        cmocka_unit_test(address_book__tries_what_worked_last_then_what_was_heard_last),
        cmocka_unit_test(address_book_take_manifest__keeps_what_worked_and_what_others_say),
        cmocka_unit_test(address_book__never_calls_itself),
        cmocka_unit_test(address_book__tries_a_link_local_address_on_each_link_until_one_works),
        cmocka_unit_test(address_book__floods_of_claims_cost_a_bounded_number_of_tries),
        cmocka_unit_test(address_book__is_what_its_rules_make_of_all_that_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
