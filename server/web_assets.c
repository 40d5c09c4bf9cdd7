#define ZLIB_CONST
#include "server/web_assets.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

extern const struct embedded_file web_files[];
extern const struct embedded_file openapi_files[];

static const struct embedded_file *find_in(const struct embedded_file *files, const char *name)
{
    for (; files->name != NULL; files++) {
        if (strcmp(files->name, name) == 0) {
            return files;
        }
    }
    return NULL;
}

const struct embedded_file *web_assets_find(const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;
    const struct embedded_file *file = path[0] == '/' ? find_in(web_files, name) : NULL;
    return file != NULL || path[0] != '/' ? file : find_in(openapi_files, name);
}

const char *web_assets_content_type(const struct embedded_file *file)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".webmanifest", "application/manifest+json"},
        {".yaml", "application/yaml"},
    };
    size_t length = strlen(file->name);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t ending = strlen(types[i].ending);
        if (length > ending && strcmp(file->name + length - ending, types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

void web_assets_unpack(const struct embedded_file *file, struct buffer *out)
{
    enum { OF_GZIP = 16 + MAX_WBITS };
    unsigned char piece[16384];
    z_stream stream = {.next_in = file->bytes, .avail_in = (uInt)file->length_bytes};
    int result = inflateInit2(&stream, OF_GZIP);
    while (result == Z_OK) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        result = inflate(&stream, Z_NO_FLUSH);
        buffer_append(out, (const char *)piece, sizeof piece - stream.avail_out);
    }
    assert(result == Z_STREAM_END); /* we packed it ourselves */
    (void)inflateEnd(&stream);
}
