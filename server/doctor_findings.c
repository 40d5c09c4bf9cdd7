#include "server/doctor_findings.h"

#include <stdarg.h>
#include <stdio.h>

enum { MOST_TEXT_BYTES = 1024 };

void doctor_findings_init(struct doctor_findings *findings)
{
    *findings = (struct doctor_findings){.checks = json_array()};
}

void doctor_findings_deinit(struct doctor_findings *findings)
{
    json_decref(findings->checks);
    *findings = (struct doctor_findings){0};
}

void doctor_findings_add(struct doctor_findings *findings, const char *check,
                         enum doctor_state state, const char *remedy, const char *format, ...)
{
    static const char *const states[] = {"well", "notice", "wrong"};
    char says[MOST_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(says, sizeof says, format, arguments);
    va_end(arguments);
    (void)json_array_append_new(findings->checks,
                                json_build_pack("{s:s,s:s,s:o,s:o}", "check", check, "state",
                                                states[state], "says", json_build_stored_text(says),
                                                "remedy", json_build_stored_text(remedy)));
    findings->wrong = findings->wrong || state == DOCTOR_WRONG;
}
