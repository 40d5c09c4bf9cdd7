#include "protocol/envelope.h"

#include <sodium.h>
#include <string.h>

#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/hkdf.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/padding.h"

enum {
    VERSION = 1,
    SEQ_BYTES = 4,
    SEALED_BYTES = ENVELOPE_KEY_BYTES + HPKE_TAG_BYTES,
    RECORD_BYTES = RECEIVING_KEY_TAG_BYTES + SEQ_BYTES + HPKE_KEY_BYTES + SEALED_BYTES,
    NONCE_BYTES = crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
};

/* hpke_hash_info() of "hearthnet e2e 1 key". */
static const uint8_t info_hash[HPKE_HASH_BYTES] = {
    0x72, 0xfc, 0xb0, 0x7a, 0x6e, 0xb7, 0xe5, 0xaa, 0x03, 0x76, 0xa2, 0x28, 0x91, 0xc4, 0x9a, 0x4e,
    0xd9, 0x55, 0x01, 0x73, 0x53, 0x2a, 0xc5, 0x15, 0x02, 0xd5, 0x00, 0xae, 0x20, 0xe5, 0xef, 0x21};
static const uint8_t nonce[NONCE_BYTES] = {0}; /* each key serves once */

/* One recipient's, in the order of its bytes. */
struct record {
    uint8_t tag[RECEIVING_KEY_TAG_BYTES];
    uint32_t seq;
    uint8_t enc[HPKE_KEY_BYTES];
    uint8_t sealed[SEALED_BYTES];
};

/* What follows from a content key. */
struct derived {
    uint8_t commit[ENVELOPE_COMMIT_BYTES];
    uint8_t body_key[HKDF_KEY_BYTES];
};

static void derive(const struct content_key *key, struct derived *derived_out)
{
    static const char commit[] = "hearthnet e2e 1 commit";
    static const char body[] = "hearthnet e2e 1 body";
    const struct hkdf_part labels[] = {{commit, sizeof commit - 1}, {body, sizeof body - 1}};
    const struct hkdf_output outputs[] = {
        {&labels[0], 1, derived_out->commit, sizeof derived_out->commit},
        {&labels[1], 1, derived_out->body_key, sizeof derived_out->body_key}};
    hkdf_expand_each(key->key, outputs, sizeof outputs / sizeof *outputs);
}

static json_t *encode(const void *bytes, size_t length_bytes)
{
    struct buffer text;
    buffer_init(&text);
    base64url_encode_public(bytes, length_bytes, &text);
    json_t *json = json_build_text(buffer_text(&text));
    buffer_deinit(&text);
    return json;
}

static void write_text(const char *before, const char *text, struct buffer *out)
{
    buffer_append_text(out, before);
    canonical_write_text(text, strlen(text), out);
}

static void write_node_id(const char *before, const struct node_id *node_id, struct buffer *out)
{
    char text[NODE_ID_TEXT_BYTES];
    node_id_format(node_id, text);
    write_text(before, text, out);
}

/* W of §24.3, as canonical_write() would: its members in the order of their names. */
static void write_wrap(const struct envelope_place *place,
                       const uint8_t commit[static ENVELOPE_COMMIT_BYTES], uint32_t seq,
                       struct buffer *text)
{
    write_node_id("{\"author\":", place->author, text);
    write_text(",\"client_id\":", place->client_id, text);
    buffer_append_text(text, ",\"commit\":\"");
    base64url_encode_public(commit, ENVELOPE_COMMIT_BYTES, text);
    write_node_id("\",\"community_id\":", place->community_id, text);
    write_node_id(",\"recipient\":", place->recipient, text);
    buffer_append_format(text, ",\"seq\":%lu}", (unsigned long)seq);
}

/* A of §24.3, the same way. */
static void write_associated(const struct envelope_place *place, const json_t *header,
                             struct buffer *text)
{
    write_node_id("{\"author\":", place->author, text);
    write_text(",\"client_id\":", place->client_id, text);
    write_node_id(",\"community_id\":", place->community_id, text);
    buffer_append_text(text, ",\"header\":");
    (void)canonical_write(header, text);
    write_node_id(",\"recipient\":", place->recipient, text);
    buffer_append_byte(text, '}');
}

