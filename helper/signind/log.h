/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: one line per decision, to stderr.  Under systemd stderr is the journal
 * and each line carries its priority ("<4>", sd-daemon(3)); else it carries
 * time, program and priority in words.  Control characters in values are
 * written \xNN: nobody can forge a line.  Secrets are never passed here.
 */
#ifndef SIGNIN_LOG_H
#define SIGNIN_LOG_H

#include <syslog.h>

/* level: LOG_ERR (3) .. LOG_DEBUG (7); what is above it is dropped. */
void log_open(int level);
void log_set_level(int level);

/*
 * From now on give each line's text to line(), unescaped, instead of writing
 * it; NULL: write again.  For a program that reports in its own way.
 */
void log_divert(void (*line)(void *context, int priority, const char *text),
                void *context);

void log_line(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

#endif
