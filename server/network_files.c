#include "server/network_files.h"

#include <linux/if_addr.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/memory.h"

enum { MOST_LINE_BYTES = 512, MOST_FIELDS = 12 };

static bool has_file(const char *link, const char *file)
{
    char path[80];
    (void)snprintf(path, sizeof path, "/sys/class/net/%s/%s", link, file);
    return access(path, F_OK) == 0;
}

static struct network_link *find_by_name(struct network_picture *picture, const char *name)
{
    for (size_t i = 0; i < picture->link_count; i++) {
        if (strcmp(picture->links[i].name, name) == 0) {
            return &picture->links[i];
        }
    }
    return NULL;
}

/* The link of that name, looked at when it is new. NULL: it is gone already. */
static struct network_link *note_link(struct network_picture *picture, int any, const char *name)
{
    struct ifreq question = {0};
    struct network_link *link = find_by_name(picture, name);
    (void)snprintf(question.ifr_name, sizeof question.ifr_name, "%s", name);
    if (link != NULL || ioctl(any, SIOCGIFINDEX, &question) != 0) {
        return link;
    }
    int index = question.ifr_ifindex;
    link = ioctl(any, SIOCGIFFLAGS, &question) == 0 ? network_picture_add_link(picture) : NULL;
    if (link != NULL) {
        unsigned flags = (unsigned)(unsigned short)question.ifr_flags;
        (void)snprintf(link->name, sizeof link->name, "%s", name);
        link->index = (unsigned)index;
        link->up = (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
        link->loopback = (flags & IFF_LOOPBACK) != 0;
        link->multicast = (flags & IFF_MULTICAST) != 0;
        link->kind = has_file(name, "bridge")                                ? NETWORK_BRIDGE
                     : has_file(name, "device") || has_file(name, "bonding") ? NETWORK_HARDWARE
                                                                             : NETWORK_OTHER;
    }
    return link;
}

static void read_v4(struct network_picture *picture, int any)
{
    struct ifreq *list = memory_allocate(NETWORK_PICTURE_MOST_ADDRESSES, sizeof *list);
    struct ifconf question = {.ifc_len = NETWORK_PICTURE_MOST_ADDRESSES * (int)sizeof *list,
                              .ifc_req = list};
    size_t count =
        ioctl(any, SIOCGIFCONF, &question) == 0 ? (size_t)question.ifc_len / sizeof *list : 0;
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in own;
        char name[IF_NAMESIZE];
        (void)snprintf(name, sizeof name, "%s", list[i].ifr_name);
        name[strcspn(name, ":")] = '\0'; /* eth0:1 is a second address of eth0 */
        memcpy(&own, &list[i].ifr_addr, sizeof own);
        const struct network_link *link = note_link(picture, any, name);
        struct network_address *address =
            link == NULL ? NULL : network_picture_add_address(picture);
        if (address != NULL) {
            address->link = link->index;
            address->family = AF_INET;
            memcpy(address->bytes, &own.sin_addr, sizeof own.sin_addr);
        }
    }
    memory_free(list);
}

typedef void take_fields(struct network_picture *picture, int any, char **fields, size_t count);

static void read_lines(const char *path, take_fields *take, struct network_picture *picture,
                       int any)
{
    char line[MOST_LINE_BYTES];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *fields[MOST_FIELDS];
        size_t count = 0;
        char *rest = line;
        char *field = strtok_r(rest, " \t\n", &rest);
        for (; field != NULL && count < MOST_FIELDS; field = strtok_r(NULL, " \t\n", &rest)) {
            fields[count++] = field;
        }
        take(picture, any, fields, count);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

static bool read_hex(const char *text, uint8_t *bytes_out, size_t length)
{
    if (strlen(text) != length * 2 || strspn(text, "0123456789abcdefABCDEF") != length * 2) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes_out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

/* /proc/net/if_inet6: address, index, prefix, scope, flags, name. */
static void take_v6(struct network_picture *picture, int any, char **fields, size_t count)
{
    uint8_t bytes[NETWORK_PICTURE_ADDRESS_BYTES];
    if (count != 6 || !read_hex(fields[0], bytes, sizeof bytes)) {
        return;
    }
    unsigned long flags = strtoul(fields[4], NULL, 16);
    const struct network_link *link = note_link(picture, any, fields[5]);
    struct network_address *address = link == NULL ? NULL : network_picture_add_address(picture);
    if (address != NULL) {
        address->link = link->index;
        address->family = AF_INET6;
        memcpy(address->bytes, bytes, sizeof bytes);
        address->tentative =
            (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
        address->deprecated = (flags & IFA_F_DEPRECATED) != 0;
        address->temporary = (flags & IFA_F_TEMPORARY) != 0;
    }
}

static void mark_default(struct network_picture *picture, const char *name)
{
    struct network_link *link = find_by_name(picture, name);
    if (link != NULL && !link->loopback) {
        link->default_route = true;
    }
}

/* /proc/net/route: name, destination, gateway, flags, 3 counts, mask, … */
static void take_v4_route(struct network_picture *picture, int any, char **fields, size_t count)
{
    (void)any;
    if (count >= 8 && strcmp(fields[1], "00000000") == 0 && strcmp(fields[7], "00000000") == 0) {
        mark_default(picture, fields[0]);
    }
}

/* /proc/net/ipv6_route: destination, its length, source, its length, hop, 3 counts, flags, name. */
static void take_v6_route(struct network_picture *picture, int any, char **fields, size_t count)
{
    (void)any;
    if (count == 10 && strcmp(fields[1], "00") == 0) {
        mark_default(picture, fields[9]);
    }
}

void network_files_read(struct network_picture *picture_out)
{
    picture_out->link_count = 0;
    picture_out->address_count = 0;
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0) {
        return;
    }
    read_v4(picture_out, any);
    read_lines("/proc/net/if_inet6", take_v6, picture_out, any);
    read_lines("/proc/net/route", take_v4_route, picture_out, any);
    read_lines("/proc/net/ipv6_route", take_v6_route, picture_out, any);
    (void)close(any);
}
