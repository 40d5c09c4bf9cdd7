#include "support/draw.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "support/test_support.h"

struct network_link *draw_link(struct network_picture *picture, unsigned index,
                               enum network_link_kind kind)
{
    struct network_link *link = network_picture_add_link(picture);
    assert_non_null(link);
    link->index = index;
    (void)snprintf(link->name, sizeof link->name, "link%u", index);
    link->kind = kind;
    link->up = true;
    link->multicast = true;
    return link;
}

struct network_address *draw_address(struct network_picture *picture, unsigned link,
                                     const char *text)
{
    struct network_address *address = network_picture_add_address(picture);
    assert_non_null(address);
    address->link = link;
    address->family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
    assert_int_equal(inet_pton(address->family, text, address->bytes), 1);
    return address;
}