static enum result seal_record(const struct envelope_place *place,
                               const struct envelope_sealing *sealing,
                               const uint8_t commit[static ENVELOPE_COMMIT_BYTES],
                               uint8_t record_out[static RECORD_BYTES])
{
    uint8_t *at = record_out;
    struct buffer aad;
    buffer_init(&aad);
    write_wrap(place, commit, sealing->seq, &aad);
    const struct hpke_context context = {info_hash, aad.data, aad.length_bytes};
    memcpy(at, sealing->to.key, RECEIVING_KEY_TAG_BYTES);
    at += RECEIVING_KEY_TAG_BYTES;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(sealing->seq >> shift);
    }
    enum result result = hpke_seal(sealing->to.key, sealing->ephemeral, &context, sealing->key.key,
                                   ENVELOPE_KEY_BYTES, at, at + HPKE_KEY_BYTES);
    buffer_deinit(&aad);
    return result;
}

static json_t *seal_payload(const struct envelope_place *place, const json_t *header,
                            const uint8_t body_key[static HKDF_KEY_BYTES], const void *payload,
                            size_t payload_bytes)
{
    struct buffer padded;
    struct buffer aad;
    struct buffer ciphertext;
    buffer_init(&padded);
    buffer_init(&aad);
    buffer_init(&ciphertext);
    padding_add(payload, payload_bytes, &padded);
    write_associated(place, header, &aad);
    buffer_append(&ciphertext, padded.data, padded.length_bytes);
    for (size_t i = 0; i < HPKE_TAG_BYTES; i++) {
        buffer_append_byte(&ciphertext, '\0');
    }
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(
        (uint8_t *)ciphertext.data, NULL, (const uint8_t *)padded.data, padded.length_bytes,
        (const uint8_t *)aad.data, aad.length_bytes, NULL, nonce, body_key);
    json_t *json = encode(ciphertext.data, ciphertext.length_bytes);
    sodium_memzero(padded.data, padded.length_bytes);
    buffer_deinit(&padded);
    buffer_deinit(&aad);
    buffer_deinit(&ciphertext);
    return json;
}

json_t *envelope_seal(const struct envelope_place *place, const struct envelope_sealing *sealing,
                      const void *payload, size_t payload_bytes)
{
    struct derived derived;
    uint8_t record[RECORD_BYTES];
    char reply[RECEIVING_KEY_TEXT_BYTES];
    derive(&sealing->key, &derived);
    if (seal_record(place, sealing, derived.commit, record) != RESULT_OK) {
        sodium_memzero(&derived, sizeof derived);
        return NULL;
    }
    json_t *header = json_build_pack("{s:i,s:o,s:o}", "v", VERSION, "commit",
                                     encode(derived.commit, sizeof derived.commit), "keys",
                                     encode(record, sizeof record));
    if (sealing->reply != NULL) {
        receiving_key_format(sealing->reply, reply);
        (void)json_object_set_new(header, "reply", json_build_text(reply));
    }
    json_t *ciphertext = seal_payload(place, header, derived.body_key, payload, payload_bytes);
    sodium_memzero(&derived, sizeof derived);
    return json_build_pack("{s:b,s:o,s:o}", "e2e", 1, "header", header, "ciphertext", ciphertext);
}

/* Of text that may be anything. False: it is no base64url, or empty. */
static bool decode(const json_t *object, const char *name, struct buffer *bytes)
{
    const char *text = NULL;
    size_t length = 0;
    return json_members_string(object, name, &text, &length) && length > 0 &&
           base64url_decode_public(text, length, bytes) == RESULT_OK;
}

/* Step 1: *header_out is understood, and its commitment there. */
static enum envelope_outcome read_header(const json_t *body, const json_t **header_out,
                                         uint8_t commit_out[static ENVELOPE_COMMIT_BYTES])
{
    int64_t version = 0;
    const char *commit = NULL;
    if (!json_members_object(body, "header", header_out) ||
        !json_members_integer(*header_out, "v", INT64_MIN, INT64_MAX, &version)) {
        return ENVELOPE_UNREADABLE;
    }
    if (version != VERSION) {
        return ENVELOPE_UNSUPPORTED;
    }
    return json_members_string(*header_out, "commit", &commit, NULL) &&
                   base64url_decode_exact(commit, commit_out, ENVELOPE_COMMIT_BYTES)
               ? ENVELOPE_OPENED
               : ENVELOPE_UNREADABLE;
}

