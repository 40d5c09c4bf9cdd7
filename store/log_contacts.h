/* What the owner keeps of others for themselves: a nickname; whom they mute, block and pin. Of this
 * node alone, in no event.
 *
 * Who is blocked is not told: what they write is stored and passed on like any event (else logs
 * would differ), but it isn't shown, no program of the owner's is told of it, and no receipt is
 * written for it, not even when they are no longer blocked. What they delete is deleted all the
 * same, and keys that they give are taken. Nothing is written to them.
 * Thread: any that may read the log.
 */
#ifndef HEARTHCHAT_STORE_LOG_CONTACTS_H
#define HEARTHCHAT_STORE_LOG_CONTACTS_H

#include "protocol/person_name.h"
#include "store/event_log.h"

#define LOG_CONTACTS_MOST_NICKNAME_BYTES 64

struct log_contact {
    struct node_id node_id;
    char nickname[LOG_CONTACTS_MOST_NICKNAME_BYTES + 1]; /* "": none */
    struct person_name_keys keys;                        /* of the nickname */
    bool muted;
    bool blocked;
    bool pinned;
};

/* What is to be from now on; NULL: what it was. Borrowed for the call. */
struct log_contact_wish {
    const char *nickname; /* at most LOG_CONTACTS_MOST_NICKNAME_BYTES */
    const bool *muted;
    const bool *blocked;
    const bool *pinned;
};

/* Nothing else of the answer is set but `result` and `error`. RESULT_NOT_FOUND: that is no member,
 * and there is no conversation. RESULT_IO. `done` runs on the writer's thread, after the commit,
 * and must not block; when this returns anything but RESULT_OK it is never called. */
enum result log_contacts_change(struct event_log *log, const struct node_id *contact,
                                const struct log_contact_wish *wish, event_log_answered *done,
                                void *context);

/* All of whom something is kept. */
struct log_contacts {
    struct log_contact *list; /* in the order of NodeIDs */
    size_t count;
};

/* RESULT_IO: they can't be read, and there are none of them. To be freed in any case. */
enum result log_contacts_read(struct event_log *log, struct log_contacts *contacts_out);
void log_contacts_free(struct log_contacts *contacts);

/* Never NULL: of whom nothing is kept, all is none. Borrowed. */
const struct log_contact *log_contacts_find(const struct log_contacts *contacts,
                                            const struct node_id *node_id);

#endif
