/* What `hearthchat doctor` sees without a running node: the data directory, the key, the log, the
 * disk, the clock.
 *
 * Thread: main; reads, and changes nothing.
 */
#ifndef HEARTHCHAT_SERVER_DOCTOR_FILES_H
#define HEARTHCHAT_SERVER_DOCTOR_FILES_H

#include "server/doctor_findings.h"

void doctor_files_examine(const char *data_directory, struct doctor_findings *findings);

#endif
