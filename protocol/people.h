/* People: a small number for each key that founded the community or wrote a fact of it, so that
 * facts and standings name a person in four bytes.
 *
 * Thread: one at a time. Numbers begin at 0 and never change.
 */
#ifndef HEARTHCHAT_PROTOCOL_PEOPLE_H
#define HEARTHCHAT_PROTOCOL_PEOPLE_H

#include <stdint.h>

#include "protocol/node_id.h"

#define PEOPLE_NOBODY UINT32_MAX

struct people {
    struct node_id *keys; /* by number */
    uint32_t *by_key;     /* numbers, in the order of the keys */
    uint32_t count;
    uint32_t capacity;
};

void people_init(struct people *people);
void people_deinit(struct people *people);

/* PEOPLE_NOBODY when the key has no number. */
uint32_t people_find(const struct people *people, const struct node_id *key);

/* Its number; a new one when it had none. */
uint32_t people_add(struct people *people, const struct node_id *key);

/* Forgets those whose number is `count` or greater. */
void people_keep_first(struct people *people, uint32_t count);

#endif