static void read_record(const uint8_t *bytes, struct record *record_out)
{
    memcpy(record_out->tag, bytes, sizeof record_out->tag);
    bytes += sizeof record_out->tag;
    record_out->seq = 0;
    for (size_t i = 0; i < SEQ_BYTES; i++) {
        record_out->seq = record_out->seq << 8 | *bytes++;
    }
    memcpy(record_out->enc, bytes, sizeof record_out->enc);
    memcpy(record_out->sealed, bytes + sizeof record_out->enc, sizeof record_out->sealed);
}

/* Step 2, of one record: all secrets that its tag may mean. */
static enum envelope_outcome try_record(const struct record *record,
                                        const struct envelope_place *place,
                                        const uint8_t commit[static ENVELOPE_COMMIT_BYTES],
                                        envelope_find_secret *find, void *context,
                                        struct content_key *key_out)
{
    enum envelope_outcome outcome = ENVELOPE_WAITING;
    struct hpke_pair pair;
    struct buffer aad;
    buffer_init(&aad);
    for (size_t i = 0; outcome != ENVELOPE_OPENED && find(context, record->tag, i, &pair); i++) {
        if (aad.length_bytes == 0) {
            write_wrap(place, commit, record->seq, &aad);
        }
        const struct hpke_context wrap = {info_hash, aad.data, aad.length_bytes};
        outcome = hpke_open(&pair, record->enc, &wrap, record->sealed, sizeof record->sealed,
                            key_out->key) == RESULT_OK
                      ? ENVELOPE_OPENED
                      : ENVELOPE_UNREADABLE;
    }
    sodium_memzero(&pair, sizeof pair);
    buffer_deinit(&aad);
    return outcome;
}

static bool fits(const struct content_key *key, const uint8_t commit[static ENVELOPE_COMMIT_BYTES])
{
    struct derived derived;
    derive(key, &derived);
    bool same = sodium_memcmp(derived.commit, commit, sizeof derived.commit) == 0;
    sodium_memzero(&derived, sizeof derived);
    return same;
}

/* The records of a header, appended. False: they are none. */
static bool read_records(const json_t *header, struct buffer *records)
{
    return decode(header, "keys", records) && records->length_bytes % RECORD_BYTES == 0;
}

enum envelope_outcome envelope_find_key(const json_t *body, const struct envelope_place *place,
                                        envelope_find_secret *find, void *context,
                                        struct content_key *key_out)
{
    uint8_t commit[ENVELOPE_COMMIT_BYTES];
    const json_t *header = NULL;
    struct buffer records;
    enum envelope_outcome outcome = read_header(body, &header, commit);
    if (outcome != ENVELOPE_OPENED) {
        return outcome;
    }
    buffer_init(&records);
    outcome = read_records(header, &records) ? ENVELOPE_WAITING : ENVELOPE_UNREADABLE;
    bool of_ours = false; /* some tag is that of a secret, and does not open */
    for (size_t at = 0; outcome == ENVELOPE_WAITING && at < records.length_bytes;
         at += RECORD_BYTES) {
        struct record record;
        read_record((const uint8_t *)records.data + at, &record);
        enum envelope_outcome tried = try_record(&record, place, commit, find, context, key_out);
        of_ours = of_ours || tried == ENVELOPE_UNREADABLE;
        outcome = tried == ENVELOPE_OPENED ? tried : outcome;
    }
    buffer_deinit(&records);
    if (outcome == ENVELOPE_WAITING && of_ours) {
        outcome = ENVELOPE_UNREADABLE;
    }
    return outcome == ENVELOPE_OPENED && !fits(key_out, commit) ? ENVELOPE_UNREADABLE : outcome;
}

bool envelope_is_key(const json_t *body, const struct content_key *key)
{
    uint8_t commit[ENVELOPE_COMMIT_BYTES];
    const json_t *header = NULL;
    return read_header(body, &header, commit) == ENVELOPE_OPENED && fits(key, commit);
}

