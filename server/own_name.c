#include "server/own_name.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/memory.h"
#include "core/utf8.h"
#include "server/configuration.h"

struct own_name {
    char *path;
    struct lock *writing; /* one file, one writer */
    struct lock *lock;    /* guards what follows */
    char name[PERSON_NAME_BYTES];
};

struct own_name *own_name_create(const char *name, const char *path)
{
    struct own_name *own = memory_allocate(1, sizeof *own);
    own->path = path == NULL ? NULL : memory_duplicate_string(path);
    own->writing = lock_create();
    own->lock = lock_create();
    (void)snprintf(own->name, sizeof own->name, "%s", name);
    return own;
}

void own_name_destroy(struct own_name **own)
{
    if (*own != NULL) {
        lock_destroy(&(*own)->writing);
        lock_destroy(&(*own)->lock);
        memory_free((*own)->path);
        memory_free(*own);
    }
    *own = NULL;
}

void own_name_suggest(char name_out[static PERSON_NAME_BYTES])
{
    const uid_t first_of_people = 1000;
    struct passwd account;
    struct passwd *found = NULL;
    char texts[4096];
    if (getuid() >= first_of_people) {
        (void)getpwuid_r(getuid(), &account, texts, sizeof texts, &found);
    }
    char *full = memory_duplicate_string(found == NULL ? "" : found->pw_gecos);
    full[strcspn(full, ",")] = '\0';
    if (!utf8_is_text(full) || !person_name_make(full, name_out)) {
        name_out[0] = '\0';
    }
    memory_free(full);
}

void own_name_get(struct own_name *own, char name_out[static PERSON_NAME_BYTES])
{
    lock_take(own->lock);
    (void)snprintf(name_out, PERSON_NAME_BYTES, "%s", own->name);
    lock_release(own->lock);
}

enum result own_name_set(struct own_name *own, const char *name, struct error *error)
{
    if (own->path == NULL) {
        return error_set(error, RESULT_IO,
                         "There is no configuration file to keep the name in; "
                         "start the node with --data or --config.");
    }
    lock_take(own->writing);
    enum result result = configuration_write_identity(own->path, name, NULL, error);
    if (result == RESULT_OK) {
        lock_take(own->lock);
        (void)snprintf(own->name, sizeof own->name, "%s", name);
        lock_release(own->lock);
    }
    lock_release(own->writing);
    return result;
}
