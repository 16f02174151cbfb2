/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storms: the snapshot replaced as fast as it can be while processes read it,
 * processes that fork, vfork and exec while others look up.
 *
 * Two snapshots take turns, which differ in every value and in the place of
 * every record: whatever is read must be wholly of the one or of the other.
 * 100,000 replacements; with SIGNIN_TEST_LONG in the environment a million.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READERS = 2, FORKS = 2000, VFORKS = 2000, EXECS = 300 };

#define NEW_FILE PEOPLE_DIRECTORY "/new"

static const char *self;
static char descriptors[16]; /* how many this program began with */

/* What the readers and the writer have in common. */
static struct storm {
    atomic_bool over;
    atomic_ulong answers[2]; /* from each of the two */
} * storm;

/* ---- two snapshots --------------------------------------------------------
 */

struct image {
    unsigned char *bytes;
    size_t length;
};

static const struct {
    uint32_t uid, gid, staff;
    const char *rest, *members, *gids;
    int before; /* users in front of alice */
} versions[2] = {
    {ALICE_UID, 1900000010, STAFF_GID, "old:/home/old:/bin/old",
     "old_one,old_two", "1900000020,1900000021", 3},
    {ALICE_UID, 1900000011, STAFF_GID, "newer:/home/newer:/bin/newer",
     "new_one,new_two,new_three", "1900000022,1900000023,1900000024", 40},
};

static struct image
make_image(unsigned version)
{
    struct image image;
    char name[16];

    snapshot_write_begin();
    for (int i = 0; i < versions[version].before; i++) {
        snprintf(name, sizeof(name), "other%d", i);
        snapshot_write_user(name, 200000 + (uint32_t)i, 200000, ":/:/bin/sh");
    }
    snapshot_write_user("alice", versions[version].uid, versions[version].gid,
                        versions[version].rest);
    snapshot_write_group("staff", versions[version].staff,
                         versions[version].members);
    snapshot_write_gids("alice", versions[version].gids);
    snapshot_write_end(true);
    image.bytes = snapshot_load(&image.length);
    return image;
}

static void
put_in_place(const struct image *image)
{
    int fd = open(NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 ||
        write(fd, image->bytes, image->length) != (ssize_t)image->length ||
        close(fd) < 0 || rename(NEW_FILE, PEOPLE_SNAPSHOT) < 0)
        abort();
}

/* ---- readers: they tell by their exit status what they saw -----------------
 */

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);            \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static void
check_user(const struct passwd *entry)
{
    unsigned version = entry->pw_gid == versions[1].gid;
    char rest[128];

    snprintf(rest, sizeof(rest), "%s:%s:%s", entry->pw_gecos, entry->pw_dir,
             entry->pw_shell);
    CHECK(strcmp(entry->pw_name, "alice") == 0);
    CHECK(entry->pw_uid == versions[version].uid);
    CHECK(entry->pw_gid == versions[version].gid);
    CHECK(strcmp(rest, versions[version].rest) == 0);
    atomic_fetch_add(&storm->answers[version], 1);
}

static void
check_group(const struct group *entry)
{
    unsigned version = strcmp(entry->gr_mem[0], "new_one") == 0;
    char members[128] = "";

    for (char **member = entry->gr_mem; *member != NULL; member++)
        snprintf(members + strlen(members), sizeof(members) - strlen(members),
                 "%s%s", member == entry->gr_mem ? "" : ",", *member);
    CHECK(strcmp(entry->gr_name, "staff") == 0);
    CHECK(strcmp(members, versions[version].members) == 0);
}

static void
check_groups(void)
{
    struct outcome outcome;
    gid_t *groups;
    long count;

    outcome = call_initgroups("alice", 1, 1, -1, &groups, &count);
    CHECK(outcome.status == NSS_STATUS_SUCCESS);
    if (groups[1] == 1900000020)
        CHECK(count == 3 && groups[2] == 1900000021);
    else
        CHECK(count == 4 && groups[1] == 1900000022 &&
              groups[2] == 1900000023 && groups[3] == 1900000024);
    free(groups);
}

/* A listing ends, soon or late, and all in it are of one snapshot. */
static void
check_listing(void)
{
    struct passwd entry;
    char buffer[256];
    unsigned count = 0;

    _nss_signin_setpwent(0);
    while (call_getpwent(&entry, buffer, sizeof(buffer)).status ==
           NSS_STATUS_SUCCESS) {
        CHECK(++count <= 41);
        if (strcmp(entry.pw_name, "alice") == 0)
            check_user(&entry);
        else
            CHECK(strncmp(entry.pw_name, "other", 5) == 0);
    }
}

static void
look_up_all(void)
{
    struct passwd user;
    struct group group;
    char buffer[256];

    CHECK(call_getpwnam("alice", &user, buffer, sizeof(buffer)).status ==
          NSS_STATUS_SUCCESS);
    check_user(&user);
    CHECK(call_getpwuid(ALICE_UID, &user, buffer, sizeof(buffer)).status ==
          NSS_STATUS_SUCCESS);
    check_user(&user);
    CHECK(call_getgrnam("staff", &group, buffer, sizeof(buffer)).status ==
          NSS_STATUS_SUCCESS);
    check_group(&group);
    CHECK(call_getgrgid(STAFF_GID, &group, buffer, sizeof(buffer)).status ==
          NSS_STATUS_SUCCESS);
    check_group(&group);
    check_groups();
    check_listing();
}

