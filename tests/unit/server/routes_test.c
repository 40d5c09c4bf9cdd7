/* Which path leads where. */
#include "server/routes.h"

#include <string.h>

#include "support/test_support.h"

static const char *lead(const struct routes *routes, const char *method, const char *path)
{
    const struct route *other = NULL;
    const struct route *route = routes_find(routes, method, path, &other);
    return route != NULL ? route->path : other != NULL ? "another method" : "nowhere";
}

static void routes_find__takes_one_part_of_the_path_for_what_is_named(void **state)
{
    static const char safety[] = "/api/v1/contacts/{peer}/safety";
    (void)state;
    assert_string_equal(lead(&routes_local, "GET", "/api/v1/contacts/ed25519:AB-C_/safety"),
                        safety);
    assert_string_equal(lead(&routes_local, "HEAD", "/api/v1/contacts/x/safety"), safety);
    assert_string_equal(lead(&routes_local, "GET", "/api/v1/contacts/{peer}/safety"), safety);
    assert_string_equal(lead(&routes_local, "POST", "/api/v1/contacts/x/verified"),
                        "/api/v1/contacts/{peer}/verified");
    assert_string_equal(lead(&routes_local, "POST", "/api/v1/contacts/x/safety"), "another method");
}

static void routes_find__leads_nowhere_beside_that(void **state)
{
    static const char *const paths[] = {"/api/v1/contacts//safety",
                                        "/api/v1/contacts/a/b/safety",
                                        "/api/v1/contacts/x/safety/",
                                        "/api/v1/contacts/x/safet",
                                        "/api/v1/contacts/",
                                        "/api/v1/node/",
                                        "/api/v1/nod",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_equal(lead(&routes_local, "GET", paths[i]), "nowhere");
    }
    assert_string_equal(lead(&routes_peer, "GET", "/api/v1/contacts/x/safety"), "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_find__takes_one_part_of_the_path_for_what_is_named),
        cmocka_unit_test(routes_find__leads_nowhere_beside_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
