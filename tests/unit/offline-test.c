/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered of passwords: the files, their limits and ages, and the
 * thread.  Real files and real yescrypt.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "signind/log.h"
#include "signind/offline/offline_private.h"

static char folder[64], path[128], logged[4096];
static struct event_base *base;

static const struct offline_user alice = {"alice", 1000001, "corp",
                                          "https://idp.example.com", "s-1"};
static const struct offline_limits limits = {true, 3600, 3};

/* The daemon's log is not linked. */
void
log_line(int priority, const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(logged);

    (void)priority;
    va_start(arguments, format);
    vsnprintf(logged + used, sizeof(logged) - used, format, arguments);
    va_end(arguments);
}

static int
setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/offline-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    logged[0] = '\0';
    base = event_base_new();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    event_base_free(base);
    offline_folder_purge(path);
    rmdir(path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* ---- files ----------------------------------------------------------------
 */

static const char whole[] = "signin offline verifier 1\n"
                            "name alice\n"
                            "uid 1000001\n"
                            "provider corp\n"
                            "issuer https://idp.example.com\n"
                            "subject s-1\n"
                            "written_at 1000\n"
                            "seen_at 2000\n"
                            "failures 2\n"
                            "verifier $y$jCT$abc$def\n"
                            "end\n";

static void
test_a_record_and_its_text(void **state)
{
    struct offline_record record;
    char text[OFFLINE_FILE_MAX + 1];

    (void)state;
    assert_int_equal(offline_record_parse(&record, whole, strlen(whole)), 0);
    assert_string_equal(record.name, "alice");
    assert_int_equal(record.uid, 1000001);
    assert_int_equal(record.failures, 2);
    assert_int_equal(record.seen_at_s, 2000);
    assert_int_equal(offline_record_format(&record, text), strlen(whole));
    assert_string_equal(text, whole);
    assert_true(offline_record_is_of(&record, &alice));
}

/* In the whole text, this becomes that. */
static const struct {
    const char *from, *to;
} zoo[] = {
    {"verifier 1\n", "verifier 2\n"},
    {"signin", "Signin"},
    {"name alice\n", ""},
    {"name alice\n", "name \n"},
    {"name alice\n", "name alice\nname bob\n"},
    {"name alice\n", "name ali\x01"
                     "ce\n"},
    {"name alice\n", "name  alice\nuid 1\n"},
    {"uid 1000001\n", "uid -1\n"},
    {"uid 1000001\n", "uid 01\n"},
    {"uid 1000001\n", "uid 4294967295\n"},
    {"uid 1000001\n", "uid 18446744073709551617\n"},
    {"uid 1000001\n", "uid \n"},
    {"uid 1000001\n", "uid 0x10\n"},
    {"uid 1000001\n", "uid 1 \n"},
    {"provider corp\n", "provider \n"},
    {"issuer https://idp.example.com\n", "issuer \n"},
    {"subject s-1\n", "subject\n"},
    {"written_at 1000\n", "written_at 9223372036854775807\n"},
    {"written_at 1000\n", "written_at 1e3\n"},
    {"failures 2\n", "failures 4294967296\n"},
    {"failures 2\n", "failures\n"},
    {"$y$jCT$abc$def\n", "$6$abc$def\n"},
    {"$y$jCT$abc$def\n", "$y$\n"},
    {"$y$jCT$abc$def\n", "$y$jCT$abc$de f\n"},
    {"$y$jCT$abc$def\n", "*\n"},
    {"end\n", ""},
    {"end\n", "end"},
    {"end\n", "end\nmore\n"},
    {"end\n", "end\n\n"},
};

static void
test_what_is_no_record(void **state)
{
    struct offline_record record;

    (void)state;
    for (size_t i = 0; i < sizeof(zoo) / sizeof(zoo[0]); i++) {
        const char *at = strstr(whole, zoo[i].from);
        char text[sizeof(whole) + 64];

        assert_non_null(at);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole,
                 zoo[i].to, at + strlen(zoo[i].from));
        if (offline_record_parse(&record, text, strlen(text)) != -EPROTO)
            fail_msg("%s -> %s", zoo[i].from, zoo[i].to);
    }
    for (size_t length = 0; length < strlen(whole); length++)
        assert_int_equal(offline_record_parse(&record, whole, length), -EPROTO);
    assert_int_equal(offline_record_parse(&record, "\0", 1), -EPROTO);
}

