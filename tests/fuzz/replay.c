/* Runs a fuzz target over the files of its corpus, where there is no libFuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "store/data_directory.h"

enum { MOST_BYTES = 1048576 };

int main(int argc, char **argv)
{
    int count = 0;
    DIR *corpus = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry = NULL;
    if (corpus == NULL) {
        (void)fputs("usage: TARGET CORPUS-DIRECTORY\n", stderr);
        return 2;
    }
    while ((entry = readdir(corpus)) != NULL) { // NOLINT(concurrency-mt-unsafe): one thread
        char *bytes = NULL;
        size_t length = 0;
        char *path = memory_format("%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.' &&
            data_directory_read_file(path, MOST_BYTES, &bytes, &length) == RESULT_OK) {
            (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
            count++;
        }
        memory_free(bytes);
        memory_free(path);
    }
    (void)closedir(corpus);
    (void)printf("[  PASSED  ] %d test(s).\n", count);
    return count > 0 ? 0 : 1;
}
