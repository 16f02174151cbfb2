/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of one process in every entry point at once, while the snapshot is
 * replaced.  Built apart from the rest, module and all, for ThreadSanitizer:
 * that reports a race, and fails the program.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 300, REPLACEMENTS = 100 };

static void
knows_carol(int fd, const struct message *question)
{
    if (strcmp(message_text(question, WIRE_USER), "carol") == 0)
        send_entry(fd, "carol:2000:2000::/home/carol:/bin/sh");
    else
        send_result(fd, WIRE_UNKNOWN_USER);
}

static atomic_uint wrong;

static void
expect(bool good)
{
    if (!good)
        atomic_fetch_add(&wrong, 1);
}

static void
look_up_all(void)
{
    struct passwd user;
    struct group group;
    char buffer[256];
    gid_t *groups;
    long count;

    expect(call_getpwnam("alice", &user, buffer, sizeof(buffer)).status ==
               NSS_STATUS_SUCCESS &&
           user.pw_uid == ALICE_UID);
    expect(call_getpwuid(BOB_UID, &user, buffer, sizeof(buffer)).status ==
               NSS_STATUS_SUCCESS &&
           strcmp(user.pw_name, "bob") == 0);
    expect(call_getgrnam("staff", &group, buffer, sizeof(buffer)).status ==
               NSS_STATUS_SUCCESS &&
           strcmp(group.gr_mem[1], "bob") == 0);
    expect(call_getgrgid(STAFF_GID, &group, buffer, sizeof(buffer)).status ==
           NSS_STATUS_SUCCESS);
    expect(call_initgroups("alice", 1, 1, -1, &groups, &count).status ==
               NSS_STATUS_SUCCESS &&
           count == 3);
    free(groups);
    /* They share one enumeration: anything may come, but of the snapshot. */
    if (call_getpwent(&user, buffer, sizeof(buffer)).status ==
        NSS_STATUS_SUCCESS)
        expect(user.pw_uid == ALICE_UID || user.pw_uid == BOB_UID);
    else
        _nss_signin_setpwent(0);
    if (call_getgrent(&group, buffer, sizeof(buffer)).status !=
        NSS_STATUS_SUCCESS)
        _nss_signin_endgrent();
}

static void *
run(void *context)
{
    struct passwd user;
    char buffer[256];

    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        look_up_all();
        /* A busy signind is no wrong answer. */
        if (i % 20 == 0 &&
            call_getpwnam("carol", &user, buffer, sizeof(buffer)).status ==
                NSS_STATUS_SUCCESS)
            expect(user.pw_uid == 2000);
    }
    return NULL;
}

static void
threads(void **state)
{
    unsigned before = count_descriptors();
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, NULL), 0);
    for (unsigned i = 0; i < REPLACEMENTS; i++)
        snapshot_write_usual();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(count_descriptors(), before);
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
        cmocka_unit_test(threads),
    };

    return cmocka_run_group_tests(tests, enter, fixture_leave);
}
