#include "server/doctor_node.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/json_members.h"
#include "server/cli.h"

enum {
    CALLED_WITHIN_SECONDS = 300, /* ten times as long as it takes on the average */
    LOOKING_SECONDS = 60,        /* a node that has just started is still trying */
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static int64_t number_of(const json_t *object, const char *name, int64_t otherwise)
{
    int64_t number = otherwise;
    (void)json_members_integer(object, name, INT64_MIN, INT64_MAX, &number);
    return number;
}

const char *doctor_node_name(const json_t *members, const char *node_id)
{
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(members, "members"), index, member)
    {
        if (strcmp(text_of(member, "node_id"), node_id) == 0) {
            const char *name = text_of(member, "display_name");
            return name[0] == '\0' ? text_of(member, "short_id") : name;
        }
    }
    return node_id;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void examine_itself(const json_t *node, struct doctor_findings *findings)
{
    char span[CLI_SPAN_BYTES];
    if (json_is_true(json_object_get(json_object_get(node, "disk"), "read_only"))) {
        doctor_findings_add(findings, "node", DOCTOR_WRONG,
                            "Make room on its disk, then start the node again.",
                            "The node only reads: the disk was full when it started.");
    } else {
        doctor_findings_add(findings, "node", DOCTOR_WELL, NULL, "hearthchat %s has run for %s.",
                            text_of(node, "version"),
                            cli_print_span(number_of(node, "uptime_seconds", 0), span));
    }
}

static void examine_addresses(const json_t *node, struct doctor_findings *findings)
{
    char list[512] = "";
    size_t used = 0;
    size_t outside_count = 0;
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(node, "endpoints"), index, endpoint)
    {
        const char *host = text_of(endpoint, "host");
        outside_count += host[0] == '\0' || is_loopback(host) ? 0 : 1;
        int wanted =
            snprintf(list + used, sizeof list - used, "%s%s port %lld", used == 0 ? "" : ", ", host,
                     (long long)number_of(endpoint, "port", 0));
        used = wanted < 0 || (size_t)wanted >= sizeof list - used ? sizeof list - 1
                                                                  : used + (size_t)wanted;
    }
    if (outside_count > 0) {
        doctor_findings_add(findings, "addresses", DOCTOR_WELL, NULL,
                            "Neighbours are told to call %s.", list);
    } else {
        doctor_findings_add(
            findings, "addresses", DOCTOR_WRONG,
            "Is the cable in, or Wi-Fi on? Does [transport] host in hearthchat.ini, or "
            "--peer-host, bind the node to this machine alone?",
            used == 0 ? "The node has no address that neighbours could call%s."
                      : "The node can be called from this machine alone, at %s.",
            list);
    }
}

static void examine_callers(const json_t *node, size_t online_count,
                            struct doctor_findings *findings)
{
    int64_t ago = number_of(node, "called_seconds_ago", -1);
    int64_t uptime = number_of(node, "uptime_seconds", 0);
    if (ago >= 0 && ago <= CALLED_WITHIN_SECONDS) {
        doctor_findings_add(findings, "callers", DOCTOR_WELL, NULL,
                            "A neighbour called this node %lld s ago, so it can be called.",
                            (long long)ago);
    } else if (online_count == 0 || uptime < CALLED_WITHIN_SECONDS) {
        doctor_findings_add(findings, "callers", DOCTOR_NOTICE,
                            "Ask again when neighbours have been online for five minutes.",
                            "Nobody has called this node, so it is not known whether it can be.");
    } else {
        doctor_findings_add(
            findings, "callers", DOCTOR_WRONG,
            "Open the TCP port of the node, 7080 unless set otherwise, in this machine's firewall, "
            "and UDP port 42424. Behind a router of your own, forward the port and set [transport] "
            "advertise. Until then messages come only by the calls that this node makes itself.",
            "Neighbours are online, but for %lld s none of them has called this node.",
            (long long)(ago < 0 ? uptime : ago));
    }
}

/* Of one that is right within five minutes the node says nothing (§13). */
static void examine_clock(const json_t *node, struct doctor_findings *findings)
{
    int64_t seconds = number_of(node, "clock_skew_seconds", 0);
    char span[CLI_SPAN_BYTES];
    if (seconds != 0) {
        doctor_findings_add(findings, "clock", DOCTOR_WRONG,
                            "Set it, for example: sudo timedatectl set-ntp true. Nothing is lost "
                            "by a wrong clock, but times are shown wrong.",
                            "This machine's clock is %s %s those of its neighbours.",
                            cli_print_span(llabs(seconds), span),
                            seconds < 0 ? "behind" : "ahead of");
    }
}

