#include "gossip/address_book.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

/* That never worked, by source. A manifest names 8; a neighbour is heard by two families on two
 * links. */
static const size_t most_claimed[ADDRESS_SOURCES] = {
    [ADDRESS_HINT] = 4, [ADDRESS_CALLED] = 2,   [ADDRESS_INVITE] = NODE_MANIFEST_MOST_ENDPOINTS / 2,
    [ADDRESS_HAND] = 2, [ADDRESS_MANIFEST] = 8,
};

static const char *const source_names[ADDRESS_SOURCES] = {
    [ADDRESS_HINT] = "hint",         [ADDRESS_CALLED] = "called", [ADDRESS_INVITE] = "invite",
    [ADDRESS_MANIFEST] = "manifest", [ADDRESS_HAND] = "hand",
};

void address_book_deinit(struct address_book *book)
{
    memory_free(book->list);
    *book = (struct address_book){0};
}

const char *address_book_source_name(enum address_source source)
{
    return source_names[source];
}

bool address_book_parse_source(const char *name, enum address_source *source_out)
{
    for (int i = 0; i < ADDRESS_SOURCES; i++) {
        if (strcmp(source_names[i], name) == 0) {
            *source_out = (enum address_source)i;
            return true;
        }
    }
    return false;
}

/* Names of links are whatever their owner likes; these can stand in a URL. */
static bool is_link_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length < LOCAL_INTERFACES_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               length;
}

enum result address_book_parse(const char *text, struct endpoint *endpoint_out)
{
    struct endpoint endpoint;
    char plain[NODE_MANIFEST_HOST_BYTES + 16];
    const char *percent = strchr(text, '%');
    const char *end = percent == NULL ? NULL : strchr(percent, ']');
    char link[LOCAL_INTERFACES_NAME_BYTES] = "";
    if (percent != NULL) {
        size_t length = end == NULL ? 0 : (size_t)(end - percent - 1);
        if (text[0] != '[' || length == 0 || length >= sizeof link) {
            return RESULT_INVALID;
        }
        memcpy(link, percent + 1, length);
        (void)snprintf(plain, sizeof plain, "%.*s%s", (int)(percent - text), text, end);
        text = plain;
    }
    if (node_manifest_parse_endpoint(text, &endpoint) != RESULT_OK) {
        return RESULT_INVALID;
    }
    if (percent != NULL) {
        size_t length = strlen(endpoint.host);
        (void)snprintf(endpoint.host + length, sizeof endpoint.host - length, "%%%s", link);
    }
    if (!address_book_normalise(&endpoint) ||
        (percent == NULL && strncmp(endpoint.host, "fe80:", 5) == 0)) { /* on which link? */
        return RESULT_INVALID;
    }
    *endpoint_out = endpoint;
    return RESULT_OK;
}

static bool is_usable_v4(const struct in_addr *address)
{
    uint32_t number = ntohl(address->s_addr);
    return number >> 24 != 0 && number >> 28 < 0xe; /* neither "this network" nor multicast on up */
}

static bool normalise_v6(struct endpoint *endpoint, const struct in6_addr *v6, const char *link)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        memcpy(&v4, v6->s6_addr + 12, sizeof v4);
        (void)inet_ntop(AF_INET, &v4, text, sizeof text);
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", text);
        return is_usable_v4(&v4);
    }
    bool scoped = IN6_IS_ADDR_LINKLOCAL(v6) && link[0] != '\0';
    (void)inet_ntop(AF_INET6, v6, text, sizeof text);
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%s%s%s", text, scoped ? "%" : "",
                   scoped ? link : "");
    return !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_MULTICAST(v6);
}

/* Numbers alone are an address in one of its odd forms ("127.1", "2130706433"), or none. */
static bool is_name(const char *host)
{
    const char *last = strrchr(host, '.');
    last = last == NULL ? host : last + 1;
    return node_manifest_is_host(host) && strchr(host, ':') == NULL &&
           strspn(last, "0123456789") != strlen(last) && strncmp(last, "0x", 2) != 0;
}

bool address_book_normalise(struct endpoint *endpoint)
{
    struct in_addr v4;
    struct in6_addr v6;
    char host[NODE_MANIFEST_HOST_BYTES];
    memcpy(host, endpoint->host, sizeof host);
    char *percent = strchr(host, '%');
    const char *link = percent == NULL ? "" : percent + 1;
    if (endpoint->port == 0 || (percent != NULL && !is_link_name(link))) {
        return false;
    }
    if (percent != NULL) {
        *percent = '\0';
    }
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return percent == NULL && is_usable_v4(&v4);
    }
    if (inet_pton(AF_INET6, host, &v6) == 1) {
        return normalise_v6(endpoint, &v6, link);
    }
    for (char *at = endpoint->host; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return percent == NULL && is_name(endpoint->host);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

bool address_book_is_same(const struct endpoint *one, const struct endpoint *other)
{
    return one->port == other->port && strcmp(one->host, other->host) == 0;
}

static struct address *find(const struct address_book *book, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < book->count; i++) {
        if (address_book_is_same(&book->list[i].endpoint, endpoint)) {
            return &book->list[i];
        }
    }
    return NULL;
}

