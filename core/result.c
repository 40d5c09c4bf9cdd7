#include "core/result.h"

const char *result_name(enum result result)
{
    switch (result) {
    case RESULT_OK:
        return "ok";
    case RESULT_INVALID:
        return "invalid";
    case RESULT_NOT_FOUND:
        return "not_found";
    case RESULT_EXISTS:
        return "exists";
    case RESULT_UNAUTHORIZED:
        return "unauthorized";
    case RESULT_UNREACHABLE:
        return "unreachable";
    case RESULT_EXPIRED:
        return "expired";
    case RESULT_MISMATCH:
        return "mismatch";
    case RESULT_FULL:
        return "full";
    case RESULT_BUSY:
        return "busy";
    case RESULT_TIMEOUT:
        return "timeout";
    case RESULT_IO:
        return "io";
    case RESULT_UNSUPPORTED:
        return "unsupported";
    }
    return "unknown";
}
