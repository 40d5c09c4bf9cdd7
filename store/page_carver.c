#include "store/page_carver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/event.h"

/* SQLite's file format: https://www.sqlite.org/fileformat2.html */
enum {
    USUAL_PAGE_BYTES = 4096,
    LEAST_PAGE_BYTES = 512,
    MOST_PAGE_BYTES = 65536,
    FILE_HEADER_BYTES = 100,
    LEAF_HEADER_BYTES = 8,
    TABLE_LEAF = 13,
    WAL_HEADER_BYTES = 32,
    WAL_SALTS = 16,
    FRAME_HEADER_BYTES = 24,
    FRAME_SALTS = 8,
    SALTS_BYTES = 8,
    FIRST_TEXT = 13, /* serial types from here on: texts where odd, blobs where even */
    MOST_RECORD_BYTES = EVENT_MOST_BYTES + 1024,
};

static const char event_begin[] = "{\"author\":\"ed25519:";

struct page_carver {
    int file;    /* -1: none */
    int journal; /* likewise */
    size_t page_bytes;
    uint32_t page_count;
    uint32_t frame_count;
    /* By page: the frame of the journal that has it last, from 1; 0: none. `stale`: of those that
     * were there before the journal began anew, and are older than the file. */
    uint32_t *frames;
    uint32_t *stale;
    uint32_t frames_length; /* of both */
    uint8_t *page;          /* that is looked at */
    uint8_t *beside;        /* another one of its record */
    char *record;           /* put together, and a NUL */
    size_t found_in_cells;  /* of the page */
};

static uint32_t read_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static size_t read_16(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* A varint of SQLite's: its length, 0 when it does not end before `end`. */
static size_t read_varint(const uint8_t *at, const uint8_t *end, uint64_t *number_out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 9 && at + i < end; i++) {
        if (i == 8) {
            *number_out = number << 8 | at[i];
            return 9;
        }
        number = number << 7 | (at[i] & 0x7f);
        if ((at[i] & 0x80) == 0) {
            *number_out = number;
            return i + 1;
        }
    }
    return 0;
}

static bool is_page_size(size_t bytes)
{
    return bytes >= LEAST_PAGE_BYTES && bytes <= MOST_PAGE_BYTES && (bytes & (bytes - 1)) == 0;
}

/* Where the header is gone, pages are as large as those that we make. */
static size_t find_page_size(const struct page_carver *carver)
{
    uint8_t header[FILE_HEADER_BYTES] = {0};
    if (pread(carver->file, header, sizeof header, 0) == (ssize_t)sizeof header &&
        memcmp(header, "SQLite format 3", 16) == 0) {
        size_t bytes = read_16(header + 16) == 1 ? MOST_PAGE_BYTES : read_16(header + 16);
        return is_page_size(bytes) ? bytes : USUAL_PAGE_BYTES;
    }
    if (carver->journal >= 0 &&
        pread(carver->journal, header, WAL_HEADER_BYTES, 0) == WAL_HEADER_BYTES &&
        is_page_size(read_32(header + 8))) {
        return read_32(header + 8);
    }
    return USUAL_PAGE_BYTES;
}

static off_t place_of_frame(const struct page_carver *carver, uint32_t frame)
{
    return WAL_HEADER_BYTES + (off_t)(frame - 1) * (off_t)(FRAME_HEADER_BYTES + carver->page_bytes);
}

static void map_journal(struct page_carver *carver)
{
    struct stat status;
    uint8_t header[WAL_HEADER_BYTES];
    uint8_t frame_header[FRAME_HEADER_BYTES];
    if (carver->journal < 0 || fstat(carver->journal, &status) != 0 ||
        pread(carver->journal, header, sizeof header, 0) != (ssize_t)sizeof header) {
        return;
    }
    carver->frame_count = (uint32_t)((size_t)(status.st_size - WAL_HEADER_BYTES) /
                                     (FRAME_HEADER_BYTES + carver->page_bytes));
    carver->frames_length = carver->page_count + carver->frame_count + 1;
    carver->frames = memory_allocate(carver->frames_length, sizeof *carver->frames);
    carver->stale = memory_allocate(carver->frames_length, sizeof *carver->stale);
    for (uint32_t frame = 1; frame <= carver->frame_count; frame++) {
        if (pread(carver->journal, frame_header, sizeof frame_header,
                  place_of_frame(carver, frame)) == (ssize_t)sizeof frame_header &&
            read_32(frame_header) < carver->frames_length) {
            bool current = memcmp(frame_header + FRAME_SALTS, header + WAL_SALTS, SALTS_BYTES) == 0;
            (current ? carver->frames : carver->stale)[read_32(frame_header)] = frame;
        }
    }
}

static void close_file(int file)
{
    if (file >= 0) {
        (void)close(file);
    }
}

