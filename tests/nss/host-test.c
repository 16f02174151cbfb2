/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strange hosts: without any descriptor, without standard input, output and
 * error, in a chroot, in threads with the smallest stack there is, cancelled in
 * the middle.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nss/file.h"

#define CAROL "carol:1879048300:1879048301:Carol:/home/carol:/bin/sh"

static void
knows_carol(int fd, const struct message *question)
{
    if (strcmp(message_text(question, WIRE_USER), "carol") == 0)
        send_entry(fd, CAROL);
    else
        send_result(fd, WIRE_UNKNOWN_USER);
}

/* All entry points; 0, or the number of the one that is wrong. */
static int
look_up_all(void)
{
    char buffer[256];
    struct passwd user;
    struct group group;
    gid_t *groups;
    long count = 0;
    int wrong = 0;

    if (call_getpwnam("alice", &user, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        return 1;
    if (call_getpwnam("carol", &user, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        return 2;
    if (call_getpwnam("nosuch", &user, buffer, sizeof(buffer)).status !=
        NSS_STATUS_NOTFOUND)
        return 3;
    if (call_getpwuid(BOB_UID, &user, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        return 4;
    if (call_getgrnam("staff", &group, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        return 5;
    if (call_getgrgid(STAFF_GID, &group, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        return 6;
    if (call_initgroups("alice", 1, 1, -1, &groups, &count).status !=
            NSS_STATUS_SUCCESS ||
        count != 3)
        wrong = 7;
    free(groups);
    _nss_signin_setpwent(0);
    if (call_getpwent(&user, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        wrong = 8;
    _nss_signin_setgrent(0);
    if (call_getgrent(&group, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        wrong = 9;
    return wrong;
}

/* In a child, which may spoil itself. */
static void
in_child(int (*run)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(run());
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* ---- descriptors ----------------------------------------------------------
 */

static int
without_descriptors(void)
{
    int wrong;

    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    wrong = look_up_all();
    for (int fd = 0; fd < 1024 && wrong == 0; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            wrong = 20;
    return wrong;
}

static int
without_stdio(void)
{
    for (int closed = 0; closed < 8; closed++) {
        int child = fork(), status;

        if (child == 0) {
            for (int fd = 0; fd < 3; fd++)
                if ((closed >> fd & 1) != 0)
                    close(fd);
            _exit(look_up_all());
        }
        if (waitpid(child, &status, 0) != child || status != 0)
            return 30 + closed;
    }
    return 0;
}

/* Not even for a moment do we take what the host takes for its "stderr". */
static int
never_stdio(void)
{
    struct stat status;
    int fd;

    for (fd = 0; fd < 3; fd++)
        close(fd);
    if (file_open(PEOPLE_SNAPSHOT, getuid(), &fd, &status) < 0)
        return 50;
    if (fd < 3 || (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
        return 51;
    for (fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return 52;
    return 0;
}

/* Somebody else's descriptors are as they were. */
static int
with_many_descriptors(void)
{
    struct stat before, after;
    int fds[64], wrong;

    for (size_t i = 0; i < 64; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < 64; i += 2)
        close(fds[i]);
    fstat(fds[1], &before);
    wrong = look_up_all();
    for (size_t i = 0; i < 64 && wrong == 0; i++) {
        bool open_before = i % 2 == 1;

        if ((fstat(fds[i], &after) == 0) != open_before)
            wrong = 40;
        else if (open_before && after.st_ino != before.st_ino)
            wrong = 41;
    }
    return wrong;
}

static void
no_descriptors(void **state)
{
    (void)state;
    in_child(without_descriptors);
    in_child(without_stdio);
    in_child(never_stdio);
    in_child(with_many_descriptors);
}

/* ---- chroot ---------------------------------------------------------------
 */

static int
in_chroot(void)
{
    char buffer[256];
    struct passwd user;
    struct outcome outcome;
    gid_t *groups;
    long count;

    if (mkdir("empty", 0755) < 0 || chroot("empty") < 0 || chdir("/") < 0)
        return 77;
    outcome = call_getpwnam("alice", &user, buffer, sizeof(buffer));
    if (outcome.status != NSS_STATUS_UNAVAIL || outcome.error != ENOENT)
        return 1;
    outcome = call_getpwuid(ALICE_UID, &user, buffer, sizeof(buffer));
    if (outcome.status != NSS_STATUS_UNAVAIL || outcome.error != ENOENT)
        return 2;
    outcome = call_initgroups("alice", 1, 1, -1, &groups, &count);
    free(groups);
    if (outcome.status != NSS_STATUS_UNAVAIL || count != 1)
        return 3;
    outcome = call_getpwent(&user, buffer, sizeof(buffer));
    return outcome.status == NSS_STATUS_UNAVAIL ? 0 : 4;
}

static void
no_files_of_ours(void **state)
{
    (void)state;
    need_root("only root may chroot");
    in_child(in_chroot);
}

/* ---- threads --------------------------------------------------------------
 */

static void *
thread_look_up(void *context)
{
    int *wrong = context;

    *wrong = look_up_all();
    return NULL;
}

static void
smallest_stack(void **state)
{
    /* A sanitizer needs more for itself. */
    const size_t size = FIXTURE_SANITIZED ? 1 << 20 : 16384;
    pthread_attr_t attributes;
    pthread_t thread;
    int wrong = -1;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    if (pthread_attr_setstacksize(&attributes, size) != 0) {
        print_message("this processor's smallest stack is larger\n");
        skip();
    }
    assert_int_equal(
        pthread_create(&thread, &attributes, thread_look_up, &wrong), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(wrong, 0);
    pthread_attr_destroy(&attributes);
}

static atomic_bool looked_up;

static void *
thread_until_cancelled(void *context)
{
    for (;;) {
        /* The only place where it may be cancelled is here. */
        int *wrong = context;

        *wrong = look_up_all();
        if (*wrong != 0)
            return NULL;
        atomic_store(&looked_up, true);
        pthread_testcancel();
    }
}

static void
cancelled(void **state)
{
    unsigned before = count_descriptors();

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        pthread_t thread;
        void *result;
        int wrong = 0;

        atomic_store(&looked_up, false);
        assert_int_equal(
            pthread_create(&thread, NULL, thread_until_cancelled, &wrong), 0);
        while (!atomic_load(&looked_up))
            sched_yield();
        assert_int_equal(pthread_cancel(thread), 0);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_ptr_equal(result, PTHREAD_CANCELED);
    }
    assert_int_equal(count_descriptors(), before);
}

/* ---- signals --------------------------------------------------------------
 */

static volatile sig_atomic_t alarms;

static void
count_alarm(int number)
{
    (void)number;
    alarms = alarms + 1;
}

static void
interrupted(void **state)
{
    /* No SA_RESTART: whatever can be interrupted is. */
    struct sigaction action = {.sa_handler = count_alarm}, old;
    pid_t parent = getpid(), child;

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        while (kill(parent, SIGUSR1) == 0)
            ;
    alarms = 0;
    for (unsigned i = 0; i < 300 || alarms < 100; i++)
        assert_int_equal(look_up_all(), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
}

static int
enter(void **state)
{
    int r = fixture_enter(state);

    if (r == 0) {
        snapshot_write_usual();
        signind_start(knows_carol, getuid());
    }
    return r;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_descriptors), cmocka_unit_test(no_files_of_ours),
        cmocka_unit_test(smallest_stack), cmocka_unit_test(cancelled),
        cmocka_unit_test(interrupted),
    };

    return cmocka_run_group_tests(tests, enter, fixture_leave);
}
