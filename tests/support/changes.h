/* What members of a street say of messages: as an owner says it, as somebody crafts it, and what
 * is shown of it.
 *
 * Thread: the test's.
 */
#ifndef HEARTHCHAT_TESTS_CHANGES_H
#define HEARTHCHAT_TESTS_CHANGES_H

#include "protocol/payload.h"
#include "store/log_append_change.h"
#include "support/neighbours.h"

/* What is shown of one message. */
struct shown {
    const char *event_id;
    int count; /* of all messages of that log */
    bool found;
    enum message_e2e e2e;
    char body[64];
    bool edited;
    bool deleted;
    char own_reaction[PAYLOAD_MOST_EMOJI_BYTES + 1];
    char peer_reaction[PAYLOAD_MOST_EMOJI_BYTES + 1];
    bool is_reply;
    char reply_to[ULID_TEXT_BYTES];
};

/* What members craft as they like, all sealed to a prekey of its reader, each with the next
 * lamport. */
struct crafting {
    struct neighbours *street;
    int reader;
    struct receiving_key prekey;
    unsigned made;
    int64_t lamport;
};

/* Fails the test when nothing is shown of it. */
struct shown changes_look(struct neighbours *street, int who, const char *event_id);

int changes_count_search(struct neighbours *street, int who, const char *text);

/* Said by the owner; the second with a client_id of its own. */
struct append_answer changes_append(struct neighbours *street, int who,
                                    const struct log_change *change);
struct append_answer changes_say(struct neighbours *street, int who, enum payload_kind kind,
                                 const char *event_id, const char *text);

/* A message that answers another one; "": none. */
struct append_answer changes_send(struct neighbours *street, int from, int to, const char *text,
                                  const char *reply_to);

struct crafting changes_craft_for(struct neighbours *street, int reader);
struct verified_event *changes_craft_text(struct crafting *crafting, int author, const char *text);
struct verified_event *changes_craft_edit(struct crafting *crafting, int author,
                                          const uint8_t *target, const char *text);
struct verified_event *changes_craft_delete(struct crafting *crafting, int author,
                                            const uint8_t *target);
struct verified_event *changes_craft_reaction(struct crafting *crafting, int author,
                                              const uint8_t *target, const char *emoji);

/* Its reader accepts it; consumes the event. */
void changes_receive(struct crafting *crafting, struct verified_event *event);

#endif
