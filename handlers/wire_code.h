/* Every error that goes over the wire: its code and its HTTP status (§16).
 *
 * Thread: any. The one place where results become codes.
 */
#ifndef HEARTHCHAT_HANDLERS_WIRE_CODE_H
#define HEARTHCHAT_HANDLERS_WIRE_CODE_H

#include <jansson.h>
#include <stdint.h>

#include "core/result.h"

enum wire_code {
    WIRE_BAD_REQUEST,
    WIRE_SCHEMA_MISMATCH,
    WIRE_UNAUTHORIZED,
    WIRE_INVALID_SIGNATURE,
    WIRE_REVOKED,
    WIRE_NOT_FOUND,
    WIRE_TIMEOUT,
    WIRE_EXPIRED,
    WIRE_RATE_LIMITED,
    WIRE_CAPACITY_EXCEEDED,
    WIRE_INTERNAL_ERROR,
    WIRE_NOT_IMPLEMENTED,
    WIRE_PARTITION,
    WIRE_INVITE_INVALID,
    WIRE_INVITEE_MISMATCH,
    WIRE_INVITE_EXPIRED,
    WIRE_BOOTSTRAP_UNREACHABLE,
    WIRE_WRONG_COMMUNITY,
    WIRE_E2E_SESSION_MISSING,
    WIRE_E2E_DECRYPT_FAILED,
    WIRE_SAFETY_NUMBER_MISMATCH,
};

const char *wire_code_name(enum wire_code code);
int wire_code_status(enum wire_code code);

/* What an append to the log that failed means to the caller. */
enum wire_code wire_code_of_append(enum result result);

/* What a join that failed means. */
enum wire_code wire_code_of_join(enum result result);

/* {"error","message"}; fresh. */
json_t *wire_code_to_json(const char *code, const char *message);

#endif