static void
test_what_is_of_somebody_else(void **state)
{
    struct offline_record record;
    struct offline_user other = alice;

    (void)state;
    assert_int_equal(offline_record_parse(&record, whole, strlen(whole)), 0);
    other.name = "alicE";
    assert_false(offline_record_is_of(&record, &other));
    other = alice;
    other.uid = 7;
    assert_false(offline_record_is_of(&record, &other));
    other = alice;
    other.provider = "lab";
    assert_false(offline_record_is_of(&record, &other));
    other = alice;
    other.issuer = "https://other.example.com";
    assert_false(offline_record_is_of(&record, &other));
    other = alice;
    other.subject = "s-2";
    assert_false(offline_record_is_of(&record, &other));
    other.subject = NULL;
    assert_true(offline_record_is_of(&record, &other));
}

static void
test_what_cannot_be_written(void **state)
{
    struct offline_record record;
    struct offline_user other = alice;
    char huge[OFFLINE_TEXT_MAX + 2];

    (void)state;
    memset(huge, 'x', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';
    other.subject = huge;
    assert_int_equal(offline_record_fill(&record, &other, 1), -EINVAL);
    other.subject = "two\nlines";
    assert_int_equal(offline_record_fill(&record, &other, 1), -EINVAL);
    other = alice;
    other.issuer = NULL;
    assert_int_equal(offline_record_fill(&record, &other, 1), -EINVAL);
    assert_int_equal(offline_record_fill(&record, &alice, -5), -EINVAL);
}

static void
put(const char *name, const char *text, mode_t mode)
{
    char file[256];
    int fd;

    snprintf(file, sizeof(file), "%s/%s", path, name);
    fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    fchmod(fd, mode);
    close(fd);
}

static bool
there(const char *name)
{
    char file[256];
    struct stat status;

    snprintf(file, sizeof(file), "%s/%s", path, name);
    return lstat(file, &status) == 0;
}

static void
test_which_files_are_read(void **state)
{
    struct offline_record record;
    int fd = offline_folder_open(path, false);
    char from[256], to[256], *big;

    (void)state;
    assert_int_equal(fd, -ENOENT);
    fd = offline_folder_open(path, true);
    assert_true(fd >= 0);
    assert_int_equal(offline_file_read(fd, 1000001, &record), -ENOENT);
    put("1000001", whole, 0600);
    assert_int_equal(offline_file_read(fd, 1000001, &record), 0);
    put("1000001", whole, 0640);
    assert_int_equal(offline_file_read(fd, 1000001, &record), -EPROTO);
    put("7", whole, 0600); /* another uid's */
    assert_int_equal(offline_file_read(fd, 7, &record), -EPROTO);
    big = malloc(1 << 20);
    memset(big, 'x', 1 << 20);
    big[(1 << 20) - 1] = '\0';
    put("8", big, 0600);
    free(big);
    assert_int_equal(offline_file_read(fd, 8, &record), -EPROTO);
    put("1000001", whole, 0600);
    snprintf(from, sizeof(from), "%s/1000001", path);
    snprintf(to, sizeof(to), "%s/9", path);
    assert_int_equal(symlink(from, to), 0);
    assert_int_equal(offline_file_read(fd, 9, &record), -EPROTO);
    unlink(to);
    assert_int_equal(link(from, to), 0);
    assert_int_equal(offline_file_read(fd, 1000001, &record), -EPROTO);
    unlink(to);
    snprintf(to, sizeof(to), "%s/10", path);
    assert_int_equal(mkfifo(to, 0600), 0);
    assert_int_equal(offline_file_read(fd, 10, &record), -EPROTO);
    close(fd);
    chmod(path, 0755);
    assert_int_equal(offline_folder_open(path, true), -EPERM);
    chmod(path, 0700);
}

static void
test_a_write_replaces_and_a_sweep_cleans(void **state)
{
    struct offline_record record, again;
    int fd = offline_folder_open(path, true);

    (void)state;
    assert_int_equal(offline_record_parse(&record, whole, strlen(whole)), 0);
    put("1000001.new", "left by one that died", 0600);
    assert_int_equal(offline_file_write(fd, &record), 0);
    assert_false(there("1000001.new"));
    record.failures = 3;
    assert_int_equal(offline_file_write(fd, &record), 0);
    assert_int_equal(offline_file_read(fd, 1000001, &again), 0);
    assert_int_equal(again.failures, 3);
    assert_int_equal(offline_file_delete(fd, 1000001), 0);
    assert_int_equal(offline_file_delete(fd, 1000001), 0);
    assert_false(there("1000001"));
    close(fd);
}

/* ---- jobs -----------------------------------------------------------------
 */

static enum offline_result
run(enum offline_work work, const struct offline_user *user,
    const char *password, int64_t now_s)
{
    struct offline_job *job = offline_job_new(work, user, password);
    enum offline_result result;

    assert_non_null(job);
    job->limits = limits;
    offline_job_run(job, path, now_s);
    result = job->result;
    offline_job_free(job);
    return result;
}

static uint32_t
failures(void)
{
    struct offline_record record;
    int fd = offline_folder_open(path, false);

    assert_int_equal(offline_file_read(fd, alice.uid, &record), 0);
    close(fd);
    return record.failures;
}

static void
test_the_life_of_a_verifier(void **state)
{
    (void)state;
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5000), OFFLINE_NONE);
    assert_false(there("."));
    run(OFFLINE_REMEMBER, &alice, "right", 5000);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5001),
                     OFFLINE_ACCEPTED);
    assert_int_equal(failures(), 0);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "wrong", 5002), OFFLINE_WRONG);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "", 5002), OFFLINE_WRONG);
    assert_int_equal(failures(), 2);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5003),
                     OFFLINE_ACCEPTED);
    assert_int_equal(failures(), 2);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "wrong", 5004), OFFLINE_WRONG);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5005),
                     OFFLINE_EXHAUSTED);
    assert_int_equal(failures(), 3);
    run(OFFLINE_REMEMBER, &alice, "new", 5006);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5007), OFFLINE_WRONG);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "new", 5007), OFFLINE_ACCEPTED);
}

