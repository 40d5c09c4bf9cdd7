/* Where others can reach this machine, asked again and again (§8).
 *
 * A thread hears of changes from the kernel and looks again every 30 s in any case, every 5 s while
 * there is none. Two things follow: `changed` at once, `announce` when the log is to be told
 * (address_settling.h), also of our name.
 *
 * Thread: start/stop/destroy: startup; everything else: any. The callbacks run on the thread of the
 * watcher or of whoever calls own_addresses_follow(), with no lock held, and must not block.
 */
#ifndef HEARTHCHAT_SERVER_OWN_ADDRESSES_H
#define HEARTHCHAT_SERVER_OWN_ADDRESSES_H

#include "core/clock.h"
#include "core/result.h"
#include "server/network_picture.h"

struct own_addresses;

struct own_addresses_options {
    const char *host; /* borrowed: what the peer listener listens on; "::", "0.0.0.0": all */
    bool only_ipv4;   /* "::" was asked for, and this system has no IPv6 */
    uint16_t port;
    const struct endpoint *advertise; /* borrowed; NULL: what is detected */
    const struct clock *clock;
    /* The network is another one: other addresses, or another way out. */
    void (*changed)(void *context);
    /* Anything in the picture differs; it is borrowed for the call. Before `changed`. */
    void (*picture)(void *context, const struct network_picture *picture);
    /* The log is to be told own_addresses_list(). */
    void (*announce)(void *context);
    void *context;
};

/* Looks once before it returns, without calling anybody. RESULT_IO: no thread. */
enum result own_addresses_start(const struct own_addresses_options *options,
                                struct own_addresses **own_out);
void own_addresses_stop(struct own_addresses *own);
void own_addresses_destroy(struct own_addresses **own);

/* As they are now, best first; none while this machine is in no network. `port` is the listener's;
 * `[transport] advertise` stands for all of it. Never loopback, unless the owner has it listen
 * there alone. */
void own_addresses_list(struct own_addresses *own, uint16_t port, struct endpoints *endpoints_out);

/* The picture as it was seen last, for who comes later. */
void own_addresses_look(struct own_addresses *own, struct network_picture *picture_out);

/* There is a community now, and its log says this of us. */
void own_addresses_follow(struct own_addresses *own, const struct endpoints *said);

/* The log's name for us is another than ours: it is to be announced. */
void own_addresses_rename(struct own_addresses *own);

/* What was to be announced could not be written. */
void own_addresses_not_announced(struct own_addresses *own);

#endif
