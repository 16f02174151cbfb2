/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snapshot of the NSS module: the input is the file, and every entry point
 * reads it.  The module is compiled with relative paths, and a directory in
 * memory is the current one while it runs.
 */
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "wire/people.h"

NSS_DECLARE_MODULE_FUNCTIONS(signin)

static int inside = -1, outside = -1;

static const char *directory;

static void
remove_directory(void)
{
    if (fchdir(inside) < 0)
        return;
    unlink(PEOPLE_SNAPSHOT);
    rmdir(PEOPLE_DIRECTORY);
    rmdir(PEOPLE_STATE);
    rmdir("var/lib");
    rmdir("var");
    rmdir(directory);
}

static void
make_directory(void)
{
    static char in_memory[] = "/dev/shm/signin-fuzz-XXXXXX";
    static char in_tmp[] = "/tmp/signin-fuzz-XXXXXX";

    directory = mkdtemp(in_memory);
    if (directory == NULL)
        directory = mkdtemp(in_tmp);
    outside = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(directory != NULL && outside >= 0);
    inside = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(inside >= 0 && fchdir(inside) == 0);
    MUST(mkdir("var", 0755) == 0 && mkdir("var/lib", 0755) == 0);
    MUST(mkdir(PEOPLE_STATE, 0755) == 0 && mkdir(PEOPLE_DIRECTORY, 0755) == 0);
    atexit(remove_directory);
}

static void
write_snapshot(const uint8_t *data, size_t size)
{
    int fd =
        open(PEOPLE_SNAPSHOT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void
check_user(enum nss_status status, int error, const struct passwd *user)
{
    MUST(status == NSS_STATUS_SUCCESS || error != 0);
    if (status != NSS_STATUS_SUCCESS)
        return;
    MUST(people_name_valid(user->pw_name) && people_id_valid(user->pw_uid));
    /* There is no list of local groups. */
    MUST(people_id_valid(user->pw_gid));
    MUST(user->pw_dir[0] == '/' && user->pw_shell[0] == '/');
    MUST(strpbrk(user->pw_gecos, ":\n") == NULL);
}

static void
check_group(enum nss_status status, int error, const struct group *group)
{
    MUST(status == NSS_STATUS_SUCCESS || error != 0);
    if (status != NSS_STATUS_SUCCESS)
        return;
    MUST(people_name_valid(group->gr_name) && people_id_valid(group->gr_gid));
    for (char **member = group->gr_mem; *member != NULL; member++)
        MUST(people_name_valid(*member));
}

static void
look_up_users(char *buffer, size_t size)
{
    enum nss_status status;
    struct passwd user;
    int error = 0;

    status = _nss_signin_getpwnam_r("alice", &user, buffer, size, &error);
    check_user(status, error, &user);
    MUST(status != NSS_STATUS_SUCCESS || strcmp(user.pw_name, "alice") == 0);
    error = 0;
    status = _nss_signin_getpwuid_r(1879048200, &user, buffer, size, &error);
    check_user(status, error, &user);
    MUST(status != NSS_STATUS_SUCCESS || user.pw_uid == 1879048200);
    _nss_signin_setpwent(0);
    do {
        error = 0;
        status = _nss_signin_getpwent_r(&user, buffer, size, &error);
        check_user(status, error, &user);
    } while (status == NSS_STATUS_SUCCESS);
}

static void
look_up_groups(char *buffer, size_t size)
{
    enum nss_status status;
    struct group group;
    int error = 0;

    status = _nss_signin_getgrnam_r("staff", &group, buffer, size, &error);
    check_group(status, error, &group);
    MUST(status != NSS_STATUS_SUCCESS || strcmp(group.gr_name, "staff") == 0);
    error = 0;
    status = _nss_signin_getgrgid_r(1900000001, &group, buffer, size, &error);
    check_group(status, error, &group);
    MUST(status != NSS_STATUS_SUCCESS || group.gr_gid == 1900000001);
    _nss_signin_setgrent(0);
    do {
        error = 0;
        status = _nss_signin_getgrent_r(&group, buffer, size, &error);
        check_group(status, error, &group);
    } while (status == NSS_STATUS_SUCCESS);
}

static void
look_up_membership(void)
{
    long count = 0, size = 1;
    gid_t *groups = malloc(sizeof(*groups));
    enum nss_status status;
    int error = 0;

    MUST(groups != NULL);
    status = _nss_signin_initgroups_dyn("alice", 1, &count, &size, &groups, -1,
                                        &error);
    MUST(status == NSS_STATUS_SUCCESS || (error != 0 && count == 0));
    MUST(count >= 0 && count <= size);
    for (long i = 0; i < count; i++)
        MUST(people_id_valid(groups[i]));
    free(groups);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *buffer = malloc(200);

    if (inside < 0)
        make_directory();
    MUST(buffer != NULL && fchdir(inside) == 0);
    write_snapshot(data, size);
    look_up_users(buffer, 200);
    look_up_groups(buffer, 200);
    look_up_membership();
    free(buffer);
    MUST(fchdir(outside) == 0);
    return 0;
}
