/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking signind: when, how, for how long, and what is believed of it.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAROL "carol:1879048300:1879048301:Carol:/home/carol:/bin/sh"

static int
prepare(void **state)
{
    (void)state;
    signind_stop();
    unlink(PEOPLE_MISSES);
    snapshot_write_usual();
    return 0;
}

/* ---- answers of signinds, good and bad -------------------------------------
 */

static void
knows_carol(int fd, const struct message *question)
{
    if (question->type == WIRE_LOOKUP &&
        strcmp(message_text(question, WIRE_USER), "carol") == 0)
        send_entry(fd, CAROL);
    else
        send_result(fd, WIRE_UNKNOWN_USER);
}

static void
names_another(int fd, const struct message *question)
{
    (void)question;
    send_entry(fd, "dave:1879048300:1879048301:Carol:/home/carol:/bin/sh");
}

static const char *line;

static void
says_line(int fd, const struct message *question)
{
    (void)question;
    send_entry(fd, line);
}

static enum wire_result result;

static void
says_result(int fd, const struct message *question)
{
    (void)question;
    send_result(fd, result);
}

static void
says_garbage(int fd, const struct message *question)
{
    char garbage[300];

    (void)question;
    memset(garbage, 'x', sizeof(garbage));
    if (send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL) < 0)
        _exit(9);
}

static void
says_nothing(int fd, const struct message *question)
{
    (void)fd;
    (void)question;
}

static void
says_an_item(int fd, const struct message *question)
{
    struct message message;

    (void)question;
    message_init(&message, WIRE_ITEM);
    message_put_text(&message, WIRE_NAME, "carol");
    message_put_text(&message, WIRE_VALUE, CAROL);
    channel_send(fd, &message, channel_now_ms() + 1000);
}

/* Accepts, reads, and keeps the connection. */
static void
hangs(int fd, const struct message *question)
{
    (void)fd;
    (void)question;
    for (;;)
        pause();
}

/* ---- tests ----------------------------------------------------------------
 */

static void
answered(void **state)
{
    char buffer[256];
    struct passwd entry;
    struct outcome outcome;
    const size_t enough = strlen(CAROL) + 1 + 2;

    (void)state;
    signind_start(knows_carol, getuid());
    outcome = call_getpwnam("carol", &entry, buffer, sizeof(buffer));
    assert_contract(outcome);
    assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
    assert_string_equal(entry.pw_name, "carol");
    assert_string_equal(entry.pw_passwd, "*");
    assert_int_equal(entry.pw_uid, 1879048300);
    assert_int_equal(entry.pw_gid, 1879048301);
    assert_string_equal(entry.pw_gecos, "Carol");
    assert_string_equal(entry.pw_dir, "/home/carol");
    assert_string_equal(entry.pw_shell, "/bin/sh");
    assert_int_equal(signind_asked(), 1);
    for (size_t size = 0; size < enough + 4; size++) {
        outcome = call_getpwnam("carol", &entry, buffer, size);
        assert_contract(outcome);
        assert_int_equal(outcome.status, size < enough ? NSS_STATUS_TRYAGAIN
                                                       : NSS_STATUS_SUCCESS);
    }
    assert_int_equal(status_of_name("nosuch"), NSS_STATUS_NOTFOUND);
    assert_true(
        signind_heard_service(getuid() == 0 ? "nss-daemon-test" : NULL));
}

static void
asked_for_unknown_names_alone(void **state)
{
    gid_t *groups;
    long count;

    (void)state;
    signind_start(knows_carol, getuid());
    assert_int_equal(status_of_name("alice"), NSS_STATUS_SUCCESS);
    assert_int_equal(status_of_uid(1879048300), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_group("carol"), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_gid(1879048301), NSS_STATUS_NOTFOUND);
    assert_int_equal(call_initgroups("carol", 1, 1, -1, &groups, &count).status,
                     NSS_STATUS_NOTFOUND);
    free(groups);
    assert_int_equal(status_of_name("Carol"), NSS_STATUS_NOTFOUND);
    /* Too small a buffer is no reason either. */
    assert_int_equal(
        call_getpwnam("alice", &(struct passwd){0}, (char[8]){0}, 8).status,
        NSS_STATUS_TRYAGAIN);
    assert_int_equal(signind_asked(), 0);
}

static void
asked_without_a_snapshot(void **state)
{
    (void)state;
    signind_start(knows_carol, getuid());
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    assert_int_equal(status_of_name("alice"), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_UNAVAIL);
    snapshot_store("damaged", 7);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
}

static void
not_there(void **state)
{
    (void)state;
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    /* Its socket is left from before. */
    signind_start(knows_carol, getuid());
    assert_int_equal(rename(CHANNEL_NSS, CHANNEL_NSS ".left"), 0);
    signind_stop();
    assert_int_equal(rename(CHANNEL_NSS ".left", CHANNEL_NSS), 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_of_name("alice"), NSS_STATUS_SUCCESS);
    unlink(CHANNEL_NSS);
}

