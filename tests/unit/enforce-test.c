/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signind --enforce on processes and terminals of the test's own.  Who holds
 * _signin may write any request: it must reach nothing but sessions that
 * root's files name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signind/enforce/enforce.h"
#include "signind/enforce/logind.h"
#include "signind/enforce/processes.h"
#include "signind/log.h"
#include "wire/enforce.h"

#define ID       "0123456789abcdef0123456789abcdef"
#define OTHER    "fedcba9876543210fedcba9876543210"
#define USER_UID 2001
#define DAEMON   4242

struct fixture {
    char runtime[32];
    struct enforce_place place;
    pid_t opener, child; /* 0: none */
};

static char logged[8192];

/* How often root has waited before it ends, to be started again. */
static unsigned pauses;

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    pauses += time->tv_sec > 0;
    return 0;
}

/* Called once while a directory is read, after the entry of that name. */
static struct {
    char after[16];
    void (*call)(void);
    bool now;
} reading;

struct dirent *__real_readdir(DIR *list);
struct dirent *__wrap_readdir(DIR *list);

struct dirent *
__wrap_readdir(DIR *list)
{
    struct dirent *entry;

    if (reading.now) {
        reading.now = false;
        reading.call();
    }
    entry = __real_readdir(list);
    if (reading.call != NULL && entry != NULL &&
        strcmp(entry->d_name, reading.after) == 0) {
        reading.now = true;
        reading.after[0] = '\0';
    }
    return entry;
}

static void
keep_line(void *context, int priority, const char *text)
{
    size_t length = strlen(logged);

    (void)context;
    (void)priority;
    snprintf(logged + length, sizeof(logged) - length, "%s\n", text);
}

static const char *
in(const struct fixture *fixture, const char *directory, const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s%s%s", fixture->runtime, directory,
             name[0] == '\0' ? "" : "/", name);
    return path;
}

static int
set_up(void **state)
{
    struct fixture *fixture;

    if (geteuid() != 0)
        return 0;
    fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->runtime, "enforce-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->runtime));
    assert_int_equal(mkdir(in(fixture, "sessions", ""), 0755), 0);
    assert_int_equal(mkdir(in(fixture, "requests", ""), 0700), 0);
    assert_int_equal(chown(in(fixture, "requests", ""), DAEMON, DAEMON), 0);
    fixture->place.runtime = fixture->runtime;
    fixture->place.daemon_uid = DAEMON;
    fixture->place.grace_ms = 100;
    logged[0] = '\0';
    pauses = 0;
    log_divert(keep_line, NULL);
    *state = fixture;
    return 0;
}

static void
gone(pid_t *process)
{
    if (*process > 0) {
        kill(*process, SIGKILL);
        waitpid(*process, NULL, 0);
    }
    *process = 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[64];

    log_divert(NULL, NULL);
    if (fixture == NULL)
        return 0;
    gone(&fixture->child);
    gone(&fixture->opener);
    snprintf(command, sizeof(command), "rm -rf %s", fixture->runtime);
    free(fixture);
    return system(command);
}

static struct fixture *
need(void **state)
{
    if (*state == NULL) {
        print_message("needs root: it ends processes and writes to others' "
                      "terminals\n");
        skip();
    }
    return *state;
}

/* ---- a session ------------------------------------------------------------
 */

/* An opener with one child.  stubborn: the child heeds no signal.  tty: the
 * child's controlling terminal, or NULL. */
static void
open_session(struct fixture *fixture, bool stubborn, const char *tty)
{
    int pipes[2];

    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    /* What is left behind comes to us, to be waited for. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fixture->opener = fork();
    if (fixture->opener == 0) {
        pid_t child = fork();

        /* Whatever becomes of the test. */
        alarm(60);
        if (child == 0) {
            if (stubborn) {
                signal(SIGHUP, SIG_IGN);
                signal(SIGTERM, SIG_IGN);
            }
            setsid();
            if (tty != NULL) {
                int fd = open(tty, O_RDWR);

                ioctl(fd, TIOCSCTTY, 0);
            }
            child = getpid();
            if (write(pipes[1], &child, sizeof(child)) < 0)
                _exit(1);
        }
        for (;;)
            pause();
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &fixture->child, sizeof(pid_t)),
                     sizeof(pid_t));
    close(pipes[0]);
}

