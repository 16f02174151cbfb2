/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal, the log, files and ids of the host, and calling the module. */
#include "fake.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "wire/process.h"

static char journal[8192];
static char log_lines[16384];

/* ---- journal and log --------------------------------------------------------
 */

void
fake_note(const char *format, ...)
{
    size_t used = strlen(journal);
    va_list arguments;

    if (used > 0)
        used += (size_t)snprintf(journal + used, sizeof(journal) - used, "; ");
    va_start(arguments, format);
    vsnprintf(journal + used, sizeof(journal) - used, format, arguments);
    va_end(arguments);
}

const char *
fake_journal(void)
{
    return journal;
}

void
fake_log_line(int priority, const char *format, va_list arguments)
{
    size_t used = strlen(log_lines);

    used += (size_t)snprintf(log_lines + used, sizeof(log_lines) - used, "%d ",
                             priority);
    vsnprintf(log_lines + used, sizeof(log_lines) - used, format, arguments);
    strncat(log_lines, "\n", sizeof(log_lines) - strlen(log_lines) - 1);
}

const char *
fake_log(void)
{
    return log_lines;
}

bool
fake_log_is_clean(void)
{
    static const char *const secrets[] = {FAKE_TICKET, FAKE_SECRET, NULL};

    for (size_t i = 0; secrets[i] != NULL; i++)
        if (strstr(log_lines, secrets[i]) != NULL)
            return false;
    return fake.typed == NULL || fake.typed[0] == '\0' ||
           strstr(log_lines, fake.typed) == NULL;
}

/* ---- files ------------------------------------------------------------------
 */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static FILE *
open_text(const char *text, const char *mode)
{
    if (strchr(mode, 'e') == NULL) {
        errno = EINVAL; /* a descriptor that a child would inherit */
        return NULL;
    }
    if (text == NULL) {
        errno = EMFILE;
        return NULL;
    }
    return fmemopen((void *)(uintptr_t)text, strlen(text), "r");
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
    if (strcmp(path, "/etc/passwd") == 0)
        return open_text(fake.passwd, mode);
    return __real_fopen(path, mode);
}

int __wrap_process_read_self(struct process *ret_process);

int
__wrap_process_read_self(struct process *ret_process)
{
    return fake.stat == NULL ? -EPROTO : process_parse(fake.stat, ret_process);
}

/* ---- ids --------------------------------------------------------------------
 */

uid_t __wrap_getuid(void);
uid_t __wrap_geteuid(void);
gid_t __wrap_getgid(void);
pid_t __wrap_getpid(void);
long __wrap_syscall(long number, ...);

uid_t
__wrap_getuid(void)
{
    return fake.ruid;
}

uid_t
__wrap_geteuid(void)
{
    return fake.euid;
}

gid_t
__wrap_getgid(void)
{
    return fake.rgid;
}

pid_t
__wrap_getpid(void)
{
    return fake.pid;
}

/* setresuid and setresgid, of which the module changes the real id alone. */
long
__wrap_syscall(long number, ...)
{
    unsigned real, effective, saved;
    va_list arguments;

    va_start(arguments, number);
    real = va_arg(arguments, unsigned);
    effective = va_arg(arguments, unsigned);
    saved = va_arg(arguments, unsigned);
    va_end(arguments);
    if (effective != (unsigned)-1 || saved != (unsigned)-1) {
        fake_note("wrong ids changed");
        errno = EPERM;
        return -1;
    }
    if (number == SYS_setresgid && real != (unsigned)-1) {
        fake.rgid = real;
    } else if (number == SYS_setresuid && real != (unsigned)-1) {
        if (fake.stuck_ids && real == 0) {
            errno = EPERM;
            return -1;
        }
        if (real != fake.ruid)
            fake_note("as %u", real);
        fake.ruid = real;
    }
    return 0;
}

/* ---- calling the module
 * ------------------------------------------------------ */

int
fake_call(enum fake_entry entry, int flags, const char *options)
{
    static int (*const entries[])(pam_handle_t *, int, int, const char **) = {
        [FAKE_AUTHENTICATE] = pam_sm_authenticate,
        [FAKE_SETCRED] = pam_sm_setcred,
        [FAKE_ACCOUNT] = pam_sm_acct_mgmt,
        [FAKE_OPEN] = pam_sm_open_session,
        [FAKE_CLOSE] = pam_sm_close_session,
        [FAKE_CHAUTHTOK] = pam_sm_chauthtok,
    };
    const char *arguments[8];
    char text[2048];
    int count = 0;

    snprintf(text, sizeof(text), "%s", options == NULL ? "" : options);
    for (char *word = strtok(text, "|"); word != NULL && count < 8;
         word = strtok(NULL, "|"))
        arguments[count++] = word;
    return entries[entry](fake_handle(), flags, count, arguments);
}

void fake_forget_requests(void);

void
fake_forget_journal(void)
{
    journal[0] = '\0';
    log_lines[0] = '\0';
    fake_forget_requests();
}