enum result page_carver_open(const char *path, struct page_carver **carver_out, struct error *error)
{
    struct stat status = {.st_size = 0};
    char *journal_path = memory_format("%s-wal", path);
    int journal = open(journal_path, O_RDONLY | O_CLOEXEC);
    memory_free(journal_path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 ? fstat(file, &status) != 0 : errno != ENOENT || journal < 0) {
        enum result result = errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO;
        result = error_set(error, result, "%s can't be read: %s.", path, strerrordesc_np(errno));
        close_file(file);
        close_file(journal);
        return result;
    }
    struct page_carver *carver = memory_allocate(1, sizeof *carver);
    carver->file = file;
    carver->journal = journal;
    carver->page_bytes = find_page_size(carver);
    /* What is left of a page that was cut through counts as one. */
    carver->page_count =
        (uint32_t)(((size_t)status.st_size + carver->page_bytes - 1) / carver->page_bytes);
    map_journal(carver);
    carver->page = memory_allocate(carver->page_bytes, 1);
    carver->beside = memory_allocate(carver->page_bytes, 1);
    carver->record = memory_allocate(MOST_RECORD_BYTES + 1, 1);
    *carver_out = carver;
    return RESULT_OK;
}

void page_carver_close(struct page_carver **carver_pointer)
{
    struct page_carver *carver = *carver_pointer;
    if (carver == NULL) {
        return;
    }
    close_file(carver->file);
    close_file(carver->journal);
    memory_free(carver->frames);
    memory_free(carver->stale);
    memory_free(carver->page);
    memory_free(carver->beside);
    memory_free(carver->record);
    memory_free(carver);
    *carver_pointer = NULL;
}

/* Zeros where it can't be read. */
static void read_at(const struct page_carver *carver, int file, off_t place, uint8_t *page)
{
    ssize_t got = pread(file, page, carver->page_bytes, place);
    size_t length = got > 0 ? (size_t)got : 0;
    memset(page + length, 0, carver->page_bytes - length);
}

static bool read_frame(const struct page_carver *carver, const uint32_t *frames, uint32_t number,
                       uint8_t *page)
{
    if (number >= carver->frames_length || frames[number] == 0) {
        return false;
    }
    read_at(carver, carver->journal, place_of_frame(carver, frames[number]) + FRAME_HEADER_BYTES,
            page);
    return true;
}

static bool is_zero(const struct page_carver *carver, const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, carver->page_bytes - 1) == 0;
}

/* A page as it was last. */
static bool read_last(const struct page_carver *carver, uint32_t number, uint8_t *page)
{
    if (number == 0 || read_frame(carver, carver->frames, number, page)) {
        return number != 0;
    }
    bool in_file = number <= carver->page_count;
    if (in_file) {
        read_at(carver, carver->file, (off_t)(number - 1) * (off_t)carver->page_bytes, page);
    }
    return (in_file && !is_zero(carver, page)) || read_frame(carver, carver->stale, number, page);
}

/* How much of a record lies in its cell. */
static size_t count_local(const struct page_carver *carver, size_t record_bytes)
{
    size_t usable = carver->page_bytes;
    size_t most = usable - 35;
    size_t least = (usable - 12) * 32 / 255 - 23;
    if (record_bytes <= most) {
        return record_bytes;
    }
    size_t local = least + (record_bytes - least) % (usable - 4);
    return local <= most ? local : least;
}

/* The rest of it, on pages of its own, each of which names the next. */
static bool collect(struct page_carver *carver, uint32_t next, size_t have, size_t record_bytes)
{
    while (have < record_bytes && next != 0 && read_last(carver, next, carver->beside)) {
        size_t piece = carver->page_bytes - 4;
        piece = record_bytes - have < piece ? record_bytes - have : piece;
        memcpy(carver->record + have, carver->beside + 4, piece);
        have += piece;
        next = read_32(carver->beside);
    }
    return have == record_bytes;
}

