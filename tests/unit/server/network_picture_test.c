#include "server/network_picture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "support/draw.h"
#include "support/test_support.h"

static struct network_picture picture;
static struct endpoints found;

static int clear(void **state)
{
    (void)state;
    picture = (struct network_picture){0};
    return 0;
}

static struct network_link *link_of(unsigned index, enum network_link_kind kind)
{
    return draw_link(&picture, index, kind);
}

static struct network_address *address_of(unsigned link, const char *text)
{
    return draw_address(&picture, link, text);
}

/* The hosts in their order, with blanks between. */
static const char *order(bool with_ipv6)
{
    static char text[1024];
    size_t length = 0;
    text[0] = '\0';
    network_picture_order(&picture, with_ipv6, 7080, &found);
    for (size_t i = 0; i < found.count; i++) {
        assert_int_equal(found.list[i].port, 7080);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i == 0 ? "" : " ",
                                   found.list[i].host);
    }
    return text;
}

static void network_picture__leads_by_the_way_out_and_ends_with_bridges(void **state)
{
    (void)state;
    link_of(1, NETWORK_OTHER)->loopback = true;
    link_of(2, NETWORK_BRIDGE);
    link_of(3, NETWORK_HARDWARE);
    link_of(4, NETWORK_OTHER);
    link_of(5, NETWORK_OTHER)->default_route = true;
    address_of(1, "127.0.0.1");
    address_of(1, "::1");
    address_of(2, "172.17.0.1");
    address_of(2, "fe80::2");
    address_of(3, "fe80::3");
    address_of(3, "192.168.3.3");
    address_of(4, "10.8.0.4");
    address_of(5, "fe80::5");
    address_of(5, "2001:db8::5");
    address_of(5, "192.168.5.5");
    assert_string_equal(order(true), "192.168.5.5 2001:db8::5 192.168.3.3 10.8.0.4 fe80::5 fe80::3 "
                                     "172.17.0.1");
    assert_string_equal(order(false), "192.168.5.5 192.168.3.3 10.8.0.4 172.17.0.1");
}

static void network_picture__is_never_loopback(void **state)
{
    (void)state;
    link_of(1, NETWORK_OTHER)->loopback = true;
    link_of(2, NETWORK_HARDWARE)->default_route = true;
    address_of(1, "127.0.0.1");
    address_of(1, "10.9.9.9");
    address_of(1, "::1");
    address_of(2, "127.0.0.7");
    address_of(2, "::1");
    address_of(2, "0.0.0.0");
    address_of(2, "::");
    assert_string_equal(order(true), "");
}

static void network_picture__finds_the_cable_behind_nine_bridges(void **state)
{
    char text[32];
    (void)state;
    for (unsigned i = 1; i <= 9; i++) {
        link_of(i, NETWORK_BRIDGE);
        (void)snprintf(text, sizeof text, "172.%u.0.1", 16 + i);
        address_of(i, text);
    }
    link_of(10, NETWORK_OTHER); /* the end of a cable in a container, without a router */
    address_of(10, "192.168.1.10");
    address_of(10, "fe80::a");
    order(true);
    assert_int_equal(found.count, NODE_MANIFEST_MOST_ENDPOINTS);
    assert_string_equal(found.list[0].host, "192.168.1.10");
    assert_string_equal(found.list[1].host, "fe80::a");
    assert_string_equal(found.list[2].host, "172.17.0.1");
}

static void network_picture__knows_a_bridge_that_leads_to_a_cable(void **state)
{
    (void)state;
    link_of(2, NETWORK_BRIDGE);
    link_of(3, NETWORK_HARDWARE)->master = 2;
    link_of(4, NETWORK_OTHER)->master = 5; /* a container's end, in its bridge */
    link_of(5, NETWORK_BRIDGE);
    link_of(6, NETWORK_OTHER);
    address_of(2, "192.168.1.2");
    address_of(4, "fe80::4");
    address_of(5, "172.17.0.1");
    address_of(6, "10.8.0.6");
    assert_string_equal(order(true), "192.168.1.2 10.8.0.6 172.17.0.1");
}