static pid_t
start_reader(void)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child > 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!atomic_load(&storm->over))
        look_up_all();
    _exit(0);
}

static void
await(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- tests ----------------------------------------------------------------
 */

static struct image images[2];

static int
begin_storm(void **state)
{
    (void)state;
    memset(storm, 0, sizeof(*storm));
    put_in_place(&images[0]);
    return 0;
}

static void
replaced_while_read(void **state)
{
    /* A sanitizer is slow, and looks for other faults. */
    unsigned long rounds = getenv("SIGNIN_TEST_LONG") != NULL ? 1000000
                           : FIXTURE_SANITIZED                ? 20000
                                                              : 100000;
    pid_t readers[READERS];

    (void)state;
    for (size_t i = 0; i < READERS; i++)
        readers[i] = start_reader();
    for (unsigned long round = 0; round < rounds; round++)
        put_in_place(&images[round % 2]);
    atomic_store(&storm->over, true);
    for (size_t i = 0; i < READERS; i++)
        await(readers[i]);
    print_message("%lu replacements, %lu and %lu answers\n", rounds,
                  atomic_load(&storm->answers[0]),
                  atomic_load(&storm->answers[1]));
    assert_true(atomic_load(&storm->answers[0]) > 100);
    assert_true(atomic_load(&storm->answers[1]) > 100);
}

/* The parent is in the middle of an enumeration each time. */
static void
forked(void **state)
{
    struct passwd entry;
    char buffer[256];

    (void)state;
    for (unsigned i = 0; i < FORKS; i++) {
        pid_t child;

        if (i % 4 == 0)
            _nss_signin_setpwent(0);
        assert_int_equal(call_getpwent(&entry, buffer, sizeof(buffer)).status,
                         NSS_STATUS_SUCCESS);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            look_up_all();
            _exit(0);
        }
        look_up_all();
        if (i % 4 != 3) {
            _nss_signin_setpwent(0);
            for (unsigned j = 0; j <= i % 4; j++)
                call_getpwent(&entry, buffer, sizeof(buffer));
        }
        await(child);
    }
}

/* A child of vfork(2) shares our memory: what it leaves behind is ours. */
static void
vforked(void **state)
{
    volatile unsigned bad = 0;
    unsigned before = count_descriptors();

    (void)state;
    signind_stop();
    for (unsigned i = 0; i < VFORKS; i++) {
        pid_t child = vfork();

        if (child == 0) {
            struct passwd entry;
            char buffer[256];
            int error;

            if (_nss_signin_getpwnam_r("alice", &entry, buffer, sizeof(buffer),
                                       &error) != NSS_STATUS_SUCCESS ||
                entry.pw_uid != ALICE_UID)
                bad++;
            if (_nss_signin_getpwnam_r("nosuch", &entry, buffer, sizeof(buffer),
                                       &error) != NSS_STATUS_UNAVAIL)
                bad++;
            _exit(0);
        }
        await(child);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(count_descriptors(), before);
}

/* Programs that begin, look up and end; nothing of ours survives an exec. */
static void
executed(void **state)
{
    char *const arguments[] = {(char[]){"storm"}, descriptors, NULL};
    pid_t children[READERS];

    (void)state;
    for (unsigned i = 0; i < EXECS; i++) {
        for (size_t j = 0; j < READERS; j++) {
            children[j] = fork();
            assert_true(children[j] >= 0);
            if (children[j] == 0) {
                look_up_all();
                execv(self, arguments);
                _exit(127);
            }
        }
        put_in_place(&images[i % 2]);
        for (size_t j = 0; j < READERS; j++)
            await(children[j]);
    }
}

/* ---- the program ----------------------------------------------------------
 */

static int
enter(void **state)
{
    if (fixture_enter(state) < 0)
        return -1;
    for (unsigned i = 0; i < 2; i++)
        images[i] = make_image(i);
    return 0;
}

static int
leave(void **state)
{
    free(images[0].bytes);
    free(images[1].bytes);
    return fixture_leave(state);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(replaced_while_read, begin_storm),
        cmocka_unit_test_setup(forked, begin_storm),
        cmocka_unit_test_setup(vforked, begin_storm),
        cmocka_unit_test_setup(executed, begin_storm),
    };

    storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (storm == MAP_FAILED)
        return 1;
    if (argc > 1) {
        look_up_all();
        CHECK(count_descriptors() == (unsigned)atoi(argv[1]));
        return 0;
    }
    self = realpath(argv[0], NULL);
    if (self == NULL)
        return 1;
    snprintf(descriptors, sizeof(descriptors), "%u", count_descriptors());
    return cmocka_run_group_tests(tests, enter, leave);
}
