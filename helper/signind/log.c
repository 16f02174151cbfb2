/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    int level;
    bool journal; /* stderr is the journal: priority prefix, no time */
    void (*divert)(void *context, int priority, const char *text);
    void *divert_context;
} log_state = {.level = LOG_INFO};

void
log_open(int level)
{
    log_state.level = level;
    log_state.journal = secure_getenv("JOURNAL_STREAM") != NULL;
}

void
log_set_level(int level)
{
    log_state.level = level;
}

void
log_divert(void (*line)(void *context, int priority, const char *text),
           void *context)
{
    log_state.divert = line;
    log_state.divert_context = context;
}

static const char *
log_word(int priority)
{
    switch (priority) {
    case LOG_WARNING:
        return "warning";
    case LOG_NOTICE:
        return "notice";
    case LOG_INFO:
        return "info";
    case LOG_DEBUG:
        return "debug";
    default:
        return "error";
    }
}

/* Copy text, writing what could forge or garble a line as \xNN.  Bytes from
 * 0x80 on pass: names and messages may be UTF-8. */
static size_t
log_escape(char *line, size_t size, const char *text)
{
    size_t used = 0;

    for (; *text != '\0' && used + 5 < size; text++) {
        unsigned char byte = (unsigned char)*text;

        /* U+0080 to U+009F are controls as well: terminals obey them. */
        if (byte == 0xc2 && (unsigned char)text[1] >= 0x80 &&
            (unsigned char)text[1] <= 0x9f)
            used += (size_t)snprintf(line + used, size - used, "\\x%02x",
                                     (unsigned char)*++text);
        else if (byte < 0x20 || byte == 0x7f)
            used += (size_t)snprintf(line + used, size - used, "\\x%02x", byte);
        else
            line[used++] = (char)byte;
    }
    line[used] = '\0';
    return used;
}

void
log_line(int priority, const char *format, ...)
{
    char text[1024], line[1400];
    size_t used;
    va_list arguments;

    if (priority > log_state.level)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (log_state.divert != NULL) {
        log_state.divert(log_state.divert_context, priority, text);
        return;
    }
    if (log_state.journal) {
        used = (size_t)snprintf(line, sizeof(line), "<%d>", priority);
    } else {
        struct timespec now;
        struct tm when;

        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &when);
        used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S%z ", &when);
        used += (size_t)snprintf(line + used, sizeof(line) - used,
                                 "signind[%d]: %s: ", (int)getpid(),
                                 log_word(priority));
    }
    used += log_escape(line + used, sizeof(line) - used - 1, text);
    line[used++] = '\n';
    /* One write, so that lines of several processes do not mix. */
    if (write(STDERR_FILENO, line, used) < 0)
        return;
}
