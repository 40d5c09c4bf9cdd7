#include "protocol/receiving_key.h"

#include <string.h>

#include "support/test_support.h"

static void receiving_key__is_read_as_it_is_written(void **state)
{
    static const char text[] = "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4";
    char written[RECEIVING_KEY_TEXT_BYTES];
    struct receiving_key key;
    (void)state;
    assert_int_equal(receiving_key_parse(text, &key), RESULT_OK);
    receiving_key_format(&key, written);
    assert_string_equal(written, text);
}

static void receiving_key__is_none_that_nothing_can_be_sealed_to(void **state)
{
    static const char *const texts[] = {
        "",
        "x25519:",
        "ed25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4",
        "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl",
        "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4=",
        "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl5", /* bits that are not zero */
        "x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* of low order */
        "x25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x25519:4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA",
        "x25519:X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc",
        "x25519:7P_______________________________________38",
        "x25519:CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA", /* 9, with the highest bit */
        "x25519:7________________________________________38", /* 2, as 2^255 - 17 */
        "x25519:_________________________________________38",
    };
    struct receiving_key key;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(receiving_key_parse(texts[i], &key), RESULT_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receiving_key__is_read_as_it_is_written),
        cmocka_unit_test(receiving_key__is_none_that_nothing_can_be_sealed_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
