/* SPDX-License-Identifier: BSD-2-Clause */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>

void
reader_complain(struct reader *reader, const char *file, unsigned line,
                const char *format, ...)
{
    char message[1024];
    va_list arguments;

    reader->mistakes++;
    if (reader->quiet || reader->complain == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    reader->complain(reader->context, file, line, message);
}
