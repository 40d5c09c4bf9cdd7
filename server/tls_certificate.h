/* The peer listener's certificate: self-signed, its key is the device's key (§9).
 *
 * Thread: startup; tls_certificate_read_key(): any. The PEM texts are secret or not as their names
 * say; tls_certificate_deinit() wipes.
 */
#ifndef HEARTHCHAT_SERVER_TLS_CERTIFICATE_H
#define HEARTHCHAT_SERVER_TLS_CERTIFICATE_H

#include "core/error.h"
#include "protocol/signing.h"

struct tls_certificate {
    char *certificate_pem;
    char *key_pem; /* secret */
};

/* Reads tls/server.crt of the data directory, or makes it when it is absent or of another key.
 * RESULT_FULL, RESULT_IO. tls_certificate_deinit() in any case. */
enum result tls_certificate_load(const char *data_directory, const struct signing_key *key,
                                 struct tls_certificate *certificate_out, struct error *error);
void tls_certificate_deinit(struct tls_certificate *certificate);

/* The Ed25519 key of a certificate in DER. RESULT_INVALID when it has another kind of key. */
enum result tls_certificate_read_key(const void *der, size_t length_bytes,
                                     struct node_id *node_id_out);

/* Prepares GnuTLS, once at start, before anything else here. RESULT_IO when it can't be. */
enum result tls_certificate_start(void);

#endif
