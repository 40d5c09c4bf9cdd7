/* Checks a request against its JSON Schema (§14): the part of the standard that openapi/schemas/
 * uses.
 *
 * Thread: any. Understood: type, properties, required, additionalProperties (false), items, enum,
 * minLength, maxLength (characters), minimum, maximum, maxItems. A schema that says more is a
 * mistake of ours: a test looks through them all.
 */
#ifndef HEARTHCHAT_HANDLERS_SCHEMA_H
#define HEARTHCHAT_HANDLERS_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "core/error.h"

/* RESULT_INVALID with a sentence that names the member. */
enum result schema_validate(const json_t *schema, const json_t *value, struct error *error);

/* False when the schema uses a keyword that schema_validate() does not know. */
bool schema_is_understood(const json_t *schema);

#endif
