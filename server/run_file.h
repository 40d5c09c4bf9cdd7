/* run.json: how the command line finds a running node (§22).
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_RUN_FILE_H
#define HEARTHCHAT_SERVER_RUN_FILE_H

#include <stdint.h>

#include "core/error.h"
#include "protocol/node_id.h"

enum result run_file_write(const char *data_directory, const char *ui_host, uint16_t ui_port,
                           uint16_t peer_port, const struct node_id *node_id, struct error *error);
void run_file_remove(const char *data_directory);

/* The local listener's address, "http://127.0.0.1:PORT"; the caller frees it. RESULT_NOT_FOUND when
 * no node runs on this directory (a file of a dead process counts as none). */
enum result run_file_find(const char *data_directory, char **ui_out);

#endif