static void
put(const struct fixture *fixture, const char *directory, const char *name,
    const char *text, uid_t owner)
{
    FILE *file = fopen(in(fixture, directory, name), "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chown(in(fixture, directory, name), owner, owner), 0);
    assert_int_equal(chmod(in(fixture, directory, name), 0600), 0);
}

static void
describe(const struct fixture *fixture, const char *id, pid_t pid,
         int64_t later, uid_t uid)
{
    struct enforce_opening opening = {.user = "alice", .uid = uid, .pid = pid};
    char text[ENFORCE_FILE_MAX + 1];
    struct process process = {0};

    process_read(pid, &process);
    opening.start = process.start + (uint64_t)later;
    assert_int_equal(enforce_format_opening(&opening, text), 0);
    put(fixture, "sessions", id, text, 0);
}

static void
request(const struct fixture *fixture, const char *id,
        enum enforce_action action)
{
    struct enforce_request request = {.action = action,
                                      .provider = "corp",
                                      .reason = "your account is disabled"};
    char text[ENFORCE_FILE_MAX + 1];

    assert_int_equal(enforce_format_request(&request, text), 0);
    put(fixture, "requests", id, text, DAEMON);
}

static bool
there(const struct fixture *fixture, const char *directory, const char *name)
{
    struct stat status;

    return lstat(in(fixture, directory, name), &status) == 0;
}

static bool
lives(pid_t process)
{
    char path[40], text[512] = "";
    const char *name_end;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = '\0';
    fclose(file);
    name_end = strrchr(text, ')');
    return name_end != NULL && name_end[2] != 'Z';
}

static void
run_and_nothing_happens(struct fixture *fixture)
{
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_true(lives(fixture->opener));
    assert_true(lives(fixture->child));
    assert_false(there(fixture, "requests", ID));
}

/* ---- what is asked for ----------------------------------------------------
 */

static void
test_terminate(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_false(lives(fixture->opener));
    assert_false(lives(fixture->child));
    assert_false(there(fixture, "requests", ID));
    assert_non_null(strstr(logged, "session 01234567 of alice (uid 2001): "
                                   "terminate: provider corp: your account is "
                                   "disabled"));
    assert_null(strstr(logged, "killed"));
}

static void
test_terminate_the_stubborn(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, true, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_int_equal(waitpid(fixture->child, NULL, 0), fixture->child);
    fixture->child = 0;
    assert_non_null(strstr(logged, "1 processes had to be killed"));
}

static void
test_nobody_else_is_ended(void **state)
{
    struct fixture *fixture = need(state);
    struct fixture other = *fixture;

    open_session(fixture, false, NULL);
    open_session(&other, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    describe(fixture, OTHER, other.opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_false(lives(fixture->opener));
    assert_true(lives(other.opener));
    assert_true(lives(other.child));
    gone(&other.opener);
    gone(&other.child);
}

/* One process for the sessions of many is a service, which serves others. */
static void
test_shared_opener_is_not_ended(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    describe(fixture, OTHER, fixture->opener, 0, USER_UID + 1);
    request(fixture, ID, ENFORCE_TERMINATE);
    run_and_nothing_happens(fixture);
    assert_non_null(strstr(logged, "has opened others"));
}

static int
terminal_open(char *name, size_t size, uid_t owner)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    assert_int_equal(ptsname_r(master, name, size), 0);
    assert_int_equal(chown(name, owner, owner), 0);
    fcntl(master, F_SETFL, O_NONBLOCK);
    return master;
}

static const char *
terminal_read(int master)
{
    static char text[1024];
    ssize_t length = read(master, text, sizeof(text) - 1);

    text[length < 0 ? 0 : length] = '\0';
    return text;
}

static void
test_notify(void **state)
{
    struct fixture *fixture = need(state);
    char name[64];
    int master = terminal_open(name, sizeof(name), USER_UID);

    open_session(fixture, false, name);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_NOTIFY);
    run_and_nothing_happens(fixture);
    assert_non_null(strstr(terminal_read(master),
                           "\nsignin: your session at corp has ended: your "
                           "account is disabled. Sign in again.\r"));
    assert_non_null(strstr(logged, "disabled: told"));
    close(master);
}

static void
test_others_terminals_stay_clean(void **state)
{
    struct fixture *fixture = need(state);
    char name[64];
    int master = terminal_open(name, sizeof(name), USER_UID + 1);

    open_session(fixture, false, name);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_NOTIFY);
    run_and_nothing_happens(fixture);
    assert_string_equal(terminal_read(master), "");
    close(master);
}