const struct address *address_book_find(const struct address_book *book,
                                        const struct endpoint *endpoint)
{
    return find(book, endpoint);
}

static void drop(struct address_book *book, struct address *address)
{
    *address = book->list[--book->count];
}

/* The one of that source that was heard longest ago and never worked; and how many there are. */
static struct address *find_oldest_claim(const struct address_book *book,
                                         enum address_source source, size_t *count_out)
{
    struct address *oldest = NULL;
    *count_out = 0;
    for (size_t i = 0; i < book->count; i++) {
        struct address *address = &book->list[i];
        if (address->worked != 0 || address->source != source) {
            continue;
        }
        ++*count_out;
        if ((source != ADDRESS_HINT || address->tried_at != 0) &&
            (oldest == NULL || address->heard < oldest->heard)) {
            oldest = address;
        }
    }
    return oldest;
}

static struct address *add(struct address_book *book, const struct endpoint *endpoint,
                           enum address_source source)
{
    book->list = memory_resize(book->list, book->count + 1, sizeof *book->list);
    struct address *address = &book->list[book->count++];
    *address = (struct address){.endpoint = *endpoint, .source = source, .heard = ++book->moments};
    return address;
}

bool address_book_claim(struct address_book *book, const struct endpoint *claimed,
                        enum address_source source)
{
    struct endpoint endpoint = *claimed;
    size_t count = 0;
    if (!address_book_normalise(&endpoint)) {
        return false;
    }
    struct address *known = find(book, &endpoint);
    if (known != NULL && source <= known->source) {
        known->heard = ++book->moments;
        return false;
    }
    struct address *oldest = find_oldest_claim(book, source, &count);
    bool takes_place = known == NULL || known->worked == 0;
    if (takes_place && count == most_claimed[source]) {
        if (oldest == NULL) {
            return false;
        }
        drop(book, oldest);
        known = find(book, &endpoint); /* it may have moved */
    }
    if (known == NULL) {
        (void)add(book, &endpoint, source);
        return true;
    }
    known->source = source;
    known->heard = ++book->moments;
    return false;
}

void address_book_take_manifest(struct address_book *book, const struct endpoints *endpoints)
{
    for (size_t i = book->count; i-- > 0;) {
        struct address *address = &book->list[i];
        bool named = false;
        for (size_t j = 0; j < endpoints->count; j++) {
            struct endpoint endpoint = endpoints->list[j];
            named = named || (address_book_normalise(&endpoint) &&
                              address_book_is_same(&endpoint, &address->endpoint));
        }
        if (!named && address->source == ADDRESS_MANIFEST && address->worked == 0) {
            drop(book, address);
        }
    }
    /* Its first is the best, and is to be the freshest. */
    for (size_t i = endpoints->count; i-- > 0;) {
        struct endpoint endpoint = endpoints->list[i];
        const struct address *known =
            address_book_normalise(&endpoint) ? find(book, &endpoint) : NULL;
        if (known == NULL || known->source < ADDRESS_MANIFEST) {
            (void)address_book_claim(book, &endpoint, ADDRESS_MANIFEST);
        }
    }
}

static void bound_worked(struct address_book *book)
{
    struct address *oldest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < book->count; i++) {
        struct address *address = &book->list[i];
        if (address->worked != 0) {
            count++;
            oldest = oldest == NULL || address->worked < oldest->worked ? address : oldest;
        }
    }
    if (count > ADDRESS_BOOK_MOST_WORKED) {
        drop(book, oldest);
    }
}

static void note_worked(struct address_book *book, struct address *address, int64_t worked_at)
{
    enum { HOUR_S = 3600 };
    bool is_first = address->worked != 0;
    for (size_t i = 0; i < book->count; i++) {
        is_first = is_first && book->list[i].worked <= address->worked;
    }
    book->changed = book->changed || !is_first || worked_at - address->worked_at >= HOUR_S ||
                    worked_at < address->worked_at;
    address->worked_at = worked_at;
    address->worked = ++book->moments;
    bound_worked(book);
}

void address_book_restore(struct address_book *book, const struct endpoint *restored,
                          enum address_source source, int64_t worked_at)
{
    struct endpoint endpoint = *restored;
    bool changed = book->changed;
    if (!address_book_normalise(&endpoint) || worked_at < 1) {
        return;
    }
    struct address *address = find(book, &endpoint);
    note_worked(book, address == NULL ? add(book, &endpoint, source) : address, worked_at);
    book->changed = changed;
}

