/* Who calls how often (§16).
 *
 * Thread: any; one lock. create/destroy: startup.
 * Limits: LIMITS_CALLERS are remembered. Who comes to a bucket that is full takes the place of the
 * one there that was quiet longest.
 */
#ifndef HEARTHCHAT_SERVER_CALLERS_H
#define HEARTHCHAT_SERVER_CALLERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/account.h"
#include "core/result.h"
#include "protocol/node_id.h"

#define CALLERS_ADDRESS_BYTES 46 /* INET6_ADDRSTRLEN */

struct callers;

struct account_key callers_key_of_node(const struct node_id *node_id);
struct account_key callers_key_of_address(const struct sockaddr *address);

/* The address as people write it, IPv4 that came through a socket of IPv6 as IPv4; "?" for families
 * that are not the internet's. */
void callers_format_address(const struct sockaddr *address,
                            char text_out[static CALLERS_ADDRESS_BYTES]);

struct callers *callers_create(void);
void callers_destroy(struct callers **callers);

/* Counts a call. RESULT_OK; RESULT_BUSY above LIMITS_CALLS_A_SECOND, with the milliseconds until
 * the next is taken; RESULT_FULL beyond LIMITS_FLOOD_FACTOR times that. */
enum result callers_count(struct callers *callers, const struct account_key *key, int64_t now_ms,
                          int64_t *retry_after_ms_out);

/* The same for calls of one capability by its number (below CALLERS_CAPABILITIES), against
 * LIMITS_CAPABILITY_CALLS_A_SECOND. */
#define CALLERS_CAPABILITIES 16
enum result callers_count_capability(struct callers *callers, const struct account_key *key,
                                     size_t capability, int64_t now_ms,
                                     int64_t *retry_after_ms_out);

/* The same for redeeming open invites, against LIMITS_REDEEMS_A_MINUTE. */
enum result callers_count_redeem(struct callers *callers, const struct account_key *key,
                                 int64_t now_ms, int64_t *retry_after_ms_out);

/* Takes one call back that was counted and taken: it is somebody else's. */
void callers_uncount(struct callers *callers, const struct account_key *key);

/* The same for one that is not limited: a flood is made of it all the same. */
void callers_forgive(struct callers *callers, const struct account_key *key);

#endif