static bool open_payload(const struct envelope_place *place, const json_t *header,
                         const uint8_t body_key[static HKDF_KEY_BYTES],
                         const struct buffer *ciphertext, struct buffer *payload)
{
    struct buffer padded;
    struct buffer aad;
    const char *within = NULL;
    size_t length = 0;
    buffer_init(&padded);
    buffer_init(&aad);
    write_associated(place, header, &aad);
    buffer_append(&padded, ciphertext->data, ciphertext->length_bytes);
    bool opened = ciphertext->length_bytes >= HPKE_TAG_BYTES &&
                  crypto_aead_chacha20poly1305_ietf_decrypt(
                      (uint8_t *)padded.data, NULL, NULL, (const uint8_t *)ciphertext->data,
                      ciphertext->length_bytes, (const uint8_t *)aad.data, aad.length_bytes, nonce,
                      body_key) == 0 &&
                  padding_strip(padded.data, ciphertext->length_bytes - HPKE_TAG_BYTES, &within,
                                &length) == RESULT_OK &&
                  length <= ENVELOPE_MOST_PAYLOAD_BYTES;
    if (opened) {
        buffer_append(payload, within, length);
    }
    sodium_memzero(padded.data, padded.length_bytes);
    buffer_deinit(&padded);
    buffer_deinit(&aad);
    return opened;
}

enum envelope_outcome envelope_open(const json_t *body, const struct envelope_place *place,
                                    const struct content_key *key, struct buffer *payload)
{
    uint8_t commit[ENVELOPE_COMMIT_BYTES];
    const json_t *header = NULL;
    struct derived derived;
    struct buffer ciphertext;
    enum envelope_outcome outcome = read_header(body, &header, commit);
    if (outcome != ENVELOPE_OPENED) {
        return outcome;
    }
    buffer_init(&ciphertext);
    derive(key, &derived);
    bool opened = sodium_memcmp(derived.commit, commit, sizeof commit) == 0 &&
                  decode(body, "ciphertext", &ciphertext) &&
                  open_payload(place, header, derived.body_key, &ciphertext, payload);
    sodium_memzero(&derived, sizeof derived);
    buffer_deinit(&ciphertext);
    return opened ? ENVELOPE_OPENED : ENVELOPE_UNREADABLE;
}

bool envelope_read_header(const json_t *body, struct envelope_header *header_out)
{
    const json_t *header = NULL;
    const char *reply = NULL;
    *header_out = (struct envelope_header){.has_reply = false};
    if (read_header(body, &header, header_out->commit) != ENVELOPE_OPENED) {
        return false;
    }
    header_out->has_reply = json_members_string(header, "reply", &reply, NULL) &&
                            receiving_key_parse(reply, &header_out->reply) == RESULT_OK;
    struct buffer records;
    buffer_init(&records);
    if (read_records(header, &records)) {
        struct record first;
        read_record((const uint8_t *)records.data, &first);
        header_out->record_count = records.length_bytes / RECORD_BYTES;
        header_out->number = first.seq;
        memcpy(header_out->tag, first.tag, sizeof first.tag);
    }
    buffer_deinit(&records);
    return true;
}

bool envelope_read_tag(const json_t *body, uint8_t tag_out[static RECEIVING_KEY_TAG_BYTES])
{
    enum { BEGINNING_BYTES = 12, BEGINNING_DECODED_BYTES = 9 }; /* whole groups with the tag */
    char beginning[BEGINNING_BYTES + 1];
    uint8_t decoded[BEGINNING_DECODED_BYTES];
    const json_t *header = NULL;
    const char *keys = NULL;
    size_t length = 0;
    if (!json_members_object(body, "header", &header) ||
        !json_members_string(header, "keys", &keys, &length) || length < BEGINNING_BYTES) {
        return false;
    }
    memcpy(beginning, keys, BEGINNING_BYTES);
    beginning[BEGINNING_BYTES] = '\0';
    if (!base64url_decode_exact(beginning, decoded, sizeof decoded)) {
        return false;
    }
    memcpy(tag_out, decoded, RECEIVING_KEY_TAG_BYTES);
    return true;
}

size_t envelope_sealed_bytes(const json_t *body)
{
    const char *text = NULL;
    size_t length = 0;
    return json_members_string(body, "ciphertext", &text, &length) ? length : 0;
}
