/* The envelope of a direct message (§24.2 to §24.4): a payload sealed so that its recipient can
 * open it, and nobody else who has the log.
 *
 * Thread: any. Pure: keys are looked up and kept by others (§24.11). Content keys are secret: who
 * has one wipes it (signing_wipe()).
 */
#ifndef HEARTHCHAT_PROTOCOL_ENVELOPE_H
#define HEARTHCHAT_PROTOCOL_ENVELOPE_H

#include <jansson.h>

#include "core/buffer.h"
#include "protocol/node_id.h"
#include "protocol/receiving_key.h"

#define ENVELOPE_KEY_BYTES 32    /* of a content key */
#define ENVELOPE_COMMIT_BYTES 32 /* by which a key is known to be that of a message */
#define ENVELOPE_MOST_PAYLOAD_BYTES 98304

struct content_key {
    uint8_t key[ENVELOPE_KEY_BYTES];
};

/* The message around it, without which it does not open. Borrowed. */
struct envelope_place {
    const struct node_id *author;
    const struct node_id *recipient;
    const struct node_id *community_id;
    const char *client_id;
};

/* To whom, and what only this message has. */
struct envelope_sealing {
    struct receiving_key to;
    uint32_t seq;                      /* §24.2: one more than was ever sealed to them */
    const uint8_t *ephemeral;          /* HPKE_KEY_BYTES, random */
    struct content_key key;            /* random */
    const struct receiving_key *reply; /* a new offer; NULL: none */
};

/* "body" of chat.message.sent; the payload is canonical JSON, ENVELOPE_MOST_PAYLOAD_BYTES at most.
 * NULL: nothing can be sealed to that key. The caller owns it. */
json_t *envelope_seal(const struct envelope_place *place, const struct envelope_sealing *sealing,
                      const void *payload, size_t payload_bytes);

/* What became of opening one. */
enum envelope_outcome {
    ENVELOPE_OPENED,
    ENVELOPE_WAITING,     /* for a secret, or a key that the author gives */
    ENVELOPE_UNREADABLE,  /* for good */
    ENVELOPE_UNSUPPORTED, /* by this version */
};

/* A receiving key of ours with that tag: the `number`-th, from 0. False: there are no more. */
typedef bool envelope_find_secret(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                                  size_t number, struct hpke_pair *pair_out);

/* Steps 1 to 3: the content key, which fits the message. */
enum envelope_outcome envelope_find_key(const json_t *body, const struct envelope_place *place,
                                        envelope_find_secret *find, void *context,
                                        struct content_key *key_out);

/* Whether a key is that of the message: for what an author gives (§24.8). */
bool envelope_is_key(const json_t *body, const struct content_key *key);

/* Steps 1 and 4, with that key: the payload, appended. Whether its JSON is one, and its kind known,
 * is its reader's to see. */
enum envelope_outcome envelope_open(const json_t *body, const struct envelope_place *place,
                                    const struct content_key *key, struct buffer *payload);

/* What the header says in clear, as far as it is understood. False: nothing is. */
struct envelope_header {
    uint8_t commit[ENVELOPE_COMMIT_BYTES];
    bool has_reply;
    struct receiving_key reply;
    size_t record_count;                  /* of `keys`; 0: they are none */
    uint32_t number;                      /* `seq` of the first, from 1 (§24.2) */
    uint8_t tag[RECEIVING_KEY_TAG_BYTES]; /* to which receiving key it was sealed */
};
bool envelope_read_header(const json_t *body, struct envelope_header *header_out);

/* The tag of its first record alone. */
bool envelope_read_tag(const json_t *body, uint8_t tag_out[static RECEIVING_KEY_TAG_BYTES]);

/* How much text its ciphertext is. */
size_t envelope_sealed_bytes(const json_t *body);

#endif