static void
test_ages_and_clocks(void **state)
{
    (void)state;
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 10000 + 3599),
                     OFFLINE_ACCEPTED);
    /* Seconds are nothing; more is a clock that cannot tell the age. */
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 10000 + 3590),
                     OFFLINE_ACCEPTED);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 10100),
                     OFFLINE_EXPIRED);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 5), OFFLINE_EXPIRED);
    assert_true(there("1000001"));
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 10000 + 3600),
                     OFFLINE_EXPIRED);
    assert_false(there("1000001"));
}

static void
test_another_user_and_garbage_are_deleted(void **state)
{
    struct offline_user other = alice;

    (void)state;
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    other.subject = "s-2";
    assert_int_equal(run(OFFLINE_CHECK, &other, "right", 10001), OFFLINE_NONE);
    assert_false(there("1000001"));
    put("1000001", "garbage", 0600);
    assert_int_equal(run(OFFLINE_CHECK, &alice, "right", 10001), OFFLINE_NONE);
    assert_false(there("1000001"));
}

static void
test_doubt_and_forget(void **state)
{
    const struct offline_user name = {.name = "alice", .uid = (uid_t)-1};

    (void)state;
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    run(OFFLINE_DOUBT, &alice, "wrong", 10000);
    assert_int_equal(failures(), 0);
    run(OFFLINE_DOUBT, &alice, "right", 10000);
    assert_false(there("1000001"));
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    run(OFFLINE_FORGET, &alice, NULL, 10000);
    assert_false(there("1000001"));
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    run(OFFLINE_FORGET_NAME, &name, NULL, 10000);
    assert_false(there("1000001"));
    /* What cannot be hashed must not leave the one before in force. */
    run(OFFLINE_REMEMBER, &alice, "right", 10000);
    {
        char huge[2000];

        memset(huge, 'p', sizeof(huge));
        huge[sizeof(huge) - 1] = '\0';
        run(OFFLINE_REMEMBER, &alice, huge, 10000);
    }
    assert_false(there("1000001"));
}

