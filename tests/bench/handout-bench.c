/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handout-bench: what a script pays for a fresh token, side by side with the
 * floor (true) and the peer (keyctl pipe), from fork to exit.
 *
 *   sudo ./handout-bench [PATH-OF-SIGNIN]
 *
 * Prints microseconds: of each round the median, of these the median.  The
 * programs take turns, so that the machine's moods hit all of them.  Asserts
 * nothing.  The keys are real, in a session keyring and a mount namespace of
 * this process's own; the host is left as it was.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "keyring/record.h"
#include "wire/channel.h"

enum { ROUNDS = 5, RUNS = 400, PROGRAMS = 3, TOKEN_LENGTH = 1500, GROUP = 990 };

static struct keyring_session keys;
static key_serial_t shard;

static void
remove_keys(void)
{
    if (keys.keep != 0)
        keyring_forget(&keys, shard);
}

/* A signind's directory, seen by this process and its children alone. */
static void
make_directory(void)
{
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("bench", RUNSTATEDIR, "tmpfs", 0, "mode=0755") < 0 ||
        mkdir(CHANNEL_DIRECTORY, 0755) < 0 ||
        chown(CHANNEL_DIRECTORY, 0, GROUP) < 0)
        error(1, errno, "cannot make " CHANNEL_DIRECTORY " (run it as root)");
}

static void
make_keys(void)
{
    static struct record record;
    char id[KEYRING_ID_LENGTH + 1], token[TOKEN_LENGTH];
    int r;

    if (keyctl_join_session_keyring(NULL) < 0)
        error(1, errno, "cannot join a session keyring");
    shard = add_key("keyring", "signin-handout-bench", NULL, 0,
                    KEY_SPEC_PROCESS_KEYRING);
    if (shard < 0)
        error(1, errno, "cannot make a keyring");
    memset(token, 'x', sizeof(token));
    r = keyring_id_make(id);
    if (r == 0)
        r = keyring_make_keep(shard, GROUP, id, &keys);
    atexit(remove_keys);
    if (r == 0)
        r = keyring_make_ring(&keys, GROUP);
    record_init(&record);
    if (r == 0)
        r = record_put(&record, "id", id);
    if (r == 0)
        r = record_put_number(&record, "uid", 0);
    if (r == 0)
        r = record_put_number(&record, "lifetime", 3600);
    if (r == 0)
        r = record_put_number(&record, "expires_at", time(NULL) + 3600);
    if (r == 0)
        r = keyring_write(&keys, KEYRING_SESSION, record.text, record.length,
                          0);
    if (r == 0)
        r = keyring_write(&keys, KEYRING_ACCESS_TOKEN, token, sizeof(token),
                          3600);
    if (r == 0)
        r = keyring_timeout(keys.keep, 0);
    if (r < 0)
        error(1, -r, "cannot make the keys of a session");
}

static double
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
time_once(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    double begun;
    pid_t child;
    int r, status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    begun = now_us();
    r = posix_spawn(&child, argv[0], &actions, NULL, argv, environ);
    if (r != 0)
        error(1, r, "cannot run %s", argv[0]);
    if (waitpid(child, &status, 0) != child || status != 0)
        error(1, 0, "%s failed", argv[0]);
    begun = now_us() - begun;
    posix_spawn_file_actions_destroy(&actions);
    return begun;
}

static int
compare(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static double
median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

int
main(int argc, char **argv)
{
    static double samples[PROGRAMS][RUNS], medians[PROGRAMS][ROUNDS];
    static const char *const names[PROGRAMS] = {"true", "keyctl pipe",
                                                "signin token"};
    char serial[16];
    char *const commands[PROGRAMS][4] = {
        {(char[]){"/bin/true"}, NULL},
        {(char[]){"/bin/keyctl"}, (char[]){"pipe"}, serial, NULL},
        {argc > 1 ? argv[1] : (char[]){"./signin"}, (char[]){"token"}, NULL}};
    double result[PROGRAMS];

    make_directory();
    make_keys();
    snprintf(serial, sizeof(serial), "%d", keys.access_token);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t run = 0; run < RUNS; run++)
            for (size_t i = 0; i < PROGRAMS; i++)
                samples[i][run] = time_once(commands[i]);
        for (size_t i = 0; i < PROGRAMS; i++)
            medians[i][round] = median(samples[i], RUNS);
    }
    printf("%-14s %8s %8s %8s\n", "program", "us", "x true", "x keyctl");
    for (size_t i = 0; i < PROGRAMS; i++)
        result[i] = median(medians[i], ROUNDS);
    for (size_t i = 0; i < PROGRAMS; i++)
        printf("%-14s %8.0f %8.2f %8.2f\n", names[i], result[i],
               result[i] / result[0], result[i] / result[1]);
    return 0;
}
