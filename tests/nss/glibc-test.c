/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built module in the real glibc: what the system's tools see through it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

static void
assert_prints(const char *command, const char *expected)
{
    char output[MACHINE_OUTPUT_MAX];
    int status = machine_run(command, output);

    if (status != 0 || strcmp(output, expected) != 0)
        fail_msg("%s: status %d\n%s", command, status, output);
}

static void
found_by_tools(void **state)
{
    (void)state;
    assert_prints("getent passwd alice",
                  "alice:*:1879048200:1879048200:" ALICE_GECOS
                  ":/home/alice:/bin/bash\n");
    assert_prints("getent passwd 1879048201",
                  "bob:*:1879048201:1879048201::/home/bob:/bin/sh\n");
    assert_prints("getent group staff 1900000002",
                  "staff:x:50:\nempty:*:1900000002:\n");
    assert_prints("getent group 1900000001", "staff:*:1900000001:alice,bob\n");
    assert_prints("id alice", "uid=1879048200(alice) gid=1879048200(alice) "
                              "groups=1879048200(alice),1900000001(staff),"
                              "1900000002(empty)\n");
    assert_prints("id root", "uid=0(root) gid=0(root) groups=0(root)\n");
    assert_prints("touch /run/f && chown alice:empty /run/f && "
                  "stat -c '%U %u %G' /run/f",
                  "alice 1879048200 empty\n");
    assert_prints("setpriv --reuid=alice --regid=alice --init-groups id -Gn",
                  "alice staff empty\n");
    assert_prints("getent passwd | tail -n 2 | cut -d: -f1", "alice\nbob\n");
    snapshot_write_begin();
    snapshot_write_user("alice", ALICE_UID, ALICE_UID, ":/:/bin/sh");
    snapshot_write_end(false);
    assert_prints("getent passwd | grep -c alice || :", "0\n");
}

static void
large_groups(void **state)
{
    char *members = malloc(PEOPLE_GROUP_MAX);
    size_t length = 0;

    (void)state;
    assert_non_null(members);
    for (unsigned i = 0; i < 100000; i++)
        length += (size_t)snprintf(members + length, PEOPLE_GROUP_MAX - length,
                                   "%suser%06u", i == 0 ? "" : ",", i);
    snapshot_write_begin();
    snapshot_write_group("everybody", 1900000009, members);
    snapshot_write_end(false);
    free(members);
    assert_prints("getent group everybody | tr , '\\n' | wc -l", "100000\n");
}

static void
knows_carol(int fd, const struct message *question)
{
    if (strcmp(message_text(question, WIRE_USER), "carol") == 0)
        send_entry(fd, "carol:1879048300:1879048300::/home/carol:/bin/sh");
    else
        send_result(fd, WIRE_UNKNOWN_USER);
}

static void
found_by_asking(void **state)
{
    char output[MACHINE_OUTPUT_MAX];

    (void)state;
    signind_start(knows_carol, 0);
    assert_prints("getent passwd carol | cut -d: -f3", "1879048300\n");
    assert_true(signind_heard_service("getent"));
    assert_int_equal(signind_asked(), 1);
    assert_int_equal(
        machine_run("SIGNIN_NSS_BYPASS=1 getent passwd carol", output), 2);
    assert_int_equal(signind_asked(), 1);
    /* Nobody asks for whom files know. */
    machine_must_run(
        "id root && getent passwd daemon 0 && getent group 0 sudo && "
        "id nobody && ls -l / && ps aux");
    assert_int_equal(signind_asked(), 1);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(found_by_tools, machine_prepare),
        cmocka_unit_test_setup(large_groups, machine_prepare),
        cmocka_unit_test_setup(found_by_asking, machine_prepare),
    };

    machine_begin(argc, argv);
    return cmocka_run_group_tests(tests, machine_enter, machine_leave);
}