static void
lies(void **state)
{
    static const char *const lines[] = {"",
                                        "carol",
                                        "carol:0:0::/:/bin/sh",
                                        "carol:999:2000::/:/bin/sh",
                                        "carol:2000:0::/:/bin/sh",
                                        "carol:2000:27::/:/bin/sh",
                                        "carol:61184:61184::/:/bin/sh",
                                        "carol:2000:2000::/:/bin/sh:x",
                                        "carol:2000:2000:a:b:/:/bin/sh",
                                        "carol:2000:2000::/:/bin/sh\n",
                                        "carol:2000:2000:\nroot::0:0:::/bin/sh",
                                        "Carol:2000:2000::/:/bin/sh",
                                        "carolx:2000:2000::/:/bin/sh",
                                        "caro:2000:2000::/:/bin/sh"};
    static signind_answer *const answers[] = {names_another, says_garbage,
                                              says_nothing, says_an_item};
    char longest[PEOPLE_USER_MAX + 64];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        line = lines[i];
        signind_start(says_line, getuid());
        assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
        assert_int_equal(signind_asked(), 1);
    }
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        signind_start(answers[i], getuid());
        assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    }
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "carol:2000:2000:", 16);
    strcpy(longest + PEOPLE_USER_MAX + 1 - 4, ":/:/");
    line = longest;
    signind_start(says_line, getuid());
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
}

static void
other_results(void **state)
{
    (void)state;
    for (result = WIRE_OK; result < WIRE_RESULTS; result++) {
        signind_start(says_result, getuid());
        assert_int_equal(status_of_name("carol"), result == WIRE_UNKNOWN_USER
                                                      ? NSS_STATUS_NOTFOUND
                                                      : NSS_STATUS_UNAVAIL);
    }
}

/* The deadline is the module's own: a test that hangs here has failed. */
static void
hung(void **state)
{
    int64_t begun;

    (void)state;
    for (int accepts = 0; accepts < 2; accepts++) {
        signind_start(accepts ? hangs : NULL, getuid());
        begun = channel_now_ms();
        assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
        /* Not before its time: else it was something else. */
        assert_true(channel_now_ms() - begun >= 300);
    }
    /* A queue that is full is not waited for. */
    {
        int fds[80];
        size_t count = 0;

        while (count < 80 &&
               channel_open(CHANNEL_NSS, getuid(), &fds[count]) == 0)
            count++;
        assert_true(count < 80);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
        while (count > 0)
            close(fds[--count]);
    }
}

static void
owned_by_somebody_else(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("another user's process can be made by root only\n");
        skip();
    }
    signind_start(knows_carol, 1001);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    assert_int_equal(signind_asked(), 0);
    /* The owner of the directory is signind. */
    assert_int_equal(chown(PEOPLE_DIRECTORY, 1001, 0), 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    signind_start(knows_carol, 1002);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    signind_start(knows_carol, 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    assert_int_equal(chown(PEOPLE_DIRECTORY, 0, 0), 0);
}

/* ---- bypasses ---------------------------------------------------------------
 */

static void
bypassed(void **state)
{
    static const char *const programs[] = {"dbus-daemon", "dbus-broker",
                                           "dbus-broker-launch", "signind"};

    (void)state;
    /* Who asks here waits; and the count would tell. */
    signind_start(hangs, getuid());
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        prctl(PR_SET_NAME, programs[i]);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
        assert_int_equal(status_of_name("alice"), NSS_STATUS_SUCCESS);
    }
    prctl(PR_SET_NAME, "nss-daemon-test");
    setenv("SIGNIN_NSS_BYPASS", "1", 1);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_UNAVAIL);
    unsetenv("SIGNIN_NSS_BYPASS");
    assert_int_equal(signind_asked(), 0);
}

static void
bypassed_by_pid_1(void **state)
{
    pid_t child;
    int status;

    (void)state;
    signind_start(knows_carol, getuid());
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWPID) < 0)
            _exit(77);
        child = fork();
        if (child == 0)
            _exit(status_of_name("carol") == NSS_STATUS_NOTFOUND ? 0 : 1);
        waitpid(child, &status, 0);
        _exit(WEXITSTATUS(status));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 77) {
        print_message("a process of number 1 can be made by root only\n");
        skip();
    }
    assert_int_equal(status, 0);
    assert_int_equal(signind_asked(), 0);
}

/* ---- a host that is out of descriptors --------------------------------------
 */

static void
out_of_descriptors(void **state)
{
    struct rlimit old, none;
    char buffer[256];
    struct passwd entry;
    struct outcome outcome;

    (void)state;
    signind_start(knows_carol, getuid());
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    /* Not "no such user": that would be a lie. */
    outcome = call_getpwuid(ALICE_UID, &entry, buffer, sizeof(buffer));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(outcome.status, NSS_STATUS_UNAVAIL);
    assert_int_equal(outcome.error, EMFILE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answered, prepare),
        cmocka_unit_test_setup(asked_for_unknown_names_alone, prepare),
        cmocka_unit_test_setup(asked_without_a_snapshot, prepare),
        cmocka_unit_test_setup(not_there, prepare),
        cmocka_unit_test_setup(lies, prepare),
        cmocka_unit_test_setup(other_results, prepare),
        cmocka_unit_test_setup(hung, prepare),
        cmocka_unit_test_setup(owned_by_somebody_else, prepare),
        cmocka_unit_test_setup(bypassed, prepare),
        cmocka_unit_test_setup(bypassed_by_pid_1, prepare),
        cmocka_unit_test_setup(out_of_descriptors, prepare),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
