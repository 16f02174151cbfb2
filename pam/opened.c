/* SPDX-License-Identifier: BSD-2-Clause */
#include "opened.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "wire/enforce.h"
#include "wire/process.h"

/* pam_limits, or whoever called su, may have forbidden files to this process:
 * the signal for that (setrlimit(2)) would end the login. */
static int
opened_write_file(const char *id, const char *text)
{
    struct rlimit before, enough;
    int error;

    if (getrlimit(RLIMIT_FSIZE, &before) != 0)
        return -errno;
    if (before.rlim_cur >= ENFORCE_FILE_MAX)
        return enforce_write_file(ENFORCE_SESSIONS, id, text, 0644);
    enough = before;
    enough.rlim_cur = ENFORCE_FILE_MAX;
    if (enough.rlim_max < ENFORCE_FILE_MAX)
        enough.rlim_max = ENFORCE_FILE_MAX;
    if (setrlimit(RLIMIT_FSIZE, &enough) != 0)
        return -errno;
    error = enforce_write_file(ENFORCE_SESSIONS, id, text, 0644);
    if (setrlimit(RLIMIT_FSIZE, &before) != 0 && error == 0)
        error = -errno;
    return error;
}

void
opened_write(const struct call *call, const char *id)
{
    struct enforce_opening opening = {.uid = call->user.uid, .pid = getpid()};
    char text[ENFORCE_FILE_MAX + 1];
    struct process self;
    int error = process_read_self(&self);

    if (error == 0)
        opening.start = self.start;
    memcpy(opening.user, call->user.name, sizeof(opening.user));
    enforce_set_text(opening.service, call->service);
    enforce_set_text(opening.tty, call->tty);
    if (error == 0)
        error = enforce_format_opening(&opening, text);
    if (error == 0)
        error = opened_write_file(id, text);
    if (error != 0)
        call_log(call, LOG_WARNING,
                 "session %.8s cannot be written to " ENFORCE_SESSIONS
                 " (%s): should the provider refuse it, nobody is told, and "
                 "it is not locked or ended",
                 id, strerrordesc_np(-error));
}

void
opened_remove(const struct call *call, const char *id)
{
    int error = enforce_remove_file(ENFORCE_SESSIONS, id);

    if (error != 0 && error != -ENOENT)
        call_log(call, LOG_WARNING,
                 "session %.8s cannot be removed from " ENFORCE_SESSIONS ": %s",
                 id, strerrordesc_np(-error));
}