static void
test_lock_without_logind(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_LOCK);
    run_and_nothing_happens(fixture);
    assert_non_null(strstr(logged, "no screen to lock"));
}

/* ---- forged ---------------------------------------------------------------
 */

static void
test_unknown_session(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, OTHER, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    run_and_nothing_happens(fixture);
}

static void
test_number_of_another_process(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    for (int64_t later = -1; later <= 1; later += 2) {
        describe(fixture, ID, fixture->opener, later, USER_UID);
        request(fixture, ID, ENFORCE_TERMINATE);
        run_and_nothing_happens(fixture);
        /* ... and the file goes, as that of a process that has ended. */
        assert_false(there(fixture, "sessions", ID));
    }
}

static void
test_system_accounts(void **state)
{
    static const uid_t uids[] = {0, 1, 999, 65534, (uid_t)-1};
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
        describe(fixture, ID, fixture->opener, 0, uids[i]);
        request(fixture, ID, ENFORCE_TERMINATE);
        run_and_nothing_happens(fixture);
    }
}

static void
test_file_that_is_not_roots(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    assert_int_equal(chown(in(fixture, "sessions", ID), DAEMON, DAEMON), 0);
    request(fixture, ID, ENFORCE_TERMINATE);
    run_and_nothing_happens(fixture);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    assert_int_equal(chmod(in(fixture, "sessions", ID), 0666), 0);
    request(fixture, ID, ENFORCE_TERMINATE);
    run_and_nothing_happens(fixture);
}

static void
test_directories_that_are_not_ours(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    assert_int_equal(chmod(in(fixture, "sessions", ""), 0777), 0);
    assert_int_equal(enforce_run(&fixture->place), -EPERM);
    assert_int_equal(chmod(in(fixture, "sessions", ""), 0755), 0);
    assert_int_equal(chown(in(fixture, "requests", ""), 4711, 4711), 0);
    assert_int_equal(enforce_run(&fixture->place), -EPERM);
    assert_true(lives(fixture->opener));
}

static void
test_links_pipes_and_giants(void **state)
{
    struct fixture *fixture = need(state);
    char target[256], giant[4096];

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, OTHER, ENFORCE_TERMINATE);
    snprintf(target, sizeof(target), "%s/good", fixture->runtime);
    assert_int_equal(rename(in(fixture, "requests", OTHER), target), 0);
    assert_int_equal(symlink("../good", in(fixture, "requests", ID)), 0);
    run_and_nothing_happens(fixture);
    assert_int_equal(access(target, F_OK), 0);
    assert_int_equal(mkfifo(in(fixture, "requests", ID), 0600), 0);
    run_and_nothing_happens(fixture);
    memset(giant, 'x', sizeof(giant));
    giant[sizeof(giant) - 1] = '\0';
    put(fixture, "requests", ID, giant, DAEMON);
    run_and_nothing_happens(fixture);
    /* Another's file, linked there (fs.protected_hardlinks = 0). */
    request(fixture, ID, ENFORCE_TERMINATE);
    assert_int_equal(chown(in(fixture, "requests", ID), 4711, 4711), 0);
    run_and_nothing_happens(fixture);
    assert_int_equal(mkdir(in(fixture, "requests", ID), 0700), 0);
    run_and_nothing_happens(fixture);
    put(fixture, "requests", "../requests/rubbish", "", DAEMON);
    run_and_nothing_happens(fixture);
    assert_false(there(fixture, "requests", "rubbish"));
}

