/* The community's facts on the disk: kept with their events, read at start without looking at an
 * event again.
 *
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_FACTS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_FACTS_PRIVATE_H

#include "store/log_private.h"

/* A stored event that drives the membership. */
void log_facts_keep(struct event_log *log, const struct event *event, int64_t seq);

/* Makes the community from what is kept. The caller destroys it. */
struct community *log_facts_read(struct event_log *log);

/* Tells the community which kept facts a person has signed that is new to it. */
void log_facts_add_signer(struct event_log *log, struct community *community, uint32_t person);

/* The name in a fact; "": there is none. The caller frees. */
char *log_facts_name_in(struct event_log *log, uint32_t fact);

/* The community's name as it was created; "" before. The caller frees. */
char *log_facts_name(struct event_log *log);

#endif
