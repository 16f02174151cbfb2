/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nss-bench: what a lookup costs, side by side with `files` (and with sssd's
 * mapped cache, where sssd runs).
 *
 *   sudo ./nss-bench
 *
 * Every row is measured in a process of its own, one lookup after the other of
 * ever other names, and the rows take turns, so that the machine's moods hit
 * all of them: of each turn the median, of these the median.  Asserts nothing.
 * /etc/passwd, /etc/group, /etc/nsswitch.conf, /var/lib and /run are private to
 * this process and its children; the host is left as it was.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench-people.h"

enum { ROUNDS = 5, BATCH = 8, SAMPLES = 2000, TURN_US = 60000, COLD = 200 };

enum work { HIT = 0, MISS, GROUPS, WORKS };

static const char *const work_names[WORKS] = {
    "getpwnam, hit", "getpwnam, known miss", "getgrouplist, 21 groups"};

static const struct row {
    const char *name, *services;
    unsigned local, external; /* users in /etc/passwd, in the snapshot */
    bool ask_local;           /* look up the former */
} rows[] = {
    {"files, 50 users", "files", 50, 50, true},
    {"files, 100,000 users", "files", 100000, 50, true},
    {"signin, 50 users", "signin", 50, 50, false},
    {"signin, 100,000 users", "signin", 50, 100000, false},
    {"files signin, 50 and 50", "files signin", 50, 50, false},
    {"files signin, 50 and 100,000", "files signin", 50, 100000, false},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static double
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
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

/* ---- one lookup after the other ------------------------------------------ */

static void
look_up(const struct row *row, enum work work, unsigned number)
{
    unsigned users = row->ask_local ? row->local : row->external;
    gid_t groups[64];
    int count = 64;
    char name[32];

    /* In no order that a cache of neighbours likes; 7919 is a prime. */
    number = number * 7919 % users;
    if (work == MISS)
        snprintf(name, sizeof(name), "missing%u", number % BENCH_MISSES);
    else if (work == GROUPS)
        strcpy(name, row->ask_local ? "local1" : "user1");
    else
        snprintf(name, sizeof(name), "%s%u", row->ask_local ? "local" : "user",
                 number);
    if (work == GROUPS) {
        if (getgrouplist(name, 5000, groups, &count) < 0 || count != 22)
            error(1, 0, "%s: %d groups of %s", row->name, count, name);
    } else if ((getpwnam(name) != NULL) != (work == HIT)) {
        error(1, 0, "%s: wrong answer for %s", row->name, name);
    }
}

/* One turn of one row, in a child: the median, in microseconds. */
static double
take_turn(const struct row *row, enum work work)
{
    static double samples[SAMPLES];
    double end = now_us() + TURN_US;
    size_t count = 0;
    unsigned number = (unsigned)getpid();

    look_up(row, work, number); /* loads the module */
    while (count < SAMPLES && (count < 3 || now_us() < end)) {
        double begun = now_us();

        for (unsigned i = 0; i < BATCH; i++)
            look_up(row, work, number++);
        samples[count++] = (now_us() - begun) / BATCH;
    }
    return median(samples, count);
}

static void
configure(const struct row *row)
{
    bench_bind_local(row->local);
    bench_use_snapshot(row->external);
    if (__nss_configure_lookup("passwd", row->services) != 0 ||
        __nss_configure_lookup("group", row->services) != 0 ||
        __nss_configure_lookup("initgroups", row->services) != 0)
        error(1, errno, "cannot set up %s", row->services);
}

/* Of so many processes at once, each one's median; their mean. */
static double
time_row(const struct row *row, enum work work, unsigned processes)
{
    double result, sum = 0;
    int pipes[2];

    if (pipe2(pipes, O_CLOEXEC) < 0)
        error(1, errno, "no pipe");
    fflush(stdout);
    for (unsigned i = 0; i < processes; i++) {
        pid_t child = fork();

        if (child < 0)
            error(1, errno, "no child");
        if (child == 0) {
            configure(row);
            result = take_turn(row, work);
            _exit(write(pipes[1], &result, sizeof(result)) !=
                  (ssize_t)sizeof(result));
        }
    }
    close(pipes[1]);
    for (unsigned i = 0; i < processes; i++) {
        if (read(pipes[0], &result, sizeof(result)) != (ssize_t)sizeof(result))
            error(1, 0, "%s failed", row->name);
        sum += result;
    }
    while (wait(NULL) > 0)
        ;
    close(pipes[0]);
    return sum / processes;
}

static void
warm(enum work work, unsigned processes)
{
    static double turns[ROWS][ROUNDS];
    double result[ROWS];

    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < ROWS; i++)
            turns[i][round] = time_row(&rows[i], work, processes);
    printf("\n%-32s %10s %12s %10s\n", work_names[work], "us", "lookups/s",
           "x files-50");
    for (size_t i = 0; i < ROWS; i++) {
        result[i] = median(turns[i], ROUNDS);
        printf("%-32s %10.2f %12.0f %10.2f%s\n", rows[i].name, result[i],
               processes * 1e6 / result[i], result[i] / result[0],
               processes > 1 ? "  (2 processes)" : "");
    }
}

