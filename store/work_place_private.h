/* A directory for work that is thrown away, beside what is worked on.
 *
 * Thread: any; blocks. Those of processes that were killed in the middle go when the next one of
 * that name is made.
 */
#ifndef HEARTHCHAT_STORE_WORK_PLACE_PRIVATE_H
#define HEARTHCHAT_STORE_WORK_PLACE_PRIVATE_H

#include "core/error.h"

/* A fresh one in `directory`; the caller frees and removes it. NULL with `error`. */
char *work_place_make(const char *directory, const char *name, struct error *error);

/* Empties and removes a directory of files and directories. */
void work_place_remove(const char *path);

#endif