/* ---- the thread -----------------------------------------------------------
 */

struct told {
    unsigned count;
    enum offline_result last;
};

static void
tell(void *context, enum offline_result result, const char *why)
{
    struct told *told = context;

    assert_non_null(why);
    told->count++;
    told->last = result;
}

/* Until it has been told so often. */
static void
wait_for(const struct told *told, unsigned count)
{
    while (told->count < count)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
test_answers_come_to_the_loop(void **state)
{
    struct offline *offline = offline_open(base, path, &limits);
    struct told told = {0};

    (void)state;
    offline_remember(offline, &alice, "right");
    /* Asked before it is written, answered after. */
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    assert_int_equal(told.count, 0);
    wait_for(&told, 1);
    assert_int_equal(told.last, OFFLINE_ACCEPTED);
    assert_non_null(offline_check(offline, &alice, "wrong", tell, &told));
    wait_for(&told, 2);
    assert_int_equal(told.last, OFFLINE_WRONG);
    offline_close(offline);
    assert_true(there("1000001"));
}

static void
test_a_cancelled_check_counts(void **state)
{
    struct offline *offline = offline_open(base, path, &limits);
    struct told cancelled = {0}, told = {0};
    struct offline_check *check;

    (void)state;
    offline_remember(offline, &alice, "right");
    check = offline_check(offline, &alice, "wrong", tell, &cancelled);
    offline_cancel(check);
    offline_cancel(NULL);
    assert_non_null(offline_check(offline, &alice, "wrong", tell, &told));
    wait_for(&told, 1);
    assert_int_equal(cancelled.count, 0);
    assert_int_equal(failures(), 2);
    offline_close(offline);
}

static void
test_the_queue_is_bounded(void **state)
{
    struct offline *offline = offline_open(base, path, &limits);
    struct told told = {0};
    unsigned taken = 0;

    (void)state;
    offline_remember(offline, &alice, "right");
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    wait_for(&told, 1);
    assert_int_equal(told.last, OFFLINE_ACCEPTED);
    told.count = 0;
    while (offline_check(offline, &alice, "right", tell, &told) != NULL)
        taken++;
    assert_in_range(taken, OFFLINE_CHECKS_MAX, OFFLINE_CHECKS_MAX + 1);
    /* What is to be forgotten always has room, and goes first. */
    offline_forget(offline, alice.uid);
    wait_for(&told, taken);
    assert_int_equal(told.last, OFFLINE_NONE);
    assert_false(there("1000001"));
    offline_close(offline);
}

static void
test_what_is_forgotten_stays_so(void **state)
{
    struct offline *offline = offline_open(base, path, &limits);

    (void)state;
    offline_remember(offline, &alice, "one");
    offline_remember(offline, &alice, "two");
    offline_remember(offline, &alice, "three");
    offline_forget(offline, alice.uid);
    offline_close(offline);
    assert_false(there("1000001"));
}

/* `signin users --forget` right after a sign-in. */
static void
test_a_name_that_is_forgotten_stays_so(void **state)
{
    const struct offline_user other = {"bob", 1000002, "corp",
                                       "https://idp.example.com", "s-2"};
    struct offline *offline = offline_open(base, path, &limits);
    struct told told = {0};

    (void)state;
    /* Something for the thread to be at, meanwhile. */
    offline_remember(offline, &other, "one");
    offline_remember(offline, &alice, "two");
    offline_forget_name(offline, "alice");
    assert_non_null(offline_check(offline, &alice, "two", tell, &told));
    wait_for(&told, 1);
    offline_close(offline);
    assert_int_equal(told.last, OFFLINE_NONE);
    assert_false(there("1000001"));
    assert_true(there("1000002"));
}

/* The thread has said yes, and the loop has not heard it yet. */
static void
test_switched_off_before_it_is_heard(void **state)
{
    const struct offline_limits off = {false, 3600, 3};
    struct offline *offline = offline_open(base, path, &limits);
    struct told told = {0};

    (void)state;
    offline_remember(offline, &alice, "right");
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    wait_for(&told, 1);
    assert_int_equal(told.last, OFFLINE_ACCEPTED);
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    /* It is counted before the hash, and given back after. */
    while (failures() == 0)
        usleep(100);
    while (failures() != 0)
        usleep(100);
    offline_set_limits(offline, &off);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.last, OFFLINE_FAILED);
    offline_close(offline);
}

