/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the module takes for a snapshot, and what not: whose file it is, what
 * kind, who may write to it.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ELSEWHERE PEOPLE_STATE "/elsewhere"

static int
prepare(void **state)
{
    (void)state;
    chmod(PEOPLE_DIRECTORY, 0755);
    unlink(PEOPLE_SNAPSHOT);
    rmdir(PEOPLE_SNAPSHOT);
    unlink(ELSEWHERE);
    snapshot_write_usual();
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_SUCCESS);
    return 0;
}

static void
assert_unavailable(void)
{
    unsigned before = count_descriptors();
    gid_t *groups;
    long count;

    assert_int_equal(status_of_name("alice"), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_of_group("staff"), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_of_gid(STAFF_GID), NSS_STATUS_UNAVAIL);
    assert_int_equal(
        call_initgroups("alice", ALICE_UID, 4, -1, &groups, &count).status,
        NSS_STATUS_UNAVAIL);
    assert_int_equal(count, 1);
    free(groups);
    assert_int_equal(count_descriptors(), before);
}

/* ---- the directory and the file --------------------------------------------
 */

static void
absent(void **state)
{
    (void)state;
    unlink(PEOPLE_SNAPSHOT);
    assert_unavailable();
    assert_int_equal(rename(PEOPLE_DIRECTORY, ELSEWHERE), 0);
    assert_unavailable();
    assert_int_equal(rename(ELSEWHERE, PEOPLE_DIRECTORY), 0);
}

static void
writable_by_others(void **state)
{
    static const mode_t modes[] = {0664, 0646, 0666};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chmod(PEOPLE_SNAPSHOT, modes[i]), 0);
        assert_unavailable();
    }
    assert_int_equal(chmod(PEOPLE_SNAPSHOT, 0444), 0);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_SUCCESS);
    assert_int_equal(chmod(PEOPLE_DIRECTORY, 0775), 0);
    assert_unavailable();
    assert_int_equal(chmod(PEOPLE_DIRECTORY, 01777), 0);
    assert_unavailable();
}

#define OTHER_USERS "files of other users can be made by root only"

static void
owned_by_others(void **state)
{
    (void)state;
    need_root(OTHER_USERS);
    assert_int_equal(chown(PEOPLE_SNAPSHOT, 1001, 0), 0);
    assert_unavailable();
    /* A directory of signind's: its own files and root's. */
    assert_int_equal(chown(PEOPLE_DIRECTORY, 1001, 0), 0);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_SUCCESS);
    assert_int_equal(chown(PEOPLE_SNAPSHOT, 0, 0), 0);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_SUCCESS);
    assert_int_equal(chown(PEOPLE_SNAPSHOT, 1002, 0), 0);
    assert_unavailable();
    assert_int_equal(chown(PEOPLE_DIRECTORY, 0, 0), 0);
}

static void
not_to_be_read(void **state)
{
    (void)state;
    need_root(OTHER_USERS);
    assert_int_equal(chmod(PEOPLE_SNAPSHOT, 0600), 0);
    assert_int_equal(seteuid(1001), 0);
    assert_unavailable();
    assert_int_equal(seteuid(0), 0);
}

static void
symbolic_links(void **state)
{
    (void)state;
    assert_int_equal(rename(PEOPLE_SNAPSHOT, ELSEWHERE), 0);
    assert_int_equal(symlink("../elsewhere", PEOPLE_SNAPSHOT), 0);
    assert_int_equal(access(PEOPLE_SNAPSHOT, R_OK), 0);
    assert_unavailable();
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(rename(ELSEWHERE, PEOPLE_SNAPSHOT), 0);
    assert_int_equal(rename(PEOPLE_DIRECTORY, ELSEWHERE), 0);
    assert_int_equal(symlink("elsewhere", PEOPLE_DIRECTORY), 0);
    assert_unavailable();
    unlink(PEOPLE_DIRECTORY);
    assert_int_equal(rename(ELSEWHERE, PEOPLE_DIRECTORY), 0);
}

static void
no_regular_file(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX,
                                  .sun_path = PEOPLE_SNAPSHOT};
    int fd;

    (void)state;
    /* Nobody ever writes to it: whoever waits, waits for ever. */
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(mkfifo(PEOPLE_SNAPSHOT, 0644), 0);
    assert_unavailable();
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(mkdir(PEOPLE_SNAPSHOT, 0755), 0);
    assert_unavailable();
    rmdir(PEOPLE_SNAPSHOT);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_unavailable();
    close(fd);
    unlink(PEOPLE_SNAPSHOT);
    if (geteuid() == 0) {
        assert_int_equal(mknod(PEOPLE_SNAPSHOT, S_IFCHR | 0644, 0x0105), 0);
        assert_unavailable();
        unlink(PEOPLE_SNAPSHOT);
    }
    /* A directory that is none. */
    assert_int_equal(rename(PEOPLE_DIRECTORY, ELSEWHERE), 0);
    fd = open(PEOPLE_DIRECTORY, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    close(fd);
    assert_unavailable();
    unlink(PEOPLE_DIRECTORY);
    assert_int_equal(rename(ELSEWHERE, PEOPLE_DIRECTORY), 0);
}

static void
too_large(void **state)
{
    (void)state;
    /* Positions have 32 bits. */
    assert_int_equal(truncate(PEOPLE_SNAPSHOT, 4294967296), 0);
    assert_unavailable();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(absent, prepare),
        cmocka_unit_test_setup(writable_by_others, prepare),
        cmocka_unit_test_setup(owned_by_others, prepare),
        cmocka_unit_test_setup(not_to_be_read, prepare),
        cmocka_unit_test_setup(symbolic_links, prepare),
        cmocka_unit_test_setup(no_regular_file, prepare),
        cmocka_unit_test_setup(too_large, prepare),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
