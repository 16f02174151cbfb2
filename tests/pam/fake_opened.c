/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's files about sessions: not in the journal, which is the order of what
 * matters to the session itself. */
#include "opened.h"

#include <stdio.h>
#include <string.h>

#include "wire/enforce.h"

struct fake_opened fake_opened;

int __wrap_enforce_write_file(const char *directory, const char *name,
                              const char *text, mode_t mode);
int __wrap_enforce_remove_file(const char *directory, const char *name);

int
__wrap_enforce_write_file(const char *directory, const char *name,
                          const char *text, mode_t mode)
{
    struct rlimit limit = {0};

    fake_opened.written++;
    snprintf(fake_opened.path, sizeof(fake_opened.path), "%s/%s", directory,
             name);
    snprintf(fake_opened.text, sizeof(fake_opened.text), "%s", text);
    fake_opened.mode = mode;
    getrlimit(RLIMIT_FSIZE, &limit);
    fake_opened.room = limit.rlim_cur;
    return fake_opened.error;
}

int
__wrap_enforce_remove_file(const char *directory, const char *name)
{
    fake_opened.removed++;
    snprintf(fake_opened.path, sizeof(fake_opened.path), "%s/%s", directory,
             name);
    return fake_opened.error;
}
