#include "server/lan_links.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "support/draw.h"
#include "support/test_support.h"

static struct network_picture picture;
static struct lan_links links;

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

static void address_of(unsigned link, const char *text)
{
    (void)draw_address(&picture, link, text);
}

static const char *v4_of(size_t i)
{
    static char text[INET6_ADDRSTRLEN];
    return links.list[i].has_v4 ? inet_ntop(AF_INET, links.list[i].v4, text, sizeof text) : "";
}

static const char *v6_of(size_t i)
{
    static char text[INET6_ADDRSTRLEN];
    return links.list[i].has_v6 ? inet_ntop(AF_INET6, links.list[i].v6, text, sizeof text) : "";
}

static void lan_links__speak_on_both_families_from_what_neighbours_reach(void **state)
{
    (void)state;
    link_of(2, NETWORK_BRIDGE);
    link_of(3, NETWORK_HARDWARE);
    address_of(2, "172.17.0.1");
    address_of(3, "169.254.3.3");
    address_of(3, "192.168.3.3");
    address_of(3, "2001:db8::3");
    address_of(3, "fe80::3");
    lan_links_choose(&picture, "::", true, &links);
    assert_int_equal(links.count, 2);
    assert_string_equal(links.list[0].name, "link3");
    assert_string_equal(v4_of(0), "192.168.3.3");
    assert_string_equal(v6_of(0), "fe80::3");
    assert_string_equal(v4_of(1), "172.17.0.1");
    assert_false(links.list[1].has_v6);
    assert_ptr_equal(lan_links_find(&links, 2), &links.list[1]);
    assert_null(lan_links_find(&links, 9));
    lan_links_choose(&picture, "0.0.0.0", false, &links);
    assert_false(links.list[0].has_v6);
}

static void lan_links__are_those_that_can_speak(void **state)
{
    (void)state;
    link_of(1, NETWORK_OTHER)->loopback = true;
    link_of(2, NETWORK_HARDWARE)->up = false;
    link_of(3, NETWORK_OTHER)->multicast = false;
    link_of(4, NETWORK_HARDWARE)->master = 5;
    link_of(5, NETWORK_BRIDGE);
    link_of(6, NETWORK_HARDWARE); /* without an address */
    address_of(1, "127.0.0.1");
    address_of(2, "192.168.2.2");
    address_of(3, "10.8.0.3");
    address_of(4, "fe80::4");
    address_of(5, "192.168.5.5");
    lan_links_choose(&picture, "::", true, &links);
    assert_int_equal(links.count, 1);
    assert_int_equal(links.list[0].index, 5);
}

static void lan_links__keep_to_the_address_that_is_listened_on(void **state)
{
    (void)state;
    link_of(2, NETWORK_HARDWARE);
    link_of(3, NETWORK_HARDWARE);
    address_of(2, "192.168.2.2");
    address_of(3, "192.168.3.3");
    address_of(3, "fe80::3");
    address_of(3, "2001:db8::3");
    lan_links_choose(&picture, "192.168.3.3", true, &links);
    assert_int_equal(links.count, 1);
    assert_string_equal(v4_of(0), "192.168.3.3");
    assert_false(links.list[0].has_v6);
    lan_links_choose(&picture, "2001:db8::3", true, &links);
    assert_int_equal(links.count, 1);
    assert_false(links.list[0].has_v4);
    assert_string_equal(v6_of(0), "2001:db8::3");
    lan_links_choose(&picture, "my.example", true, &links);
    assert_int_equal(links.count, 0);
}

static void lan_links__are_bounded_and_begin_with_the_way_out(void **state)
{
    char text[32];
    (void)state;
    for (unsigned i = 1; i <= LIMITS_HINT_LINKS + 5; i++) {
        link_of(i, NETWORK_BRIDGE);
        (void)snprintf(text, sizeof text, "172.%u.0.1", 16 + i);
        address_of(i, text);
    }
    picture.links[LIMITS_HINT_LINKS + 4].default_route = true;
    lan_links_choose(&picture, "::", true, &links);
    assert_int_equal(links.count, LIMITS_HINT_LINKS);
    assert_int_equal(links.list[0].index, LIMITS_HINT_LINKS + 5);
}

static void lan_links__tell_what_is_new(void **state)
{
    struct lan_links before = {0};
    (void)state;
    link_of(2, NETWORK_HARDWARE);
    address_of(2, "192.168.2.2");
    lan_links_choose(&picture, "::", true, &links);
    assert_true(lan_links_have_new(&before, &links));
    assert_false(lan_links_have_new(&links, &links));
    assert_false(lan_links_have_new(&links, &before)); /* what is gone is no news to send */
    before = links;
    address_of(2, "fe80::2");
    lan_links_choose(&picture, "::", true, &links);
    assert_true(lan_links_have_new(&before, &links));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lan_links__speak_on_both_families_from_what_neighbours_reach, clear),
        cmocka_unit_test_setup(lan_links__are_those_that_can_speak, clear),
        cmocka_unit_test_setup(lan_links__keep_to_the_address_that_is_listened_on, clear),
        cmocka_unit_test_setup(lan_links__are_bounded_and_begin_with_the_way_out, clear),
        cmocka_unit_test_setup(lan_links__tell_what_is_new, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
