#include "protocol/hpke.h"

#include <string.h>

#include "protocol/base64url.h"
#include "protocol/hex.h"
#include "support/test_support.h"

enum { TEXT_BYTES = 29, SECRET_BYTES = 32 };

static void read(const char *text, void *bytes_out)
{
    assert_true(hex_parse(text, bytes_out, strlen(text) / 2));
}

/* RFC 9180, appendix A.2.1, the first message. */
static const struct {
    const char *ephemeral;
    const char *receiving_key;
    const char *receiving_secret;
    const char *info;
    const char *aad;
    const char *text;
    const char *enc;
    const char *sealed;
} rfc = {"f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
         "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
         "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
         "4f6465206f6e2061204772656369616e2055726e",
         "436f756e742d30",
         "4265617574792069732074727574682c20747275746820626561757479",
         "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
         "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a2"
         "8"};

struct scene {
    uint8_t ephemeral[HPKE_KEY_BYTES];
    struct hpke_pair receiving;
    uint8_t info[20];
    uint8_t aad[7];
    uint8_t text[TEXT_BYTES];
    uint8_t info_hash[HPKE_HASH_BYTES];
    struct hpke_context context;
    uint8_t enc[HPKE_KEY_BYTES];
    uint8_t sealed[TEXT_BYTES + HPKE_TAG_BYTES];
};

static void set(struct scene *scene)
{
    read(rfc.ephemeral, scene->ephemeral);
    read(rfc.receiving_key, scene->receiving.public);
    read(rfc.receiving_secret, scene->receiving.secret);
    read(rfc.info, scene->info);
    read(rfc.aad, scene->aad);
    read(rfc.text, scene->text);
    hpke_hash_info(scene->info, sizeof scene->info, scene->info_hash);
    scene->context = (struct hpke_context){scene->info_hash, scene->aad, sizeof scene->aad};
    assert_int_equal(hpke_seal(scene->receiving.public, scene->ephemeral, &scene->context,
                               scene->text, TEXT_BYTES, scene->enc, scene->sealed),
                     RESULT_OK);
}

static enum result open(struct scene *scene, uint8_t text_out[static TEXT_BYTES])
{
    hpke_hash_info(scene->info, sizeof scene->info, scene->info_hash);
    return hpke_open(&scene->receiving, scene->enc, &scene->context, scene->sealed,
                     sizeof scene->sealed, text_out);
}

static void hpke__gives_what_its_rfc_says(void **state)
{
    struct scene scene;
    char text[2 * sizeof scene.sealed + 1];
    uint8_t opened[TEXT_BYTES];
    uint8_t key[HPKE_KEY_BYTES];
    (void)state;
    set(&scene);
    hex_format(scene.enc, sizeof scene.enc, text);
    assert_string_equal(text, rfc.enc);
    hex_format(scene.sealed, sizeof scene.sealed, text);
    assert_string_equal(text, rfc.sealed);
    hpke_public_key(scene.receiving.secret, key);
    assert_memory_equal(key, scene.receiving.public, sizeof key);
    assert_int_equal(open(&scene, opened), RESULT_OK);
    assert_memory_equal(opened, scene.text, TEXT_BYTES);
}

/* Each byte of what it depends on counts. */
static void hpke__opens_nothing_that_was_changed(void **state)
{
    struct scene scene;
    uint8_t opened[TEXT_BYTES];
    (void)state;
    set(&scene);
    struct {
        uint8_t *bytes;
        size_t count;
    } const parts[] = {{scene.receiving.secret, sizeof scene.receiving.secret},
                       {scene.enc, sizeof scene.enc},
                       {scene.info, sizeof scene.info},
                       {scene.aad, sizeof scene.aad},
                       {scene.sealed, sizeof scene.sealed}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (size_t at = 0; at < parts[i].count; at++) {
            parts[i].bytes[at] ^= 0x10;
            assert_int_equal(open(&scene, opened), RESULT_INVALID);
            parts[i].bytes[at] ^= 0x10;
        }
    }
    assert_int_equal(open(&scene, opened), RESULT_OK);
    scene.context.aad_bytes--;
    assert_int_equal(open(&scene, opened), RESULT_INVALID);
}

/* With such a key anybody would know what both sides have in common. */
static void hpke__seals_to_no_key_of_low_order(void **state)
{
    static const char *const low[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
    struct scene scene;
    (void)state;
    set(&scene);
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
        read(low[i], scene.receiving.public);
        assert_int_equal(hpke_seal(scene.receiving.public, scene.ephemeral, &scene.context,
                                   scene.text, TEXT_BYTES, scene.enc, scene.sealed),
                         RESULT_INVALID);
    }
}

/* §24.3: the record of the known answer. */
static void hpke__seals_as_other_nodes_do(void **state)
{
    static const char info[] = "hearthnet e2e 1 key";
    enum { RECORD_BYTES = 92, ENC_AT = 12 };
    json_t *vectors = test_vectors("e2e.json");
    const json_t *bob = json_object_get(vectors, "bob_receiving_key");
    const json_t *header = json_object_get(
        json_object_get(json_object_get(json_object_get(vectors, "event"), "data"), "body"),
        "header");
    const char *aad = json_string_value(json_object_get(vectors, "wrap_aad"));
    uint8_t info_hash[HPKE_HASH_BYTES];
    const struct hpke_context context = {info_hash, aad, strlen(aad)};
    struct hpke_pair receiving;
    uint8_t ephemeral[HPKE_KEY_BYTES];
    uint8_t secret[SECRET_BYTES];
    uint8_t record[RECORD_BYTES];
    uint8_t sealed[HPKE_KEY_BYTES + SECRET_BYTES + HPKE_TAG_BYTES];
    uint8_t opened[SECRET_BYTES];
    (void)state;
    read(json_string_value(json_object_get(bob, "secret")), receiving.secret);
    read(json_string_value(json_object_get(vectors, "ephemeral_secret")), ephemeral);
    read(json_string_value(json_object_get(vectors, "content_key")), secret);
    assert_true(base64url_decode_exact(json_string_value(json_object_get(header, "keys")), record,
                                       sizeof record));
    hpke_hash_info(info, sizeof info - 1, info_hash);
    hpke_public_key(receiving.secret, receiving.public);
    assert_memory_equal(record, receiving.public, 8); /* the tag */
    assert_int_equal(hpke_seal(receiving.public, ephemeral, &context, secret, sizeof secret, sealed,
                               sealed + HPKE_KEY_BYTES),
                     RESULT_OK);
    assert_memory_equal(record + ENC_AT, sealed, sizeof sealed);
    assert_int_equal(hpke_open(&receiving, record + ENC_AT, &context,
                               record + ENC_AT + HPKE_KEY_BYTES, SECRET_BYTES + HPKE_TAG_BYTES,
                               opened),
                     RESULT_OK);
    assert_memory_equal(opened, secret, sizeof secret);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hpke__gives_what_its_rfc_says),
        cmocka_unit_test(hpke__opens_nothing_that_was_changed),
        cmocka_unit_test(hpke__seals_to_no_key_of_low_order),
        cmocka_unit_test(hpke__seals_as_other_nodes_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
