/* A fuzz target: LLVMFuzzerTestOneInput() asserts a property of whatever it is given. */
#ifndef HEARTHCHAT_TESTS_FUZZ_H
#define HEARTHCHAT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the process when the property does not hold, release builds included. */
#define FUZZ_ASSERT(property) ((property) ? (void)0 : __builtin_trap())

#endif
