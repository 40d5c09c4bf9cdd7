/* The chat tab and the API's description, built into the program and served as they are.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_SERVER_WEB_ASSETS_H
#define HEARTHCHAT_SERVER_WEB_ASSETS_H

#include "core/embedded_file.h"

/* "/" is index.html. NULL when there is no such file. */
const struct embedded_file *web_assets_find(const char *path);

const char *web_assets_content_type(const struct embedded_file *file);

#endif