/* What cannot be removed must not keep root busy: it comes back slowly. */
static void
test_full_directory_is_left(void **state)
{
    struct fixture *fixture = need(state);

    assert_int_equal(mkdir(in(fixture, "requests", "x"), 0700), 0);
    assert_int_equal(mkdir(in(fixture, "requests", "x/y"), 0700), 0);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_true(there(fixture, "requests", "x/y"));
    assert_int_equal(pauses, 1);
    /* Nor must a directory that _signin has opened to all. */
    assert_int_equal(chmod(in(fixture, "requests", ""), 0777), 0);
    assert_int_equal(enforce_run(&fixture->place), -EPERM);
    assert_int_equal(pauses, 2);
}

/* Everybody may open sessions/, and hold a lock on it for ever. */
static void
test_locks_of_others(void **state)
{
    struct fixture *fixture = need(state);
    int fd = open(in(fixture, "sessions", ""), O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    alarm(20);
    assert_int_equal(enforce_run(&fixture->place), 0);
    alarm(0);
    assert_false(lives(fixture->opener));
    assert_int_equal(pauses, 0);
    close(fd);
}

static void
test_half_written_is_left(void **state)
{
    struct fixture *fixture = need(state);

    put(fixture, "requests", "." ID, "signin requ", DAEMON);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_true(there(fixture, "requests", "." ID));
}

static void
test_sweep(void **state)
{
    struct fixture *fixture = need(state);

    open_session(fixture, false, NULL);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    describe(fixture, OTHER, fixture->child, 0, USER_UID);
    kill(fixture->child, SIGKILL);
    while (lives(fixture->child))
        usleep(1000);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_true(there(fixture, "sessions", ID));
    assert_false(there(fixture, "sessions", OTHER));
    put(fixture, "sessions", OTHER, "rubbish", 0);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_false(there(fixture, "sessions", OTHER));
}

/* A login that is killed while it writes. */
static void
test_sweep_half_written(void **state)
{
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    struct fixture *fixture = need(state);

    put(fixture, "sessions", "." ID, "signin sess", 0);
    put(fixture, "sessions", "." OTHER, "signin sess", 0);
    assert_int_equal(
        utimensat(AT_FDCWD, in(fixture, "sessions", "." OTHER), long_ago, 0),
        0);
    assert_int_equal(enforce_run(&fixture->place), 0);
    assert_true(there(fixture, "sessions", "." ID));
    assert_false(there(fixture, "sessions", "." OTHER));
}

/* ---- who belongs to whom --------------------------------------------------
 */

/* The opener's children, in pid_namespaces(7) of the test's. */
#define MEMBER  3
#define MEMBER2 4

/* fork(2) to a process of this number, once nobody has it. */
static pid_t
fork_as(pid_t pid)
{
    struct clone_args as = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1};
    long child;

    do
        child = syscall(SYS_clone3, &as, sizeof(as));
    while (child < 0 && errno == EEXIST);
    return (pid_t)child;
}

/* While /proc is read they end, and their numbers become those of a process
 * which has nothing to do with the opener, and its child. */
