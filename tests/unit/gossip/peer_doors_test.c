#include "gossip/peer_doors_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "support/test_support.h"

enum { MANY = 100, HOUR_MS = 3600000 };

static int64_t now_ms;

static int64_t clock_ms(void *context)
{
    (void)context;
    return now_ms;
}

static const struct clock clock_of_test = {clock_ms, clock_ms, NULL};

/* No more of gossip than knocking takes; this machine is fd00::1 and 192.0.2.1. */
struct fixture {
    struct gossip gossip;
    struct address_book book;
};

static void open_doors(struct fixture *fixture)
{
    struct local_interfaces *ours = &fixture->gossip.self.interfaces;
    memset(fixture, 0, sizeof *fixture);
    now_ms = 1000;
    fixture->gossip.options.clock = &clock_of_test;
    fixture->gossip.doors = peer_doors_create();
    (void)snprintf(ours->addresses[0], sizeof ours->addresses[0], "fd00::1");
    (void)snprintf(ours->addresses[1], sizeof ours->addresses[1], "192.0.2.1");
    ours->address_count = 2;
}

static void close_doors(struct fixture *fixture)
{
    address_book_deinit(&fixture->book);
    knocks_destroy(&fixture->gossip.doors);
}

static struct endpoint at(const char *format, int number, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    int length = snprintf(endpoint.host, sizeof endpoint.host, "%s%x", format, (unsigned)number);
    assert_in_range(length, 1, sizeof endpoint.host - 1);
    return endpoint;
}

/* How many of MANY addresses that begin so are knocked at, each once. */
static int knock_at_many(struct fixture *fixture, const char *prefix)
{
    int count = 0;
    for (int i = 0; i < MANY; i++) {
        const struct endpoint endpoint = at(prefix, 16 + i, (uint16_t)(7000 + i));
        count += peer_doors_knock(&fixture->gossip, &fixture->book, &endpoint) ? 1 : 0;
    }
    return count;
}

static void peer_doors_knock__takes_a_network_for_one_door(void **state)
{
    struct fixture fixture;
    (void)state;
    open_doors(&fixture);
    assert_int_equal(knock_at_many(&fixture, "2001:db8::"), LIMITS_KNOCKS);
    assert_int_equal(knock_at_many(&fixture, "2001:db8::5:"), 0); /* the same /64 */
    assert_int_equal(knock_at_many(&fixture, "2001:db8:0:1::"), LIMITS_KNOCKS);
    /* Neighbours on our own link are a door each. */
    assert_int_equal(knock_at_many(&fixture, "fd00::"), MANY);
    assert_int_equal(knock_at_many(&fixture, "fe80::"), MANY);
    close_doors(&fixture);
}

static int knock_for(struct fixture *fixture, const struct endpoint *endpoint, int64_t for_ms)
{
    int count = 0;
    for (int64_t until_ms = now_ms + for_ms; now_ms < until_ms; now_ms += 1000) {
        count += peer_doors_knock(&fixture->gossip, &fixture->book, endpoint) ? 1 : 0;
    }
    return count;
}

/* Who never answered is tried ever more rarely; who did, where the owner says, and here: as ever.
 */
static void peer_doors_knock__is_rarer_where_nobody_ever_answered(void **state)
{
    enum { KNOCKS_AN_HOUR = 3600 };
    struct fixture fixture;
    const struct endpoint stranger = {.host = "198.51.100.1", .port = 7080};
    const struct endpoint friend = {.host = "198.51.100.2", .port = 7080};
    const struct endpoint named = {.host = "198.51.100.3", .port = 7080};
    const struct endpoint here = {.host = "192.0.2.1", .port = 7080};
    (void)state;
    open_doors(&fixture);
    (void)address_book_claim(&fixture.book, &friend, ADDRESS_MANIFEST);
    address_book_tried(&fixture.book, &friend, RESULT_OK, 1);
    (void)address_book_claim(&fixture.book, &named, ADDRESS_HAND);
    assert_in_range(knock_for(&fixture, &stranger, HOUR_MS), LIMITS_KNOCKS + 5, LIMITS_KNOCKS + 12);
    assert_in_range(knock_for(&fixture, &stranger, HOUR_MS), 1, 2);
    assert_int_equal(knock_for(&fixture, &friend, HOUR_MS), KNOCKS_AN_HOUR);
    assert_int_equal(knock_for(&fixture, &named, HOUR_MS), KNOCKS_AN_HOUR);
    assert_int_equal(knock_for(&fixture, &here, HOUR_MS), KNOCKS_AN_HOUR);
    peer_doors_opened(&fixture.gossip, &fixture.book, &stranger);
    assert_int_equal(knock_for(&fixture, &stranger, LIMITS_KNOCK_EVERY_MS), 5);
    close_doors(&fixture);
}

/* How many of MANY calls to that name, or to as many under it, which mean this address, go out. */
static int call_by_name(const struct http_guard *guard, const char *name, bool under,
                        const char *address)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    int count = 0;
    assert_int_equal(inet_pton(AF_INET, address, &where.sin_addr), 1);
    for (int i = 0; i < MANY; i++) {
        char *url = under ? memory_format("https://n%d.%s:7080/health", i, name)
                          : memory_format("https://%s:%d/health", name, 7000 + i);
        count += guard->may_open(guard->context, url, (const struct sockaddr *)&where) ? 1 : 0;
        memory_free(url);
    }
    return count;
}

static void peer_doors_guard__counts_where_names_lead(void **state)
{
    struct fixture fixture;
    (void)state;
    open_doors(&fixture);
    const struct http_guard guard = peer_doors_guard(&fixture.gossip);
    assert_int_equal(call_by_name(&guard, "example", true, "198.51.100.1"), LIMITS_KNOCKS);
    /* It is the same door as by its number, which was counted when it was chosen. */
    const struct endpoint numbered = {.host = "198.51.100.1", .port = 7080};
    assert_false(peer_doors_knock(&fixture.gossip, &fixture.book, &numbered));
    assert_int_equal(call_by_name(&guard, "198.51.100.1", false, "198.51.100.1"), MANY);
    assert_int_equal(call_by_name(&guard, "example", true, "192.0.2.1"), MANY);
    assert_int_equal(call_by_name(&guard, "example", true, "127.0.0.1"), MANY);
    close_doors(&fixture);
}

/* A name that led to the peer is called there, and not wherever it leads later. */
static void peer_doors_guard__trusts_a_name_where_it_led_to_the_peer(void **state)
{
    struct fixture fixture;
    (void)state;
    open_doors(&fixture);
    const struct http_guard guard = peer_doors_guard(&fixture.gossip);
    guard.answered(guard.context, "https://friend.example:7080/health", "198.51.100.2");
    guard.answered(guard.context, "https://198.51.100.3:7080/health", "198.51.100.3");
    assert_int_equal(call_by_name(&guard, "friend.example", false, "198.51.100.2"), MANY);
    assert_int_equal(call_by_name(&guard, "friend.example", false, "198.51.100.1"), LIMITS_KNOCKS);
    assert_int_equal(call_by_name(&guard, "other.example", false, "198.51.100.2"), LIMITS_KNOCKS);
    close_doors(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_doors_knock__takes_a_network_for_one_door),
        cmocka_unit_test(peer_doors_knock__is_rarer_where_nobody_ever_answered),
        cmocka_unit_test(peer_doors_guard__counts_where_names_lead),
        cmocka_unit_test(peer_doors_guard__trusts_a_name_where_it_led_to_the_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
