/* Events as they lie in the pages of a database file that SQLite may not be able to read any more.
 *
 * Finds every event whose text, as its row has it, is whole: by the cells of its pages, whatever
 * became of the trees and the header above them, and in pages that are damaged themselves by the
 * text alone; in the journal, too. What it finds is claimed, not proven: the caller checks hash and
 * signature. Thread: any; blocks. Only reads the files. Limits: eight bytes a page of memory; a
 * text of up to EVENT_MOST_BYTES.
 */
#ifndef HEARTHCHAT_STORE_PAGE_CARVER_H
#define HEARTHCHAT_STORE_PAGE_CARVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct page_carver;

/* `path`, and "<path>-wal" if there is one. RESULT_NOT_FOUND, RESULT_IO. */
enum result page_carver_open(const char *path, struct page_carver **carver_out,
                             struct error *error);
void page_carver_close(struct page_carver **carver); /* NULL is fine */

/* `text` ends with NUL behind `length_bytes`. `seq`: its arrival number; 0 when it can't be told.
 * The same event may come several times. */
typedef void page_carver_found(void *context, int64_t seq, const char *text, size_t length_bytes);

/* All of them, in the order in which they lie there. May be called again. */
void page_carver_run(struct page_carver *carver, page_carver_found *found, void *context);

#endif
