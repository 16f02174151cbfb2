/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which session is ours, and whose keys are believed.
 */
#include "command-fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "signin/find.h"
#include "wire/memory.h"

#define OTHER_ID "ffffffffffffffffffffffffffffffff"

static char records[4][256];

/* Ring i gets the id of i+1 digits, a record and a token "token-<i>". */
static void
add_ring(unsigned i, unsigned uid, int opened_at)
{
    static char tokens[4][16];
    struct keyring_session *keys = &fake.rings[i];

    memset(keys, 0, sizeof(*keys));
    memset(keys->id, (int)('1' + i), KEYRING_ID_LENGTH);
    keys->ring = (key_serial_t)(100 + i);
    keys->session = (key_serial_t)(200 + i);
    keys->access_token = (key_serial_t)(300 + i);
    snprintf(records[i], sizeof(records[i]),
             "v=1\nid=%s\nuid=%u\nopened_at=%d\n", keys->id, uid, opened_at);
    snprintf(tokens[i], sizeof(tokens[i]), "token-%u", i);
    fake_set_key(keys->session, records[i], 0);
    fake_set_key(keys->access_token, tokens[i], 0);
    fake.ring_count = i + 1;
}

static void
newest_of_ours_is_taken(void **state)
{
    (void)state;
    add_ring(0, FAKE_UID, 500);
    add_ring(1, FAKE_UID, 900);
    add_ring(2, FAKE_UID, 700);
    add_ring(3, FAKE_UID + 1, 1000);
    assert_int_equal(fake_run("token", NULL), STATUS_OK);
    assert_string_equal(fake.out, "token-1\n");
    assert_int_equal(fake.walked_gid, FAKE_GID);
}

static void
first_of_equals_is_taken(void **state)
{
    (void)state;
    add_ring(0, FAKE_UID, 0);
    add_ring(1, FAKE_UID, 0);
    assert_int_equal(fake_run("token", NULL), STATUS_OK);
    assert_string_equal(fake.out, "token-0\n");
}

static void
assert_no_session(const char *word)
{
    assert_int_equal(fake_run("token", NULL), STATUS_NO_SESSION);
    assert_string_equal(fake.out, "");
    assert_complains();
    assert_non_null(strstr(fake.err, word));
    assert_int_equal(fake.calls, 0);
}

static void
nothing_is_there(void **state)
{
    (void)state;
    fake.ring_count = 0;
    assert_no_session("no session");
    fake_reset(NULL);
    fake.walk_error = -EKEYREVOKED;
    assert_no_session("no session");
}

static void
somebody_elses_is_not_ours(void **state)
{
    (void)state;
    fake.uid = FAKE_UID + 1;
    assert_no_session("another user");
    /* Root inside alice's session is not alice either. */
    fake.uid = fake.euid = 0;
    assert_no_session("another user");
}

static void
unreadable_rings_are_passed_over(void **state)
{
    static const char *const bad[] = {
        "-",
        "v=1\nuid=1000\n",
        "v=1\nid=11111111111111111111111111111111\n",
        "v=1\nid=11111111111111111111111111111111\nuid=x\n",
        "v=1\nid=" OTHER_ID "\nuid=1000\n",
        "v=2\nid=11111111111111111111111111111111\nuid=1000\n",
        NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        add_ring(0, FAKE_UID, 900);
        fake_set_key(fake.rings[0].session, bad[i], -EKEYREVOKED);
        assert_no_session("no session");
        add_ring(1, FAKE_UID, 100);
        assert_int_equal(fake_run("token", NULL), STATUS_OK);
        assert_string_equal(fake.out, "token-1\n");
    }
    add_ring(0, FAKE_UID, 900);
    fake.rings[0].session = 0;
    assert_no_session("no session");
}

static void
group_is_of_the_directory(void **state)
{
    gid_t gid = 7;

    (void)state;
    fake.group_gid = 555;
    assert_int_equal(session_group(&gid), 0);
    assert_int_equal(gid, FAKE_GID);

    fake.directory_uid = 1000;
    assert_int_equal(session_group(&gid), 0);
    assert_int_equal(gid, 555);

    fake.directory_uid = 0;
    fake.directory_gid = 0;
    assert_int_equal(session_group(&gid), 0);
    assert_int_equal(gid, 555);

    fake.directory_gid = FAKE_GID;
    fake.directory_is_file = true;
    assert_int_equal(session_group(&gid), 0);
    assert_int_equal(gid, 555);

    fake.directory = false;
    fake.group_gid = 0; /* keys of group root are nobody's */
    assert_int_equal(session_group(&gid), -ENOENT);
    fake.no_group = true;
    assert_int_equal(session_group(&gid), -ENOENT);
    assert_int_equal(gid, 555);
    assert_no_session(DAEMON_USER);
}

static void
record_values(void **state)
{
    struct session session = {0};
    cleanup_wipe char *user = NULL;

    (void)state;
    fake_set_record(3600, 3600, "bad=x\nnegative=-5\nlines=a\\nb\n");
    assert_int_equal(session_find(&session), STATUS_OK);
    assert_int_equal(session_number(&session, "lifetime"), 3600);
    assert_int_equal(session_number(&session, "bad"), 0);
    assert_int_equal(session_number(&session, "negative"), 0);
    assert_int_equal(session_number(&session, "missing"), 0);
    assert_null(session_text(&session, "missing"));
    user = session_text(&session, "lines");
    assert_string_equal(user, "a\nb");
    session_done(&session);
    assert_null(session.record);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(newest_of_ours_is_taken, fake_reset),
        cmocka_unit_test_setup(first_of_equals_is_taken, fake_reset),
        cmocka_unit_test_setup(nothing_is_there, fake_reset),
        cmocka_unit_test_setup(somebody_elses_is_not_ours, fake_reset),
        cmocka_unit_test_setup(unreadable_rings_are_passed_over, fake_reset),
        cmocka_unit_test_setup(group_is_of_the_directory, fake_reset),
        cmocka_unit_test_setup(record_values, fake_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