static struct address *find_without_link(const struct address_book *book,
                                         const struct endpoint *endpoint)
{
    struct endpoint bare = *endpoint;
    bare.host[strcspn(bare.host, "%")] = '\0';
    return find(book, &bare);
}

void address_book_tried(struct address_book *book, const struct endpoint *endpoint,
                        enum result result, int64_t now)
{
    struct address *address = find(book, endpoint);
    if (address == NULL) {
        address = find_without_link(book, endpoint);
        if (address != NULL && result == RESULT_OK) {
            address = add(book, endpoint, address->source);
        }
    }
    if (address == NULL) {
        return; /* it left the book meanwhile */
    }
    address->tried_at = now;
    address->result = result;
    if (result == RESULT_OK) {
        note_worked(book, address, now);
    }
}

static bool is_before(const struct address *one, const struct address *other)
{
    if (one->worked != other->worked) {
        return one->worked > other->worked;
    }
    bool one_last = is_loopback(one->endpoint.host);
    bool other_last = is_loopback(other->endpoint.host);
    return one_last == other_last ? one->heard > other->heard : other_last;
}

size_t address_book_list(const struct address_book *book,
                         const struct address *list_out[static ADDRESS_BOOK_MOST])
{
    size_t count = 0;
    for (size_t i = 0; i < book->count; i++) {
        size_t at = count++;
        for (; at > 0 && is_before(&book->list[i], list_out[at - 1]); at--) {
            list_out[at] = list_out[at - 1];
        }
        list_out[at] = &book->list[i];
    }
    return count;
}

/* Without its link. */
static void write_bare(const char *host, char bare[static NODE_MANIFEST_HOST_BYTES])
{
    size_t length = strcspn(host, "%");
    memcpy(bare, host, length);
    bare[length] = '\0';
}

bool address_book_is_here(const struct address_book_self *self, const struct endpoint *endpoint)
{
    char bare[NODE_MANIFEST_HOST_BYTES];
    write_bare(endpoint->host, bare);
    return is_loopback(bare) || local_interfaces_have(&self->interfaces, bare);
}

static bool is_self(const struct address_book_self *self, const struct endpoint *endpoint)
{
    char bare[NODE_MANIFEST_HOST_BYTES];
    write_bare(endpoint->host, bare);
    for (size_t i = 0; i < self->named.count; i++) {
        struct endpoint named = self->named.list[i];
        if (address_book_normalise(&named) && named.port == endpoint->port &&
            strcmp(named.host, bare) == 0) {
            return true;
        }
    }
    struct endpoint listener = self->listener;
    if (listener.port != endpoint->port) {
        return false;
    }
    if (address_book_normalise(&listener)) {
        return strcmp(listener.host, bare) == 0;
    }
    return address_book_is_here(self, endpoint); /* it listens on all of them */
}

struct candidates {
    struct endpoint *list;
    size_t count;
};

static void offer(struct candidates *candidates, const struct endpoint *endpoint)
{
    if (candidates->count == ADDRESS_BOOK_MOST_CANDIDATES) {
        return;
    }
    for (size_t i = 0; i < candidates->count; i++) {
        if (address_book_is_same(&candidates->list[i], endpoint)) {
            return;
        }
    }
    candidates->list[candidates->count++] = *endpoint;
}

/* Its link is anybody's guess: each is tried. */
static void offer_on_links(struct candidates *candidates, const struct endpoint *endpoint,
                           const struct local_interfaces *interfaces)
{
    for (size_t i = 0; i < interfaces->link_count; i++) {
        struct endpoint scoped = *endpoint;
        size_t length = strlen(scoped.host);
        if (is_link_name(interfaces->links[i])) {
            (void)snprintf(scoped.host + length, sizeof scoped.host - length, "%%%s",
                           interfaces->links[i]);
            offer(candidates, &scoped);
        }
    }
}

size_t address_book_candidates(const struct address_book *book,
                               const struct address_book_self *self,
                               struct endpoint list_out[static ADDRESS_BOOK_MOST_CANDIDATES])
{
    const struct address *list[ADDRESS_BOOK_MOST];
    struct candidates candidates = {list_out, 0};
    struct in6_addr v6;
    size_t count = address_book_list(book, list);
    for (size_t i = 0; i < count; i++) {
        const struct endpoint *endpoint = &list[i]->endpoint;
        if (is_self(self, endpoint)) {
            continue;
        }
        if (inet_pton(AF_INET6, endpoint->host, &v6) == 1 && IN6_IS_ADDR_LINKLOCAL(&v6)) {
            offer_on_links(&candidates, endpoint, &self->interfaces);
        } else {
            offer(&candidates, endpoint);
        }
    }
    return candidates.count;
}
