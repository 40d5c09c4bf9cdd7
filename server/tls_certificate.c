#include "server/tls_certificate.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 16384 };

/* Certificates say who, never until when: a house without internet has no true clock. */
static const time_t not_before = 1577836800; /* 2020-01-01 */
static const time_t not_after = 4102444800;  /* 2100-01-01 */

enum result tls_certificate_start(void)
{
    return gnutls_global_init() == GNUTLS_E_SUCCESS ? RESULT_OK : RESULT_IO;
}

static enum result raw_key(gnutls_x509_crt_t certificate, struct node_id *node_id_out)
{
    gnutls_pubkey_t public_key = NULL;
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    gnutls_datum_t x = {NULL, 0};
    enum result result = RESULT_INVALID;
    if (gnutls_pubkey_init(&public_key) == GNUTLS_E_SUCCESS &&
        gnutls_pubkey_import_x509(public_key, certificate, 0) == GNUTLS_E_SUCCESS &&
        gnutls_pubkey_export_ecc_raw2(public_key, &curve, &x, NULL, GNUTLS_EXPORT_FLAG_NO_LZ) ==
            GNUTLS_E_SUCCESS &&
        curve == GNUTLS_ECC_CURVE_ED25519 && x.size == NODE_ID_BYTES) {
        result = node_id_from_key(x.data, node_id_out);
    }
    gnutls_free(x.data);
    gnutls_pubkey_deinit(public_key);
    return result;
}

static enum result read_key(const void *bytes, size_t length_bytes, gnutls_x509_crt_fmt_t format,
                            struct node_id *node_id_out)
{
    gnutls_x509_crt_t certificate = NULL;
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)bytes, (unsigned)length_bytes};
    enum result result = RESULT_INVALID;
    if (gnutls_x509_crt_init(&certificate) == GNUTLS_E_SUCCESS) {
        if (gnutls_x509_crt_import(certificate, &datum, format) == GNUTLS_E_SUCCESS) {
            result = raw_key(certificate, node_id_out);
        }
        gnutls_x509_crt_deinit(certificate);
    }
    return result;
}

enum result tls_certificate_read_key(const void *der, size_t length_bytes,
                                     struct node_id *node_id_out)
{
    return read_key(der, length_bytes, GNUTLS_X509_FMT_DER, node_id_out);
}

/* PKCS#8: a fixed head, then the seed. */
static char *make_key_pem(const struct signing_key *key)
{
    static const uint8_t head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    uint8_t der[sizeof head + SIGNING_SEED_BYTES];
    gnutls_datum_t input = {der, sizeof der};
    gnutls_datum_t pem = {NULL, 0};
    char *text = NULL;
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, key->secret, SIGNING_SEED_BYTES);
    if (gnutls_pem_base64_encode2("PRIVATE KEY", &input, &pem) == GNUTLS_E_SUCCESS) {
        text = memory_duplicate(pem.data, pem.size);
        signing_wipe(pem.data, pem.size);
        gnutls_free(pem.data);
    }
    signing_wipe(der, sizeof der);
    return text;
}

static bool fill_certificate(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t private_key,
                             const struct node_id *node_id)
{
    char short_id[NODE_ID_SHORT_BYTES];
    uint8_t serial[16];
    node_id_format_short(node_id, short_id);
    char *name = memory_format("%s.hearthnet.local", short_id + sizeof "ed25519:" - 1);
    signing_random(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 1);
    bool filled =
        gnutls_x509_crt_set_version(certificate, 3) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_set_serial(certificate, serial, sizeof serial) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_set_activation_time(certificate, not_before) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_set_expiration_time(certificate, not_after) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                      (unsigned)strlen(name)) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_set_key(certificate, private_key) == GNUTLS_E_SUCCESS;
    memory_free(name);
    return filled;
}

static char *make_certificate_pem(const struct signing_key *key)
{
    gnutls_x509_privkey_t private_key = NULL;
    gnutls_privkey_t signer = NULL;
    gnutls_x509_crt_t certificate = NULL;
    gnutls_datum_t x = {(unsigned char *)(uintptr_t)key->node_id.key, NODE_ID_BYTES};
    gnutls_datum_t k = {(unsigned char *)(uintptr_t)key->secret, SIGNING_SEED_BYTES};
    gnutls_datum_t pem = {NULL, 0};
    char *text = NULL;
    if (gnutls_x509_privkey_init(&private_key) == GNUTLS_E_SUCCESS &&
        gnutls_privkey_init(&signer) == GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_init(&certificate) == GNUTLS_E_SUCCESS &&
        gnutls_x509_privkey_import_ecc_raw(private_key, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &k) ==
            GNUTLS_E_SUCCESS &&
        gnutls_privkey_import_x509(signer, private_key, 0) == GNUTLS_E_SUCCESS &&
        fill_certificate(certificate, private_key, &key->node_id) &&
        gnutls_x509_crt_privkey_sign(certificate, certificate, signer, GNUTLS_DIG_SHA512, 0) ==
            GNUTLS_E_SUCCESS &&
        gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem) == GNUTLS_E_SUCCESS) {
        text = memory_duplicate(pem.data, pem.size);
        gnutls_free(pem.data);
    }
    gnutls_x509_crt_deinit(certificate);
    gnutls_privkey_deinit(signer);
    gnutls_x509_privkey_deinit(private_key);
    return text;
}

enum result tls_certificate_load(const char *data_directory, const struct signing_key *key,
                                 struct tls_certificate *certificate_out, struct error *error)
{
    size_t length = 0;
    struct node_id node_id;
    char *pem = NULL;
    char *path = data_directory_path(data_directory, "tls/server.crt");
    enum result result = RESULT_OK;
    if (data_directory_read_file(path, MOST_FILE_BYTES, &pem, &length) != RESULT_OK ||
        read_key(pem, length, GNUTLS_X509_FMT_PEM, &node_id) != RESULT_OK ||
        !node_id_equal(&node_id, &key->node_id)) {
        memory_free(pem);
        pem = make_certificate_pem(key);
        result = pem == NULL ? error_set(error, RESULT_IO, "The TLS certificate can't be made.")
                             : data_directory_write_file(path, pem, strlen(pem), error);
    }
    certificate_out->certificate_pem = pem;
    certificate_out->key_pem = make_key_pem(key);
    memory_free(path);
    return result;
}

void tls_certificate_deinit(struct tls_certificate *certificate)
{
    if (certificate->key_pem != NULL) {
        signing_wipe(certificate->key_pem, strlen(certificate->key_pem));
    }
    memory_free(certificate->key_pem);
    memory_free(certificate->certificate_pem);
    *certificate = (struct tls_certificate){0};
}
