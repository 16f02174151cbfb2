/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever state signind is in, useradd and its kin do with the module exactly
 * what they do without it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"

static void
hangs(int fd, const struct message *question)
{
    (void)fd;
    (void)question;
    for (;;)
        pause();
}

static void
says_garbage(int fd, const struct message *question)
{
    (void)question;
    if (send(fd, "garbage", 7, MSG_NOSIGNAL) < 0)
        _exit(1);
}

static void
knows_nobody(int fd, const struct message *question)
{
    (void)question;
    send_result(fd, WIRE_UNKNOWN_USER);
}

static void
nothing(void)
{
}

static void
no_snapshot(void)
{
    unlink(PEOPLE_SNAPSHOT);
}

static void
damaged_snapshot(void)
{
    snapshot_store("damaged", 7);
}

static void
socket_left_behind(void)
{
    signind_start(knows_nobody, 0);
    machine_must_run("mv /run/signin/nss/socket /run/signin/nss/left");
    signind_stop();
    machine_must_run("mv /run/signin/nss/left /run/signin/nss/socket");
}

static void
hung_signind(void)
{
    signind_start(NULL, 0);
}

static void
silent_signind(void)
{
    signind_start(hangs, 0);
}

static void
mad_signind(void)
{
    signind_start(says_garbage, 0);
}

static void
foreign_signind(void)
{
    signind_start(knows_nobody, 1001);
}

static void
good_signind(void)
{
    signind_start(knows_nobody, 0);
}

static void
known_miss(void)
{
    misses_write(8, 1);
    misses_write_name("nosuch", 60);
    misses_write_name("newuser", 60);
}

static const struct {
    const char *name;
    void (*make)(void);
} modes[] = {
    {"no signind", nothing},
    {"no signind, no snapshot", no_snapshot},
    {"no signind, a damaged snapshot", damaged_snapshot},
    {"a dead signind's socket", socket_left_behind},
    {"a signind that does not accept", hung_signind},
    {"a signind that does not answer", silent_signind},
    {"a signind that answers nonsense", mad_signind},
    {"another user's signind", foreign_signind},
    {"a good signind", good_signind},
    {"a known miss", known_miss},
};

static const char *const commands[] = {
    "getent passwd nosuch",
    "getent group nosuch",
    "getent passwd 1234567",
    "getent initgroups nosuch",
    "id nosuch",
    /* Without a snapshot nobody can tell that there is no such number: id then
     * prints the error, too. */
    "id 1234567 2>&1 | sed 's/: No such file or directory$//'",
    "groups nosuch",
    "chown nosuch /run/f",
    "chown nosuch: /run/f",
    "chown root:nosuch /run/f",
    "chgrp nosuch /run/f",
    "chown 1234567 /run/f && ls -l /run/f | cut -d' ' -f3",
    "find /run/f -user nosuch",
    "install -o nosuch /run/f /run/g",
    "su nosuch -c true",
    "setpriv --reuid=nosuch true",
    "useradd newuser",
    "useradd -r -g users newuser",
    "useradd root",
    "adduser --quiet --system --no-create-home newuser",
    "adduser --quiet --disabled-password --gecos '' newuser </dev/null",
    "adduser nosuch sudo",
    "deluser nosuch",
    "usermod -aG sudo nosuch",
    "userdel nosuch",
    "groupadd newuser",
    "groupadd -r newuser",
    "passwd -S nosuch",
    "chage -l nosuch",
    "systemd-sysusers /run/t/sysusers.conf",
    "perl -e 'print defined(getpwnam(\"nosuch\")) ? 1 : 0'",
    "python3 -c 'import pwd; pwd.getpwnam(\"nosuch\")'",
};

#define MODES    (sizeof(modes) / sizeof(modes[0]))
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What a command did: its status, its output, what it left in /etc. */
static char *
observe(const char *command)
{
    char *seen = malloc(4 * MACHINE_OUTPUT_MAX), output[MACHINE_OUTPUT_MAX];
    int status;

    assert_non_null(seen);
    machine_must_run("cp -a /run/saved/* /etc && touch /run/f && "
                     "chown root:root /run/f");
    status = machine_run(command, output);
    snprintf(seen, MACHINE_OUTPUT_MAX * 2, "status %d\n%s", status, output);
    machine_run("diff /run/saved/passwd /etc/passwd; "
                "diff /run/saved/group /etc/group; "
                "cut -d: -f1 /etc/shadow | diff - /run/t/names",
                output);
    strncat(seen, output, MACHINE_OUTPUT_MAX);
    machine_must_run("rm -rf /home/newuser /run/g");
    return seen;
}

static void
tools_as_without_us(void **state)
{
    char *expected[COMMANDS];
    unsigned differ = 0;

    (void)state;
    machine_must_run("cut -d: -f1 /etc/shadow > /run/t/names; "
                     "printf 'u newuser - - -\\ng newgroup -\\n"
                     "m newuser users\\n' > /run/t/sysusers.conf");
    machine_configure("files systemd");
    for (size_t i = 0; i < COMMANDS; i++)
        expected[i] = observe(commands[i]);
    for (size_t mode = 0; mode < MODES; mode++) {
        machine_prepare(NULL);
        modes[mode].make();
        for (size_t i = 0; i < COMMANDS; i++) {
            char *seen = observe(commands[i]);

            if (strcmp(seen, expected[i]) != 0) {
                differ++;
                print_message("%s, %s:\n%s--- without us:\n%s",
                              modes[mode].name, commands[i], seen, expected[i]);
            }
            free(seen);
        }
    }
    for (size_t i = 0; i < COMMANDS; i++)
        free(expected[i]);
    assert_int_equal(differ, 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tools_as_without_us, machine_prepare),
    };

    machine_begin(argc, argv);
    return cmocka_run_group_tests(tests, machine_enter, machine_leave);
}
