/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

unsigned
count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

void
need_root(const char *what)
{
    if (geteuid() == 0)
        return;
    print_message("%s\n", what);
    skip();
}

/* glibc passes &errno itself; a call of ours keeps the two apart. */
#define CALL(call)                                                             \
    do {                                                                       \
        struct outcome outcome = {.error = 0};                                 \
                                                                               \
        errno = ERRNO_BEFORE;                                                  \
        outcome.status = (call);                                               \
        outcome.errno_after = errno;                                           \
        return outcome;                                                        \
    } while (0)

struct outcome
call_getpwnam(const char *name, struct passwd *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getpwnam_r(name, entry, buffer, size, &outcome.error));
}

struct outcome
call_getpwuid(uid_t uid, struct passwd *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getpwuid_r(uid, entry, buffer, size, &outcome.error));
}

struct outcome
call_getgrnam(const char *name, struct group *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getgrnam_r(name, entry, buffer, size, &outcome.error));
}

struct outcome
call_getgrgid(gid_t gid, struct group *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getgrgid_r(gid, entry, buffer, size, &outcome.error));
}

struct outcome
call_getpwent(struct passwd *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getpwent_r(entry, buffer, size, &outcome.error));
}

struct outcome
call_getgrent(struct group *entry, char *buffer, size_t size)
{
    CALL(_nss_signin_getgrent_r(entry, buffer, size, &outcome.error));
}

struct outcome
call_initgroups(const char *name, gid_t primary, long size, long limit,
                gid_t **ret_groups, long *ret_count)
{
    struct outcome outcome = {.error = 0};

    *ret_groups = malloc((size_t)size * sizeof(gid_t));
    assert_non_null(*ret_groups);
    (*ret_groups)[0] = primary;
    *ret_count = 1;
    errno = ERRNO_BEFORE;
    outcome.status = _nss_signin_initgroups_dyn(
        name, primary, ret_count, &size, ret_groups, limit, &outcome.error);
    outcome.errno_after = errno;
    return outcome;
}

void
assert_contract(struct outcome outcome)
{
    assert_int_equal(outcome.errno_after, ERRNO_BEFORE);
    switch (outcome.status) {
    case NSS_STATUS_SUCCESS:
        assert_int_equal(outcome.error, 0);
        break;
    case NSS_STATUS_NOTFOUND:
    case NSS_STATUS_UNAVAIL:
        assert_int_equal(outcome.error, ENOENT);
        break;
    case NSS_STATUS_TRYAGAIN:
        assert_int_equal(outcome.error, ERANGE);
        break;
    case NSS_STATUS_RETURN:
    default:
        fail_msg("status %d", outcome.status);
    }
}

static enum nss_status
checked(struct outcome outcome)
{
    assert_contract(outcome);
    return outcome.status;
}

enum nss_status
status_of_name(const char *name)
{
    char buffer[4096];
    struct passwd entry;

    return checked(call_getpwnam(name, &entry, buffer, sizeof(buffer)));
}

enum nss_status
status_of_uid(uid_t uid)
{
    char buffer[4096];
    struct passwd entry;

    return checked(call_getpwuid(uid, &entry, buffer, sizeof(buffer)));
}

enum nss_status
status_of_group(const char *name)
{
    char buffer[4096];
    struct group entry;

    return checked(call_getgrnam(name, &entry, buffer, sizeof(buffer)));
}

enum nss_status
status_of_gid(gid_t gid)
{
    char buffer[4096];
    struct group entry;

    return checked(call_getgrgid(gid, &entry, buffer, sizeof(buffer)));
}

void
assert_alice(const struct passwd *entry)
{
    assert_string_equal(entry->pw_name, "alice");
    assert_string_equal(entry->pw_passwd, "*");
    assert_int_equal(entry->pw_uid, ALICE_UID);
    assert_int_equal(entry->pw_gid, ALICE_UID);
    assert_string_equal(entry->pw_gecos, ALICE_GECOS);
    assert_string_equal(entry->pw_dir, "/home/alice");
    assert_string_equal(entry->pw_shell, "/bin/bash");
}

void
assert_staff(const struct group *entry)
{
    assert_string_equal(entry->gr_name, "staff");
    assert_string_equal(entry->gr_passwd, "*");
    assert_int_equal(entry->gr_gid, STAFF_GID);
    assert_string_equal(entry->gr_mem[0], "alice");
    assert_string_equal(entry->gr_mem[1], "bob");
    assert_null(entry->gr_mem[2]);
}
