/* The chat tab and the API's description, built into the program as gzip has them.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_SERVER_WEB_ASSETS_H
#define HEARTHCHAT_SERVER_WEB_ASSETS_H

#include "core/buffer.h"
#include "core/embedded_file.h"

/* "/" is index.html. NULL when there is no such file. */
const struct embedded_file *web_assets_find(const char *path);

const char *web_assets_content_type(const struct embedded_file *file);

/* For who does not take gzip: appends the file as it was. */
void web_assets_unpack(const struct embedded_file *file, struct buffer *out);

#endif
