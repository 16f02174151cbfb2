/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's word on who opened a session: there while the session is, true, and
 * never in the way. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "opened.h"
#include "wire/enforce.h"

#define TICKET "30001:" FAKE_TICKET

static int
set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&fake_opened, 0, sizeof(fake_opened));
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static void
place(enum wire_result placed, int expected)
{
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(placed);
    assert_int_equal(fake_call(FAKE_OPEN, 0, NULL), expected);
}

static void
test_written(void **state)
{
    struct enforce_opening opening;

    (void)state;
    fake.tty = "ssh";
    fake.pid = 4321;
    place(WIRE_OK, PAM_SUCCESS);
    assert_int_equal(fake_opened.written, 1);
    assert_string_equal(fake_opened.path, ENFORCE_SESSIONS "/" FAKE_ID);
    assert_int_equal(fake_opened.mode, 0644);
    assert_int_equal(enforce_parse_opening(fake_opened.text,
                                           strlen(fake_opened.text), &opening),
                     0);
    assert_string_equal(opening.user, "alice");
    assert_int_equal(opening.uid, FAKE_UID);
    assert_int_equal(opening.pid, 4321);
    assert_int_equal(opening.start, 987654);
    assert_string_equal(opening.service, "sshd");
    assert_string_equal(opening.tty, "ssh");
    assert_null(strstr(fake_opened.text, FAKE_TICKET));
    assert_null(strstr(fake_opened.text, FAKE_SECRET));
}

static void
test_hostile_items(void **state)
{
    struct enforce_opening opening;

    (void)state;
    fake.tty = "pts/0\npid 1\033[2J";
    place(WIRE_OK, PAM_SUCCESS);
    assert_int_equal(enforce_parse_opening(fake_opened.text,
                                           strlen(fake_opened.text), &opening),
                     0);
    assert_int_not_equal(opening.pid, 1);
    assert_null(strchr(opening.tty, '\033'));
}

static void
test_removed(void **state)
{
    (void)state;
    place(WIRE_OK, PAM_SUCCESS);
    assert_int_equal(fake_opened.removed, 0);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(fake_call(FAKE_CLOSE, 0, NULL), PAM_SUCCESS);
    assert_int_equal(fake_opened.removed, 1);
    assert_string_equal(fake_opened.path, ENFORCE_SESSIONS "/" FAKE_ID);
    /* Once. */
    assert_int_equal(fake_call(FAKE_CLOSE, 0, NULL), PAM_SUCCESS);
    assert_int_equal(fake_opened.removed, 1);
}

static void
test_forked_copy_removes_nothing(void **state)
{
    (void)state;
    place(WIRE_OK, PAM_SUCCESS);
    fake.pid++;
    assert_int_equal(fake_call(FAKE_CLOSE, 0, NULL), PAM_SUCCESS);
    assert_int_equal(fake_opened.removed, 0);
}

static void
test_none_without_a_session(void **state)
{
    (void)state;
    assert_int_equal(fake_call(FAKE_OPEN, 0, NULL), PAM_SUCCESS);
    place(WIRE_NO_KEYS, PAM_SYSTEM_ERR);
    assert_int_equal(fake_opened.written, 0);
}

static void
test_failure_is_logged_and_nothing_else(void **state)
{
    (void)state;
    fake_opened.error = -ENOSPC;
    place(WIRE_OK, PAM_SUCCESS);
    assert_int_equal(fake_opened.written, 1);
    assert_non_null(strstr(fake_log(), "cannot be written to"));
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(fake_call(FAKE_CLOSE, 0, NULL), PAM_SUCCESS);
    assert_non_null(strstr(fake_log(), "cannot be removed from"));
}

/* `ulimit -f 0; su alice`: the signal would end su. */
static void
test_no_room_for_files(void **state)
{
    struct rlimit before, none, after;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    place(WIRE_OK, PAM_SUCCESS);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &after), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(fake_opened.written, 1);
    assert_true(fake_opened.room >= strlen(fake_opened.text));
    assert_int_equal(after.rlim_cur, 0);
    assert_int_equal(after.rlim_max, none.rlim_max);
}

int
main(void)
{
#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_written),
        TEST(test_hostile_items),
        TEST(test_removed),
        TEST(test_forked_copy_removes_nothing),
        TEST(test_none_without_a_session),
        TEST(test_failure_is_logged_and_nothing_else),
        TEST(test_no_room_for_files),
    };

    return cmocka_run_group_tests_name("opened", tests, NULL, NULL);
}
