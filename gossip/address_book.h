/* Where a peer may be: every address that somebody named, and what came of trying it (§8, §11,
 * §19). Keys are pinned, so a wrong address costs a try and nothing else; this bounds the tries.
 *
 * Thread: one at a time. No I/O: the clock (seconds since 1970, of the wall, only to be shown) and
 * the machine's interfaces are handed in. `{0}` is an empty book; address_book_deinit() frees.
 * Limits: the ADDRESS_BOOK_MOST_WORKED that worked last, and of addresses that never worked so many
 * of each source. What is claimed takes no place of what worked, and no claim one of another
 * source.
 */
#ifndef HEARTHCHAT_GOSSIP_ADDRESS_BOOK_H
#define HEARTHCHAT_GOSSIP_ADDRESS_BOOK_H

#include <stdint.h>

#include "core/result.h"
#include "gossip/local_interfaces.h"
#include "protocol/node_manifest.h"

#define ADDRESS_BOOK_MOST_WORKED 6
#define ADDRESS_BOOK_MOST_CLAIMED 20
#define ADDRESS_BOOK_MOST (ADDRESS_BOOK_MOST_WORKED + ADDRESS_BOOK_MOST_CLAIMED)
#define ADDRESS_BOOK_MOST_CANDIDATES 40 /* link-local ones are tried on each link */

/* From the weakest word to the strongest: an address has the source of the strongest. */
enum address_source {
    ADDRESS_HINT,     /* heard on the local network */
    ADDRESS_CALLED,   /* the peer called from there */
    ADDRESS_INVITE,   /* stands in the invite that was used */
    ADDRESS_MANIFEST, /* stands in the peer's newest manifest */
    ADDRESS_HAND,     /* the owner named it */
};
#define ADDRESS_SOURCES 5

struct address {
    struct endpoint endpoint;
    enum address_source source;
    int64_t tried_at;   /* 0: never */
    enum result result; /* of that try */
    int64_t worked_at;  /* 0: never */
    uint64_t heard;     /* larger: later */
    uint64_t worked;    /* larger: later; 0: never */
};

struct address_book {
    struct address *list;
    size_t count;
    uint64_t moments;
    bool changed; /* what worked: to be kept; the reader sets it back */
};

void address_book_deinit(struct address_book *book);

/* "hint", "called", "invite", "manifest", "hand"; and back, false for anything else. */
const char *address_book_source_name(enum address_source source);
bool address_book_parse_source(const char *name, enum address_source *source_out);

/* "host:port", "[v6]:port", "[fe80::1%eth0]:port". */
enum result address_book_parse(const char *text, struct endpoint *endpoint_out);

/* Whether a call there could ever reach a peer: false for port 0, for addresses that are
 * unspecified, multicast or broadcast, for what is no host. Writes the address as inet_ntop() does,
 * an IPv4 one in IPv6's clothes as IPv4, a name in lower case. */
bool address_book_normalise(struct endpoint *endpoint);

bool address_book_is_same(const struct endpoint *one, const struct endpoint *other);

/* Somebody says that the peer is there. True when that is new. A hint takes no place of one that
 * waits for its first try. */
bool address_book_claim(struct address_book *book, const struct endpoint *endpoint,
                        enum address_source source);

/* A newer manifest: what the last one named and this one doesn't goes, unless it worked. */
void address_book_take_manifest(struct address_book *book, const struct endpoints *endpoints);

/* What worked in an earlier run; those that worked later come later. */
void address_book_restore(struct address_book *book, const struct endpoint *endpoint,
                          enum address_source source, int64_t worked_at);

/* A try ended; RESULT_OK makes the address the first. What worked of a link-local address that
 * names no link is remembered with its link. */
void address_book_tried(struct address_book *book, const struct endpoint *endpoint,
                        enum result result, int64_t now);

/* NULL: not in the book. */
const struct address *address_book_find(const struct address_book *book,
                                        const struct endpoint *endpoint);

/* All of it, best first: what worked last; then what was heard last, loopback at the end. */
size_t address_book_list(const struct address_book *book,
                         const struct address *list_out[static ADDRESS_BOOK_MOST]);

/* Who and where we are ourselves: where our listener is bound, and how others are told to reach it.
 * No machine is called there. */
struct address_book_self {
    struct endpoint listener;
    struct endpoints named;
    struct local_interfaces interfaces;
};

/* Whether it is an address of this machine's, whatever its port. */
bool address_book_is_here(const struct address_book_self *self, const struct endpoint *endpoint);

/* Where to try, best first: without ourselves, link-local addresses on each link. */
size_t address_book_candidates(const struct address_book *book,
                               const struct address_book_self *self,
                               struct endpoint list_out[static ADDRESS_BOOK_MOST_CANDIDATES]);

#endif
