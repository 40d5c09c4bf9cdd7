#include "core/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum result error_set(struct error *error, enum result result, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return result;
}
