#include "server/doctor_files.h"

#include <errno.h>
#include <fts.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/log_checkup.h"

#define MEGABYTE 1000000.0

static const int64_t least_free_bytes = 100000000; /* SQLite needs room for its journal */
static const int64_t comfortable_free_bytes = INT64_C(1) << 30; /* §18: files need so much */
static const time_t clock_slack_seconds = 86400;

static void examine_key(const char *directory, struct doctor_findings *findings)
{
    struct signing_key key;
    struct error error = {""};
    char short_id[NODE_ID_SHORT_BYTES];
    if (device_key_load(directory, &key, &error) == RESULT_OK) {
        node_id_format_short(&key.node_id, short_id);
        doctor_findings_add(findings, "key", DOCTOR_WELL, NULL, "This device is %s.", short_id);
        signing_key_deinit(&key);
    } else {
        doctor_findings_add(findings, "key", DOCTOR_WRONG, "Do what it says, then ask again.", "%s",
                            error.message);
    }
}

/* Settings hold no secret, and are written by hand. */
static bool may_be_open(const FTSENT *entry)
{
    return entry->fts_level == 1 && strcmp(entry->fts_name, "hearthchat.ini") == 0;
}

static void examine_modes(const char *directory, struct doctor_findings *findings)
{
    char *path = memory_duplicate_string(directory);
    char *const roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry = NULL;
    char *first = NULL;
    int open_count = 0;
    while (walk != NULL && (entry = fts_read(walk)) != NULL) {
        bool looked_at = entry->fts_info == FTS_D || entry->fts_info == FTS_F;
        if (looked_at && !may_be_open(entry) && (entry->fts_statp->st_mode & 0077) != 0) {
            first = first == NULL ? memory_duplicate_string(entry->fts_path) : first;
            open_count++;
        }
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
    if (open_count == 0) {
        doctor_findings_add(findings, "modes", DOCTOR_WELL, NULL,
                            "Nobody else can read what lies in %s.", directory);
    } else {
        char *remedy = memory_format("Run: chmod -R go= '%s'", directory);
        doctor_findings_add(findings, "modes", DOCTOR_WRONG, remedy,
                            "Others can get at %d of the node's files, %s for one.", open_count,
                            first);
        memory_free(remedy);
    }
    memory_free(first);
    memory_free(path);
}

static void examine_disk(const char *directory, struct doctor_findings *findings)
{
    struct statvfs disk;
    if (statvfs(directory, &disk) != 0) {
        doctor_findings_add(findings, "disk", DOCTOR_WRONG, "Name the data directory with --data.",
                            "%s can't be looked at: %s.", directory, strerrordesc_np(errno));
        return;
    }
    int64_t free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    const char *remedy = "Make room on that disk; then start the node again if it only reads.";
    enum doctor_state state = free_bytes < least_free_bytes         ? DOCTOR_WRONG
                              : free_bytes < comfortable_free_bytes ? DOCTOR_NOTICE
                                                                    : DOCTOR_WELL;
    doctor_findings_add(findings, "disk", state, state == DOCTOR_WELL ? NULL : remedy,
                        "%.0f MB are free.", (double)free_bytes / MEGABYTE);
    if (access(directory, W_OK) != 0) {
        doctor_findings_add(findings, "disk", DOCTOR_WRONG,
                            "Give it to the user of the node, or mount the disk to be written.",
                            "%s can't be written: %s.", directory, strerrordesc_np(errno));
    }
}

/* The log was written in the past, whatever the clock says now. */
static void examine_clock(const char *log_path, struct doctor_findings *findings)
{
    struct stat written;
    time_t now = time(NULL);
    if (stat(log_path, &written) == 0 && written.st_mtime > now + clock_slack_seconds) {
        doctor_findings_add(findings, "clock", DOCTOR_WRONG,
                            "Set it, for example: sudo timedatectl set-ntp true. Nothing is lost "
                            "by a wrong clock, but times are shown wrong.",
                            "This machine's clock is %lld days behind its own log.",
                            (long long)((written.st_mtime - now) / clock_slack_seconds));
    }
}

static void examine_log(const char *directory, struct doctor_findings *findings)
{
    struct node_id community_id;
    struct log_checkup checkup;
    struct error error = {""};
    if (data_directory_find_community(directory, &community_id) != RESULT_OK &&
        data_directory_find_lost(directory, &community_id) == RESULT_OK) {
        doctor_findings_add(findings, "log", DOCTOR_WRONG,
                            "Come back with any invite that this device ever got, or with one that "
                            "a member makes for it now: in its tab, or by: hearthchat join INVITE",
                            "The log of this node's community is lost.");
        return;
    }
    if (data_directory_find_community(directory, &community_id) != RESULT_OK) {
        doctor_findings_add(findings, "log", DOCTOR_NOTICE,
                            "Create a community, or join one with an invite.",
                            "This node is in no community: there is no log.");
        return;
    }
    char *place = data_directory_community_path(directory, &community_id);
    char *log_path = memory_format("%s/events.sqlite", place);
    enum result result = log_checkup_run(place, &community_id, &checkup, &error);
    if (result != RESULT_OK) {
        doctor_findings_add(findings, "log", DOCTOR_WRONG,
                            "If it is there and belongs to this user, stop the node and run: "
                            "hearthchat repair",
                            "%s", error.message);
    } else if (!checkup.database_is_sound || checkup.damaged > 0) {
        doctor_findings_add(findings, "log", DOCTOR_WRONG,
                            "Stop the node and run: hearthchat repair. It fetches from the "
                            "neighbours what can't be read any more.",
                            "The log is damaged: %s.",
                            checkup.database_is_sound ? "events are not what was signed"
                                                      : "it is no sound database");
    } else {
        doctor_findings_add(findings, "log", DOCTOR_WELL, NULL,
                            "The log is sound, and %lld of its events are what was signed; the "
                            "whole is checked by: hearthchat verify",
                            (long long)checkup.looked_at);
    }
    examine_clock(log_path, findings);
    memory_free(log_path);
    memory_free(place);
}

void doctor_files_examine(const char *data_directory, struct doctor_findings *findings)
{
    struct stat status;
    if (stat(data_directory, &status) != 0) {
        doctor_findings_add(findings, "data", DOCTOR_WRONG,
                            "Name the data directory with --data DIR, or make one: hearthchat init",
                            "There is no data directory %s.", data_directory);
        return;
    }
    examine_key(data_directory, findings);
    examine_modes(data_directory, findings);
    examine_disk(data_directory, findings);
    examine_log(data_directory, findings);
}
