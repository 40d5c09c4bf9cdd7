#include "server/request_target.h"

#include "support/test_support.h"

static void request_target_is_text__refuses_nul_and_what_is_no_utf8(void **state)
{
    static const char *const texts[] = {
        "/",
        "/api/v1/chat/search?q=Gr%C3%BC%c3%9fe&peer=",
        "/?q=\xc3\xbc",
        "/%2500?100%",
        "/?q=%zz",
        "/?a=%0",
        "/?q=%C3%BC+%E2%82%AC%F0%9F%98%80",
    };
    static const char *const others[] = {
        "/api/v1/node%00",
        "/%00",
        "/?peer=ed25519:A%00B",
        "/?%00=1",
        "/?q=%fc",
        "/?q=\xfc",
        "/J%FCrgen",
        "/?q=%C3",
        "/?q=%C3&r=%BC",
        "/?q=%ed%a0%80",
        "/?topic=member.changed%00",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!request_target_is_text(texts[i])) {
            fail_msg("refused: %s", texts[i]);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (request_target_is_text(others[i])) {
            fail_msg("taken: %s", others[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_target_is_text__refuses_nul_and_what_is_no_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
