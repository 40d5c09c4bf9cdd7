/* Tells the local network where this node is, and hears it from others (§19).
 *
 * A thread sends hints on every link that is up and hears those of others; what comes in is bounded
 * before it is read (hint_limit.h). Nothing here is believed: `heard` names a place worth a try.
 *
 * Thread: start/stop/destroy: startup; everything else: any. The callbacks run on its thread.
 */
#ifndef HEARTHCHAT_SERVER_LAN_DISCOVERY_H
#define HEARTHCHAT_SERVER_LAN_DISCOVERY_H

#include "core/clock.h"
#include "protocol/lan_hint.h"
#include "protocol/node_manifest.h"
#include "server/network_picture.h"

struct lan_discovery;

struct lan_discovery_options {
    const struct clock *clock;
    const char *host; /* borrowed: the peer listener's */
    bool with_ipv6;   /* it listens there too */
    /* What we say of ourselves; false: nothing is said. Heard are hints about that community, or
     * about any where none is named; none at all where no node is. */
    bool (*describe)(void *context, struct lan_hint *hint_out);
    /* Whether that many peers are online: then hints are rarer. */
    bool (*has_online)(void *context, size_t count);
    /* Whether it matters what that node says; if not, the hint is dropped. */
    bool (*is_wanted)(void *context, const struct lan_hint *hint);
    /* A hint that matters, and from where: the address that it came from, with "%link" behind a
     * link-local one. Not ours. May take its time: hints that come meanwhile wait, or are lost. */
    void (*heard)(void *context, const struct lan_hint *hint, const struct endpoint *where);
    void *context;
};

/* RESULT_IO: no thread. That there is no multicast, no port, no IPv6 is no failure. */
enum result lan_discovery_start(const struct lan_discovery_options *options,
                                struct lan_discovery **discovery_out);
void lan_discovery_stop(struct lan_discovery *discovery);     /* NULL is fine */
void lan_discovery_destroy(struct lan_discovery **discovery); /* NULL is fine */

/* The network looks like this now. NULL for `discovery` is fine, here and below. */
void lan_discovery_see(struct lan_discovery *discovery, const struct network_picture *picture);

/* There is a community now: a hint goes out at once. From any thread, callbacks too. */
void lan_discovery_wake(struct lan_discovery *discovery);

#endif
