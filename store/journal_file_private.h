/* One write a commit: the journal's file, with what SQLite hands over frame by frame written
 * together.
 *
 * Guarantee: a transaction's frames are gathered in memory and are in the file before the call that
 * writes its commit frame returns. So whoever may look at frames (readers, other processes, a
 * checkpoint, a recovery) finds what it would find without this, however the journal is synced; the
 * writer alone sees frames before, and what it reads or overwrites is written first. What is
 * gathered when the lock of who writes is given back was rolled back, and is dropped. A write that
 * fails is answered to the call that caused it, the commit frame's at the latest, as the file's own
 * failure; what was gathered stays and is tried again with the next. Pages hold keys: what was
 * written or dropped is wiped from memory. Where SQLite fills up sectors behind a transaction
 * (psow=0), nothing is gathered.
 * Thread: any to ask for it; a file is its connection's.
 * Limits: 128 KiB are gathered, then written: no more is taken at once, and memory does not grow
 * with a transaction.
 */
#ifndef HEARTHCHAT_STORE_JOURNAL_FILE_PRIVATE_H
#define HEARTHCHAT_STORE_JOURNAL_FILE_PRIVATE_H

/* For sqlite3_open_v2(), of a connection that writes: the system's files otherwise. NULL, which is
 * those: it can't be had. Static. */
const char *journal_file_vfs(void);

#endif
