#include "handlers/wire_code.h"

#include "protocol/json_build.h"

static const struct {
    const char *name;
    int status;
} codes[] = {
    [WIRE_BAD_REQUEST] = {"bad_request", 400},
    [WIRE_SCHEMA_MISMATCH] = {"schema_mismatch", 400},
    [WIRE_UNAUTHORIZED] = {"unauthorized", 401},
    [WIRE_INVALID_SIGNATURE] = {"invalid_signature", 401},
    [WIRE_REVOKED] = {"revoked", 403},
    [WIRE_NOT_FOUND] = {"not_found", 404},
    [WIRE_TIMEOUT] = {"timeout", 408},
    [WIRE_EXPIRED] = {"expired", 410},
    [WIRE_RATE_LIMITED] = {"rate_limited", 429},
    [WIRE_CAPACITY_EXCEEDED] = {"capacity_exceeded", 429},
    [WIRE_INTERNAL_ERROR] = {"internal_error", 500},
    [WIRE_NOT_IMPLEMENTED] = {"not_implemented", 501},
    [WIRE_PARTITION] = {"partition", 503},
    [WIRE_INVITE_INVALID] = {"invite_invalid", 400},
    [WIRE_INVITEE_MISMATCH] = {"invitee_mismatch", 403},
    [WIRE_INVITE_EXPIRED] = {"invite_expired", 410},
    [WIRE_BOOTSTRAP_UNREACHABLE] = {"bootstrap_unreachable", 503},
    [WIRE_WRONG_COMMUNITY] = {"wrong_community", 400},
    [WIRE_E2E_SESSION_MISSING] = {"e2e_session_missing", 409},
    [WIRE_E2E_DECRYPT_FAILED] = {"e2e_decrypt_failed", 422},
    [WIRE_SAFETY_NUMBER_MISMATCH] = {"safety_number_mismatch", 409},
};

const char *wire_code_name(enum wire_code code)
{
    return codes[code].name;
}

int wire_code_status(enum wire_code code)
{
    return codes[code].status;
}

enum wire_code wire_code_of_append(enum result result)
{
    switch (result) {
    case RESULT_NOT_FOUND:
        return WIRE_NOT_FOUND;
    case RESULT_INVALID:
    case RESULT_EXISTS:
    case RESULT_MISMATCH:
        return WIRE_BAD_REQUEST;
    case RESULT_UNAUTHORIZED:
        return WIRE_UNAUTHORIZED;
    case RESULT_FULL:
    case RESULT_BUSY:
        return WIRE_CAPACITY_EXCEEDED;
    case RESULT_EXPIRED:
        return WIRE_EXPIRED;
    case RESULT_TIMEOUT:
        return WIRE_TIMEOUT;
    case RESULT_UNREACHABLE:
        return WIRE_PARTITION;
    case RESULT_UNSUPPORTED:
        return WIRE_NOT_IMPLEMENTED;
    case RESULT_OK:
    case RESULT_IO:
        break;
    }
    return WIRE_INTERNAL_ERROR;
}

enum wire_code wire_code_of_join(enum result result)
{
    switch (result) {
    case RESULT_INVALID:
    case RESULT_NOT_FOUND:
    case RESULT_UNAUTHORIZED: /* by the inviter's node, not by ours */
        return WIRE_INVITE_INVALID;
    case RESULT_MISMATCH:
        return WIRE_INVITEE_MISMATCH;
    case RESULT_EXPIRED:
        return WIRE_INVITE_EXPIRED;
    case RESULT_UNREACHABLE:
        return WIRE_BOOTSTRAP_UNREACHABLE;
    case RESULT_EXISTS:
        return WIRE_WRONG_COMMUNITY;
    case RESULT_OK:
    case RESULT_FULL:
    case RESULT_BUSY:
    case RESULT_TIMEOUT:
    case RESULT_IO:
    case RESULT_UNSUPPORTED:
        break;
    }
    return wire_code_of_append(result);
}

json_t *wire_code_to_json(const char *code, const char *message)
{
    return json_build_pack("{s:s,s:s}", "error", code, "message", message);
}
