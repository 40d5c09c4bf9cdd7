/* A file that was built into the program.
 *
 * Thread: any; read-only. Lists of them end with a NULL name.
 */
#ifndef HEARTHCHAT_CORE_EMBEDDED_FILE_H
#define HEARTHCHAT_CORE_EMBEDDED_FILE_H

#include <stddef.h>

struct embedded_file {
    const char *name;
    const unsigned char *bytes; /* gzip's where the list says so */
    size_t length_bytes;
};

#endif