/* ---- cold: a process that looks up once -----------------------------------
 */

static double
run_once(char *const argv[])
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
        error(1, 0, "%s %s failed", argv[0], argv[1]);
    begun = now_us() - begun;
    posix_spawn_file_actions_destroy(&actions);
    return begun;
}

static double
time_cold(const struct row *row)
{
    char name[16];
    char *const getent[] = {(char[]){"/usr/bin/getent"}, (char[]){"passwd"},
                            name, NULL};
    double samples[COLD / ROUNDS];

    /* In the middle, which is what a file that is read through costs. */
    snprintf(name, sizeof(name), "%s%u", row->ask_local ? "local" : "user",
             (row->ask_local ? row->local : row->external) / 2);
    bench_bind_local(row->local);
    bench_use_snapshot(row->external);
    bench_write_services(row->services);
    for (size_t i = 0; i < COLD / ROUNDS; i++)
        samples[i] = run_once(getent);
    return median(samples, COLD / ROUNDS);
}

static double
time_true(void)
{
    char *const argv[] = {(char[]){"/usr/bin/true"}, (char[]){""}, NULL};
    double samples[COLD / ROUNDS];

    for (size_t i = 0; i < COLD / ROUNDS; i++)
        samples[i] = run_once(argv);
    return median(samples, COLD / ROUNDS);
}

static void
cold(void)
{
    static double turns[ROWS + 1][ROUNDS];
    double result, first = 0;

    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ROWS; i++)
            turns[i][round] = time_cold(&rows[i]);
        turns[ROWS][round] = time_true();
    }
    printf("\n%-32s %10s %12s %10s\n", "getent passwd NAME, cold", "us", "",
           "x files-50");
    for (size_t i = 0; i <= ROWS; i++) {
        result = median(turns[i], ROUNDS);
        if (i == 0)
            first = result;
        printf("%-32s %10.0f %12s %10.2f\n", i < ROWS ? rows[i].name : "true",
               result, "", result / first);
    }
}

/* ---- sssd ------------------------------------------------------------------
 */

/* SIGNIN_BENCH_SSSD names a user that only sssd knows. */
static void
sssd(void)
{
    const char *name = getenv("SIGNIN_BENCH_SSSD");
    static double samples[SAMPLES];

    putchar('\n');
    if (access("/var/lib/sss/mc/passwd", R_OK) < 0) {
        puts("sssd: not installed, or not running");
        return;
    }
    if (name == NULL || __nss_configure_lookup("passwd", "sss") != 0 ||
        getpwnam(name) == NULL) {
        puts("sssd: set SIGNIN_BENCH_SSSD to the name of a user that it knows");
        return;
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        double begun = now_us();

        for (unsigned j = 0; j < BATCH; j++)
            getpwnam(name);
        samples[i] = (now_us() - begun) / BATCH;
    }
    printf("%-32s %10.2f\n", "sssd, mapped cache", median(samples, SAMPLES));
}

int
main(int argc, char **argv)
{
    if (argc == 1) {
        /* glibc reads the path of its modules once, at the start. */
        setenv("LD_LIBRARY_PATH", MODULE_FOLDER, 1);
        execl("/proc/self/exe", argv[0], "inside", NULL);
        error(1, errno, "cannot start again");
    }
    bench_enter();
    for (size_t i = 0; i < ROWS; i++)
        bench_make(rows[i].local, rows[i].external);
    for (enum work work = HIT; work < WORKS; work++)
        warm(work, 1);
    warm(HIT, 2);
    cold();
    sssd();
    return 0;
}
