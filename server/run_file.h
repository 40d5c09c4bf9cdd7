/* run.json: how the command line finds a running node (§22).
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_RUN_FILE_H
#define HEARTHCHAT_SERVER_RUN_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "protocol/node_id.h"

/* RESULT_FULL: there is no room, not even that of an earlier one. */
enum result run_file_write(const char *data_directory, const char *ui_host, uint16_t ui_port,
                           uint16_t peer_port, const struct node_id *node_id, struct error *error);
void run_file_remove(const char *data_directory);

#define RUN_FILE_UI_BYTES 64

struct run_file {
    pid_t pid;
    uint16_t peer_port;
    char ui[RUN_FILE_UI_BYTES]; /* the local listener: "http://127.0.0.1:PORT" */
};

/* RESULT_NOT_FOUND when no node runs on this directory: a file counts for nothing when its process
 * is dead, or is another one that does not hold the directory's lock. */
enum result run_file_find(const char *data_directory, struct run_file *run_out);

#endif
