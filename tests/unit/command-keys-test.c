/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command over real kernel keys: a session's keys as PAM and signind make
 * them, in a session keyring of this test's own.  Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "keyring/record.h"
#include "signin/find.h"
#include "signin/token.h"
#include "wire/channel.h"

static struct keyring_session keys;
static key_serial_t shard;

/* As if signind's directory were there and of this group: the host need not
 * have signin installed. */
enum { GROUP = 54321 };

int __wrap_stat(const char *path, struct stat *ret_stat);

int
__wrap_stat(const char *path, struct stat *ret_stat)
{
    assert_string_equal(path, CHANNEL_DIRECTORY);
    *ret_stat = (struct stat){.st_mode = S_IFDIR | 0755, .st_gid = GROUP};
    return 0;
}

static int
set_up(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return 0;
    if (keyctl_join_session_keyring(NULL) < 0)
        return -1;
    shard = add_key("keyring", "signin-command-keys-test", NULL, 0,
                    KEY_SPEC_PROCESS_KEYRING);
    return shard < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    if (shard > 0 && keys.keep != 0)
        keyring_forget(&keys, shard);
    return 0;
}

static void
need_keys(void)
{
    if (shard <= 0) {
        print_message("needs root: makes keys as PAM does\n");
        skip();
    }
}

static void
write_record(const char *id)
{
    static struct record record;

    record_init(&record);
    assert_int_equal(record_put(&record, "id", id), 0);
    assert_int_equal(record_put(&record, "user", "root"), 0);
    assert_int_equal(record_put_number(&record, "uid", getuid()), 0);
    assert_int_equal(record_put_number(&record, "expires_at", time(NULL) + 60),
                     0);
    assert_int_equal(
        keyring_write(&keys, KEYRING_SESSION, record.text, record.length, 0),
        0);
}

static void
session_of_real_keys(void **state)
{
    struct session session = {0};
    struct token token = {0};
    char id[KEYRING_ID_LENGTH + 1];

    (void)state;
    need_keys();
    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_make_keep(shard, GROUP, id, &keys), 0);
    assert_int_equal(keyring_make_ring(&keys, GROUP), 0);
    /* Empty pockets are no session yet. */
    assert_int_equal(session_find(&session), STATUS_NO_SESSION);

    write_record(id);
    session_done(&session);
    assert_int_equal(session_find(&session), STATUS_OK);
    assert_string_equal(session.keys.id, id);
    assert_int_equal(session.keys.ring, keys.ring);
    assert_false(token_read(&session, &token));

    assert_int_equal(
        keyring_write(&keys, KEYRING_ACCESS_TOKEN, "secret-token", 12, 60), 0);
    session_done(&session);
    assert_int_equal(session_find(&session), STATUS_OK);
    assert_true(token_read(&session, &token));
    assert_int_equal(token.length, 12);
    assert_memory_equal(token.bytes, "secret-token", 12);
    token_done(&token);
    assert_int_equal(token.length, 0);

    assert_int_equal(keyring_park(&keys), 0);
    session_done(&session);
    assert_int_equal(session_find(&session), STATUS_OK);
    assert_false(token_read(&session, &token));

    assert_int_equal(keyring_end_session(&keys), 0);
    session_done(&session);
    assert_int_equal(session_find(&session), STATUS_NO_SESSION);
}

/* Same name, same shape, another group: anybody could have made that. */
static void
planted_ring_is_not_believed(void **state)
{
    static const char id[] = "00000000000000000000000000000000";
    struct session session = {0};
    static struct record record;
    char name[64];
    key_serial_t ring;

    (void)state;
    need_keys();
    snprintf(name, sizeof(name), "signin:%s", id);
    ring = add_key("keyring", name, NULL, 0, KEY_SPEC_SESSION_KEYRING);
    assert_true(ring > 0);
    record_init(&record);
    assert_int_equal(record_put(&record, "id", id), 0);
    assert_int_equal(record_put_number(&record, "uid", getuid()), 0);
    assert_true(
        add_key("user", KEYRING_SESSION, record.text, record.length, ring) > 0);
    assert_int_equal(session_find(&session), STATUS_NO_SESSION);
    keyctl_unlink(ring, KEY_SPEC_SESSION_KEYRING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_of_real_keys),
        cmocka_unit_test(planted_ring_is_not_believed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
