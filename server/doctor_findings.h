/* What `hearthchat doctor` found: a list of sentences, each with what helps.
 *
 * Thread: main. doctor_findings_deinit() frees.
 */
#ifndef HEARTHCHAT_SERVER_DOCTOR_FINDINGS_H
#define HEARTHCHAT_SERVER_DOCTOR_FINDINGS_H

#include <stdbool.h>

#include "protocol/json_build.h"

enum doctor_state {
    DOCTOR_WELL,
    DOCTOR_NOTICE, /* worth knowing, nothing to mend here */
    DOCTOR_WRONG,
};

struct doctor_findings {
    json_t *checks; /* [{"check","state","says","remedy"}] */
    bool wrong;     /* any of them is */
};

void doctor_findings_init(struct doctor_findings *findings);
void doctor_findings_deinit(struct doctor_findings *findings);

/* One sentence about `check`; `remedy` is a sentence too, NULL when there is nothing to do. */
void doctor_findings_add(struct doctor_findings *findings, const char *check,
                         enum doctor_state state, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
