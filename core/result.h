/* One vocabulary for failure: every function that can fail returns an enum result.
 *
 * Thread: any. Where a person will read about it, a trailing `struct error *` (core/error.h) says
 * what failed.
 */
#ifndef HEARTHCHAT_CORE_RESULT_H
#define HEARTHCHAT_CORE_RESULT_H

#if defined(__clang__)
#define RESULT_MUST_BE_USED __attribute__((warn_unused_result))
#else
#define RESULT_MUST_BE_USED
#endif

enum RESULT_MUST_BE_USED result {
    RESULT_OK = 0,
    RESULT_INVALID,      /* malformed input, or input that breaks a rule */
    RESULT_NOT_FOUND,    /* no such thing */
    RESULT_EXISTS,       /* refused, for it is there already */
    RESULT_UNAUTHORIZED, /* the caller may not */
    RESULT_UNREACHABLE,  /* nobody answered at that address */
    RESULT_EXPIRED,      /* was valid once */
    RESULT_MISMATCH,     /* valid, but about somebody or something else */
    RESULT_FULL,         /* a bound was reached; try again later */
    RESULT_BUSY,         /* somebody else holds it */
    RESULT_TIMEOUT,      /* no answer in time */
    RESULT_IO,           /* the disk or the system failed */
    RESULT_UNSUPPORTED,  /* switched off, or from a newer version */
};

/* The constant's name in lower case ("not_found"), for logs. */
const char *result_name(enum result result);

#endif