static void
test_switched_off_all_goes(void **state)
{
    const struct offline_limits off = {false, 3600, 3};
    struct offline *offline = offline_open(base, path, &limits);
    struct offline_user others[40];
    struct told told = {0};
    const char *said;
    int count = 0;

    (void)state;
    offline_remember(offline, &alice, "right");
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    wait_for(&told, 1);
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    /* None of these is worth the loop's waiting: one may have been begun. */
    for (unsigned i = 0; i < 40; i++) {
        others[i] = alice;
        others[i].uid = 1000100 + i;
        offline_remember(offline, &others[i], "right");
    }
    offline_set_limits(offline, &off);
    assert_int_equal(told.count, 2);
    assert_false(there("."));
    assert_null(offline_check(offline, &alice, "right", tell, &told));
    offline_remember(offline, &alice, "right");
    offline_doubt(offline, alice.uid, "right");
    offline_forget(offline, alice.uid);
    offline_close(offline);
    assert_false(there("."));
    said = strstr(logged, "cached_sign_in = no: ");
    assert_non_null(said);
    assert_int_equal(sscanf(said, "cached_sign_in = no: %d verifier", &count),
                     1);
    assert_in_range(count, 1, 8);
    assert_null(strstr(logged, "right"));
    offline_close(NULL);
}

static void
test_a_start_sweeps(void **state)
{
    struct offline *offline;
    struct told told = {0};
    int fd = offline_folder_open(path, true);

    (void)state;
    close(fd);
    put("1000001", whole, 0600); /* of 1970 */
    put("1000002", "garbage", 0600);
    put("1000003.new", "half", 0600);
    put("name", whole, 0600);
    offline = offline_open(base, path, &limits);
    assert_non_null(offline_check(offline, &alice, "right", tell, &told));
    wait_for(&told, 1);
    offline_close(offline);
    assert_false(there("1000001"));
    assert_false(there("1000002"));
    assert_false(there("1000003.new"));
    assert_false(there("name"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_record_and_its_text),
        TEST(test_what_is_no_record),
        TEST(test_what_is_of_somebody_else),
        TEST(test_what_cannot_be_written),
        TEST(test_which_files_are_read),
        TEST(test_a_write_replaces_and_a_sweep_cleans),
        TEST(test_the_life_of_a_verifier),
        TEST(test_ages_and_clocks),
        TEST(test_another_user_and_garbage_are_deleted),
        TEST(test_doubt_and_forget),
        TEST(test_answers_come_to_the_loop),
        TEST(test_a_cancelled_check_counts),
        TEST(test_the_queue_is_bounded),
        TEST(test_what_is_forgotten_stays_so),
        TEST(test_a_name_that_is_forgotten_stays_so),
        TEST(test_switched_off_before_it_is_heard),
        TEST(test_switched_off_all_goes),
        TEST(test_a_start_sweeps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