static void
numbers_go_to_others(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        _exit(2);
    kill(MEMBER, SIGKILL);
    kill(MEMBER2, SIGKILL);
    if (fork_as(MEMBER) == 0) {
        close(ends[0]);
        if (fork_as(MEMBER2) == 0 && write(ends[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    if (read(ends[0], &(char){0}, 1) != 1)
        _exit(2);
    close(ends[0]);
}

/* As the first process of the namespace: 0, it is as it should be; 1, it is
 * not; 2, it cannot be tried. */
static int
number_is_used_again(struct fixture *fixture)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("proc", "/proc", "proc", 0, NULL) != 0)
        return 2;
    fixture->opener = fork();
    if (fixture->opener == 0) {
        signal(SIGCHLD, SIG_IGN);
        if (fork() != 0)
            fork();
        for (;;)
            pause();
    }
    while (kill(MEMBER2, 0) != 0)
        usleep(1000);
    /* Two clock ticks: what is to come begins later. */
    usleep(30000);
    describe(fixture, ID, fixture->opener, 0, USER_UID);
    request(fixture, ID, ENFORCE_TERMINATE);
    snprintf(reading.after, sizeof(reading.after), "%d", MEMBER);
    reading.call = numbers_go_to_others;
    if (enforce_run(&fixture->place) != 0 || reading.after[0] != '\0')
        return 1;
    return lives(fixture->opener) || !lives(MEMBER) || !lives(MEMBER2);
}

static void
test_number_used_again_while_looking(void **state)
{
    struct fixture *fixture = need(state);
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        pid_t first = -1;

        alarm(60);
        if (unshare(CLONE_NEWPID | CLONE_NEWNS) == 0)
            first = fork();
        if (first == 0)
            _exit(number_is_used_again(fixture));
        if (first < 0 || waitpid(first, &status, 0) != first)
            _exit(2);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) {
        print_message("needs namespaces of its own\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- proc(5), cgroups -----------------------------------------------------
 */

static void
test_parse_stat(void **state)
{
    static const char good[] =
        "1234 (a) b (c) S 77 1234 1234 34818 1234 4194304 1 2 3 4 5 6 7 8 20 0 "
        "1 0 987654 1000 200 18446744073709551615 0";
    static const char *const zoo[] = {
        "",
        "1234",
        "1234 (x",
        "x (y) S 1 1 1 0 1 4194304 1 2 3",
        "0 (x) S 77 1 1 0 1 4 1 2 3 4 5 6 7 8 20 0 1 0 987654",
        "12 (x) S -7 1 1 0 1 4 1 2 3 4 5 6 7 8 20 0 1 0 987654"};
    struct process process;

    (void)state;
    assert_int_equal(process_parse(good, &process), 0);
    assert_int_equal(process.pid, 1234);
    assert_int_equal(process.parent, 77);
    assert_int_equal(process.start, 987654);
    assert_int_equal(process.tty, makedev(136, 2));
    for (size_t i = 0; i < sizeof(zoo) / sizeof(zoo[0]); i++)
        assert_int_equal(process_parse(zoo[i], &process), -EPROTO);
    assert_int_equal(process_read(getpid(), &process), 0);
    assert_int_equal(process.parent, getppid());
    assert_int_equal(process_family(getpid(), process.start + 1, NULL, NULL),
                     -ESRCH);
}

static void
test_parse_cgroup(void **state)
{
    static const struct {
        const char *text, *id; /* NULL: none */
    } zoo[] = {
        {"0::/user.slice/user-2001.slice/session-3.scope\n", "3"},
        {"0::/user.slice/user-2001.slice/session-c12.scope/sub\n", "c12"},
        {"1:name=systemd:/user.slice/user-1.slice/session-9.scope\n0::/\n",
         "9"},
        {"0::/user.slice/user-2001.slice/user@2001.service/app.slice\n", NULL},
        {"0::/system.slice/ssh.service\n", NULL},
        {"0::/x/session-.scope\n", NULL},
        {"0::/x/session-3;reboot.scope\n", NULL},
        {"0::/x/session--H.scope\n", NULL},
        {"0::/x/session-3.scopes\n", NULL},
        {"0::/x/session-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.scope\n", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(zoo) / sizeof(zoo[0]); i++) {
        char id[LOGIND_ID_MAX + 1] = "none";
        bool found = logind_parse_cgroup(zoo[i].text, id);

        assert_int_equal(found, zoo[i].id != NULL);
        assert_string_equal(id, zoo[i].id != NULL ? zoo[i].id : "none");
    }
}

int
main(void)
{
#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_terminate),
        TEST(test_terminate_the_stubborn),
        TEST(test_nobody_else_is_ended),
        TEST(test_shared_opener_is_not_ended),
        TEST(test_notify),
        TEST(test_others_terminals_stay_clean),
        TEST(test_lock_without_logind),
        TEST(test_unknown_session),
        TEST(test_number_of_another_process),
        TEST(test_system_accounts),
        TEST(test_file_that_is_not_roots),
        TEST(test_directories_that_are_not_ours),
        TEST(test_links_pipes_and_giants),
        TEST(test_full_directory_is_left),
        TEST(test_locks_of_others),
        TEST(test_half_written_is_left),
        TEST(test_sweep),
        TEST(test_sweep_half_written),
        TEST(test_number_used_again_while_looking),
        TEST(test_parse_stat),
        TEST(test_parse_cgroup),
    };

    return cmocka_run_group_tests_name("enforce", tests, NULL, NULL);
}