/* The bytes of a column of that type; numbers take at most eight. */
static uint64_t column_bytes(uint64_t type)
{
    static const uint8_t numbers[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof numbers ? numbers[type] : (type - 12) / 2;
}

/* The event among the columns of the record. */
static bool find_event(const struct page_carver *carver, size_t record_bytes, size_t *place_out,
                       size_t *length_out)
{
    const uint8_t *record = (const uint8_t *)carver->record;
    uint64_t header_bytes = 0;
    size_t at = read_varint(record, record + record_bytes, &header_bytes);
    uint64_t place = header_bytes;
    if (at == 0 || header_bytes > record_bytes) {
        return false;
    }
    while (at < header_bytes) {
        uint64_t type = 0;
        size_t taken = read_varint(record + at, record + header_bytes, &type);
        if (taken == 0 || column_bytes(type) > record_bytes - place) {
            return false;
        }
        if (type >= FIRST_TEXT && type % 2 == 1 && column_bytes(type) >= sizeof event_begin &&
            memcmp(record + place, event_begin, sizeof event_begin - 1) == 0) {
            *place_out = (size_t)place;
            *length_out = (size_t)column_bytes(type);
            return true;
        }
        at += taken;
        place += column_bytes(type);
    }
    return false;
}

/* False when the cell makes no sense. */
static bool carve_cell(struct page_carver *carver, size_t place, page_carver_found *found,
                       void *context)
{
    const uint8_t *at = carver->page + place;
    const uint8_t *end = carver->page + carver->page_bytes;
    uint64_t record_bytes = 0;
    uint64_t seq = 0;
    size_t text = 0;
    size_t length = 0;
    size_t taken = read_varint(at, end, &record_bytes);
    at += taken;
    size_t taken_again = taken == 0 ? 0 : read_varint(at, end, &seq);
    at += taken_again;
    if (taken_again == 0 || record_bytes == 0) {
        return false;
    }
    if (record_bytes > MOST_RECORD_BYTES) {
        return true; /* of another table, or nonsense: no event is so long */
    }
    size_t local = count_local(carver, (size_t)record_bytes);
    if ((size_t)(end - at) < local + (local < record_bytes ? 4 : 0)) {
        return false;
    }
    memcpy(carver->record, at, local);
    if (local < record_bytes &&
        !collect(carver, read_32(at + local), local, (size_t)record_bytes)) {
        return true; /* its other pages are lost */
    }
    if (find_event(carver, (size_t)record_bytes, &text, &length)) {
        carver->found_in_cells++;
        char after = carver->record[text + length];
        carver->record[text + length] = '\0';
        found(context, seq <= INT64_MAX ? (int64_t)seq : 0, carver->record + text, length);
        carver->record[text + length] = after;
    }
    return true;
}

/* False when its cells can't be told from one another. */
static bool carve_leaf(struct page_carver *carver, size_t header, page_carver_found *found,
                       void *context)
{
    size_t count = read_16(carver->page + header + 3);
    bool whole = carver->page[header] == TABLE_LEAF &&
                 header + LEAF_HEADER_BYTES + 2 * count <= carver->page_bytes;
    for (size_t i = 0; i < count && whole; i++) {
        size_t place = read_16(carver->page + header + LEAF_HEADER_BYTES + 2 * i);
        whole = place < carver->page_bytes && carve_cell(carver, place, found, context);
    }
    return whole;
}

/* The length of the JSON object that begins here; 0 when it does not end on this page. */
static size_t measure_object(const uint8_t *at, size_t most)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < most; i++) {
        if (quoted && at[i] == '\\') {
            i++;
            continue;
        }
        if (quoted) {
            quoted = at[i] != '"';
            continue;
        }
        quoted = at[i] == '"';
        depth += at[i] == '{' ? 1 : 0;
        depth -= at[i] == '}' ? 1 : 0;
        if (depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static void carve_text(struct page_carver *carver, page_carver_found *found, void *context)
{
    const uint8_t *at = carver->page;
    const uint8_t *end = carver->page + carver->page_bytes;
    while ((at = memmem(at, (size_t)(end - at), event_begin, sizeof event_begin - 1)) != NULL) {
        size_t length = measure_object(at, (size_t)(end - at));
        if (length > 0) {
            memcpy(carver->record, at, length);
            carver->record[length] = '\0';
            found(context, 0, carver->record, length);
        }
        at += length > 0 ? length : sizeof event_begin - 1;
    }
}

static size_t count_begins(const struct page_carver *carver)
{
    const uint8_t *at = carver->page;
    const uint8_t *end = carver->page + carver->page_bytes;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), event_begin, sizeof event_begin - 1)) != NULL) {
        at += sizeof event_begin - 1;
        count++;
    }
    return count;
}

/* What its cells don't lead to may still be there. */
static void carve_page(struct page_carver *carver, bool is_first, page_carver_found *found,
                       void *context)
{
    carver->found_in_cells = 0;
    if (!carve_leaf(carver, is_first ? FILE_HEADER_BYTES : 0, found, context) ||
        count_begins(carver) > carver->found_in_cells) {
        carve_text(carver, found, context);
    }
}

void page_carver_run(struct page_carver *carver, page_carver_found *found, void *context)
{
    for (uint32_t number = 1; number <= carver->page_count; number++) {
        read_at(carver, carver->file, (off_t)(number - 1) * (off_t)carver->page_bytes,
                carver->page);
        carve_page(carver, number == 1, found, context);
    }
    for (uint32_t frame = 1; frame <= carver->frame_count; frame++) {
        uint8_t number[4] = {0};
        off_t place = place_of_frame(carver, frame);
        (void)!pread(carver->journal, number, sizeof number, place);
        read_at(carver, carver->journal, place + FRAME_HEADER_BYTES, carver->page);
        carve_page(carver, read_32(number) == 1, found, context);
    }
}
