/* Names of people as people read them: what may be one, and when two are one or look like one.
 *
 * Thread: any. Texts are valid UTF-8.
 */
#ifndef HEARTHCHAT_PROTOCOL_PERSON_NAME_H
#define HEARTHCHAT_PROTOCOL_PERSON_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define PERSON_NAME_MOST_CHARACTERS 64
#define PERSON_NAME_BYTES (4 * PERSON_NAME_MOST_CHARACTERS + 1)

/* What a person may call itself, as it is kept: composed (NFC), without blanks at its ends. False:
 * it has no character that can be seen or more than 64, or control characters, or some that turn
 * the direction of text. */
bool person_name_make(const char *typed, char name_out[static PERSON_NAME_BYTES]);

/* Keys of a name: equal ones belong to names that are one to people. 0: there is nothing to read.
 * Whatever others call themselves has some. */
struct person_name_keys {
    uint64_t reads;         /* apart from case, blanks at the ends, and what is invisible */
    uint64_t looks;         /* as it is written */
    uint64_t looks_in_case; /* all in one case; the same as `looks` when that is no other */
};
struct person_name_keys person_name_keys(const char *name);

#endif