static void network_picture__passes_over_what_is_down_or_does_not_last(void **state)
{
    (void)state;
    link_of(2, NETWORK_HARDWARE)->default_route = true;
    link_of(3, NETWORK_HARDWARE)->up = false;
    address_of(3, "192.168.3.3");
    address_of(2, "2001:db8::1")->tentative = true;
    address_of(2, "2001:db8::2")->deprecated = true;
    address_of(2, "2001:db8::3")->temporary = true; /* beside one that stays */
    address_of(2, "2001:db8::4");
    address_of(2, "2001:db8:1::5")->temporary = true; /* alone in its network */
    address_of(9, "192.168.9.9");                     /* of a link that is gone */
    assert_string_equal(order(true), "2001:db8::4 2001:db8:1::5");
}

static void network_picture__has_what_a_link_has_given_itself(void **state)
{
    (void)state;
    link_of(2, NETWORK_HARDWARE);
    address_of(2, "fe80::2");
    assert_string_equal(order(true), "fe80::2");
    address_of(2, "169.254.7.7");
    assert_string_equal(order(true), "169.254.7.7 fe80::2");
    address_of(2, "10.0.0.2");
    assert_string_equal(order(true), "10.0.0.2 169.254.7.7 fe80::2");
}

static void network_picture__orders_the_same_however_it_is_told(void **state)
{
    static const char *const texts[] = {"10.0.0.9",    "10.0.0.2", "2001:db8::9",
                                        "2001:db8::1", "fe80::7",  "10.0.0.2"};
    char first[256];
    (void)state;
    for (size_t turn = 0; turn < 2; turn++) {
        (void)clear(NULL);
        link_of(2, NETWORK_HARDWARE);
        for (size_t i = 0; i < 6; i++) {
            address_of(2, texts[turn == 0 ? i : 5 - i]);
        }
        if (turn == 0) {
            (void)snprintf(first, sizeof first, "%s", order(true));
            assert_string_equal(first, "10.0.0.2 10.0.0.9 2001:db8::1 2001:db8::9 fe80::7");
        }
        assert_string_equal(order(true), first);
    }
}

static void network_picture__tells_other_ways_out_from_other_links(void **state)
{
    static struct network_picture before;
    (void)state;
    link_of(2, NETWORK_HARDWARE)->default_route = true;
    before = picture;
    assert_true(network_picture_equal(&before, &picture));
    link_of(3, NETWORK_OTHER);
    assert_false(network_picture_equal(&before, &picture));
    assert_true(network_picture_same_ways_out(&before, &picture));
    picture.links[1].default_route = true;
    assert_false(network_picture_same_ways_out(&before, &picture));
    picture.links[1].up = false;
    assert_true(network_picture_same_ways_out(&before, &picture));
    picture.links[0].default_route = false;
    assert_false(network_picture_same_ways_out(&before, &picture));
}

static void network_picture__holds_no_more_than_it_can(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NETWORK_PICTURE_MOST_LINKS; i++) {
        link_of(i + 1, NETWORK_HARDWARE);
    }
    for (unsigned i = 0; i < NETWORK_PICTURE_MOST_ADDRESSES; i++) {
        address_of(i % NETWORK_PICTURE_MOST_LINKS + 1, "192.168.1.1");
    }
    assert_null(network_picture_add_link(&picture));
    assert_null(network_picture_add_address(&picture));
    assert_string_equal(order(true), "192.168.1.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(network_picture__leads_by_the_way_out_and_ends_with_bridges, clear),
        cmocka_unit_test_setup(network_picture__is_never_loopback, clear),
        cmocka_unit_test_setup(network_picture__finds_the_cable_behind_nine_bridges, clear),
        cmocka_unit_test_setup(network_picture__knows_a_bridge_that_leads_to_a_cable, clear),
        cmocka_unit_test_setup(network_picture__passes_over_what_is_down_or_does_not_last, clear),
        cmocka_unit_test_setup(network_picture__has_what_a_link_has_given_itself, clear),
        cmocka_unit_test_setup(network_picture__orders_the_same_however_it_is_told, clear),
        cmocka_unit_test_setup(network_picture__tells_other_ways_out_from_other_links, clear),
        cmocka_unit_test_setup(network_picture__holds_no_more_than_it_can, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
