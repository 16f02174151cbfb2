/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "people-fixture.h"
#include "signind/log.h"

/* ---- the log ------------------------------------------------------------- */

static char log_text[65536];
static size_t log_used;

/* The daemon's own log is not linked: this is it. */
void
log_line(int priority, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)priority;
    if (log_used + 1024 >= sizeof(log_text))
        return;
    va_start(arguments, format);
    length = vsnprintf(log_text + log_used, 1024, format, arguments);
    va_end(arguments);
    assert_true(length >= 0);
    log_used += strlen(log_text + log_used);
    log_text[log_used++] = '\n';
    log_text[log_used] = '\0';
}

bool
log_has(const char *text)
{
    return strstr(log_text, text) != NULL;
}

void
assert_logged(const char *text)
{
    if (!log_has(text))
        print_message("# not in the log: %s\n# log: %s\n", text, log_text);
    assert_true(log_has(text));
}

void
log_forget(void)
{
    log_used = 0;
    log_text[0] = '\0';
}

/* ---- files --------------------------------------------------------------- */

void
host_write(const char *path, const char *text)
{
    char name[80];
    FILE *file;

    snprintf(name, sizeof(name), "%s.tmp", path);
    file = fopen(name, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(name, 0644), 0);
    assert_int_equal(rename(name, path), 0);
}

bool
host_has_file(const struct host *host, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", host->folder, name);
    return access(path, F_OK) == 0;
}

unsigned
host_count_files(const struct host *host, const char *prefix)
{
    DIR *folder = opendir(host->folder);
    unsigned count = 0;
    struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(folder);
    return count;
}

static void
host_remove_files(const struct host *host)
{
    DIR *folder = opendir(host->folder);
    struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(host->folder);
}

/* ---- the host ------------------------------------------------------------ */

static void
host_configure(struct host *host)
{
    struct directory_config *directory = host->directories;

    for (size_t i = 0; i < 2; i++)
        directory[i] = (struct directory_config){
            .name = (char *)(uintptr_t)(i == 0 ? "corp" : "other"),
            .type = DIRECTORY_REST,
            .issuer =
                (char *)(uintptr_t)(i == 0 ? ISSUER : "https://other.example"),
            .disabled_grace_s = 1000};
    host->config = (struct config){
        .directories = directory,
        .directory_count = 2,
        .accounts = {.id_from_attribute = true,
                     .id_derived = true,
                     .id_first = 1879048192,
                     .id_last = 2147352575,
                     .shell = (char *)(uintptr_t) "/bin/bash",
                     .group_prefix = (char *)(uintptr_t) ""},
    };
}

static void
host_name(const struct host *host, char *path, const char *name)
{
    snprintf(path, 64, "%s/%s", host->folder, name);
}

int
host_open(struct host *host)
{
    return store_open(host->store_path, &host->store);
}

void
host_reopen(struct host *host)
{
    store_close(host->store);
    host->store = NULL;
    assert_int_equal(host_open(host), 0);
}

int
host_begin(void **state)
{
    struct host *host = calloc(1, sizeof(*host));
    struct local_files_paths paths;

    assert_non_null(host);
    log_forget();
    strcpy(host->folder, "people-test-XXXXXX");
    assert_non_null(mkdtemp(host->folder));
    host_name(host, host->store_path, "users.db");
    host_name(host, host->snapshot_path, "snapshot");
    host_name(host, host->misses_path, "misses");
    host_name(host, host->passwd, "passwd");
    host_name(host, host->group, "group");
    host_name(host, host->shells, "shells");
    host_name(host, host->local_groups, "local_groups");
    host_write(host->passwd, "root:x:0:0:root:/root:/bin/bash\n"
                             "local:x:1000:1000::/home/local:/bin/sh\n");
    host_write(host->group, "root:x:0:\nsudo:x:27:local\nlocal:x:1000:\n"
                            "video:x:44:\n");
    host_write(host->shells, "# valid shells\n/bin/sh\n/bin/bash # ours\n"
                             "/usr/bin/zsh\n");
    paths = (struct local_files_paths){host->passwd, host->group, host->shells,
                                       host->local_groups, geteuid()};
    host->files = local_files_new_at(&paths);
    assert_non_null(host->files);
    host_configure(host);
    assert_int_equal(host_open(host), 0);
    log_forget();
    *state = host;
    return 0;
}

int
host_end(void **state)
{
    struct host *host = *state;

    store_close(host->store);
    local_files_free(host->files);
    host_remove_files(host);
    free(host);
    return 0;
}

/* ---- people -------------------------------------------------------------- */

void
person_make(struct person *person, const char *name, const char *subject)
{
    *person = (struct person){
        .name = strdup(name), .subject = strdup(subject), .enabled = true};
    assert_non_null(person->name);
    assert_non_null(person->subject);
}

int
host_take(struct host *host, const char *name, const char *subject,
          struct user_record *ret_user)
{
    struct person person;
    int status;

    person_make(&person, name, subject);
    status = people_take(host->store, host->files, &host->config,
                         host->directories, &person, NOW_S, ret_user);
    person_done(&person);
    return status;
}

void
host_put_user(struct host *host, const char *name, const char *subject,
              uint32_t uid)
{
    struct identity identity = {.issuer = ISSUER, .subject = subject};
    char *none = (char *)(uintptr_t) "";
    struct user_record user = {.name = (char *)(uintptr_t)name,
                               .uid = uid,
                               .gid = uid,
                               .directory = (char *)(uintptr_t) "corp",
                               .issuer = (char *)(uintptr_t)ISSUER,
                               .subject = (char *)(uintptr_t)subject,
                               .gecos = none,
                               .home = (char *)(uintptr_t) "/home/x",
                               .shell = (char *)(uintptr_t) "/bin/sh",
                               .enabled = true,
                               .first_seen_s = NOW_S,
                               .checked_at_s = NOW_S};

    assert_int_equal(store_add_id(host->store, &identity, uid), 0);
    assert_int_equal(store_put_user(host->store, &user), 0);
}