static void examine_copy(const json_t *node, struct doctor_findings *findings)
{
    const char *at = text_of(node, "other_copy_at");
    if (at[0] != '\0') {
        doctor_findings_add(findings, "copy", DOCTOR_WRONG,
                            "Stop one of them for good; what it wrote stays. Another device gets a "
                            "key of its own: hearthchat init there, and an invite. If you know of "
                            "none, somebody has your key: have a trusted member shut it out.",
                            "Another node writes with this device's key, last seen %s: perhaps a "
                            "restored backup beside its original.",
                            at);
    }
    const char *back = text_of(node, "set_back_at");
    if (back[0] != '\0') {
        doctor_findings_add(findings, "set_back", DOCTOR_NOTICE,
                            "What others wrote meanwhile comes by itself. What can't be read here "
                            "any more is encrypted: ask those who wrote it to send it again.",
                            "This device went on from an older state than its neighbours know, "
                            "noticed %s: a backup, or a log that was lost.",
                            back);
    }
}

static bool came_to(const json_t *peer, const char *result)
{
    size_t index;
    json_t *address;
    json_array_foreach(json_object_get(peer, "addresses"), index, address)
    {
        if (strcmp(text_of(address, "result"), result) == 0) {
            return true;
        }
    }
    return false;
}

static const char *remedy_for(const json_t *peer)
{
    if (json_array_size(json_object_get(peer, "addresses")) == 0) {
        return "If you know where it is: hearthchat peer HOST:PORT";
    }
    if (came_to(peer, "mismatch") || came_to(peer, "unauthorized")) {
        return "Another device answers at an address of its. If you know where it is now: "
               "hearthchat peer HOST:PORT";
    }
    return "Is it on, in this network, its node running, its firewall open for TCP port 7080 and "
           "UDP port 42424? If you know another address of it: hearthchat peer HOST:PORT";
}

static void examine_neighbour(const json_t *members, const json_t *peer,
                              struct doctor_findings *findings)
{
    const char *name = doctor_node_name(members, text_of(peer, "node_id"));
    size_t count = json_array_size(json_object_get(peer, "addresses"));
    if (json_is_true(json_object_get(peer, "online"))) {
        doctor_findings_add(findings, "neighbour", DOCTOR_WELL, NULL, "%s is online.", name);
    } else if (count == 0) {
        doctor_findings_add(findings, "neighbour", DOCTOR_NOTICE, remedy_for(peer),
                            "%s is offline, and no address of it is known.", name);
    } else {
        doctor_findings_add(findings, "neighbour", DOCTOR_NOTICE, remedy_for(peer),
                            "%s is offline; %zu of its addresses %s known, see below.", name, count,
                            count == 1 ? "is" : "are");
    }
}

/* A neighbour that is off is nothing wrong here; that nobody at all can be reached may well be. */
static size_t examine_neighbours(const json_t *node, const json_t *members, const json_t *peers,
                                 struct doctor_findings *findings)
{
    size_t online_count = 0;
    size_t count = json_array_size(json_object_get(peers, "peers"));
    size_t index;
    json_t *peer;
    json_array_foreach(json_object_get(peers, "peers"), index, peer)
    {
        examine_neighbour(members, peer, findings);
        online_count += json_is_true(json_object_get(peer, "online")) ? 1 : 0;
    }
    if (count > 0 && online_count == 0) {
        bool looking = number_of(node, "uptime_seconds", 0) < LOOKING_SECONDS;
        doctor_findings_add(
            findings, "neighbours", looking ? DOCTOR_NOTICE : DOCTOR_WRONG,
            "Is this machine in the network of the others? Where a network keeps its devices apart "
            "(guest Wi-Fi), nothing helps but another one; where it carries no multicast, one "
            "address is enough: hearthchat peer HOST:PORT",
            "None of the neighbours can be reached%s.", looking ? " yet" : "");
    }
    return online_count;
}

void doctor_node_examine(const json_t *node, const json_t *members, const json_t *peers,
                         struct doctor_findings *findings)
{
    examine_itself(node, findings);
    examine_copy(node, findings);
    examine_addresses(node, findings);
    /* Without a network there is but one remedy, which was told. */
    if (peers != NULL && json_array_size(json_object_get(node, "endpoints")) > 0) {
        size_t online_count = examine_neighbours(node, members, peers, findings);
        if (json_array_size(json_object_get(peers, "peers")) > 0) {
            examine_callers(node, online_count, findings);
        }
    }
    examine_clock(node, findings);
}

void doctor_node_examine_machine(struct doctor_findings *findings)
{
    struct ifaddrs *list = NULL;
    size_t count = 0;
    if (getifaddrs(&list) == 0) {
        for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
            bool is_ip = at->ifa_addr != NULL && (at->ifa_addr->sa_family == AF_INET ||
                                                  at->ifa_addr->sa_family == AF_INET6);
            count += is_ip && (at->ifa_flags & IFF_LOOPBACK) == 0 ? 1 : 0;
        }
        freeifaddrs(list);
    }
    if (count == 0) {
        doctor_findings_add(findings, "addresses", DOCTOR_WRONG, "Is the cable in, or Wi-Fi on?",
                            "This machine has no address in any network.");
    }
}
