/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glibc's contract (manual/nss.texi): buffers of every size, status and error
 * together, everything in the caller's buffer and aligned, nothing outside it
 * touched, errno left alone.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM  512
#define GUARD 0x5a

/* A buffer that begins at every offset from an alignment, and has guards. */
struct guarded {
    unsigned char *block;
    char *buffer;
    size_t size;
};

static struct guarded
make_guarded(size_t size, size_t offset)
{
    struct guarded guarded = {.size = size};

    /* Exactly that long: ASan sees what is behind. */
    guarded.block = malloc(offset + size + 1);
    assert_non_null(guarded.block);
    memset(guarded.block, GUARD, offset + size + 1);
    guarded.buffer = (char *)guarded.block + offset;
    return guarded;
}

static void
free_guarded(struct guarded *guarded, size_t offset)
{
    for (size_t i = 0; i < offset; i++)
        assert_int_equal(guarded->block[i], GUARD);
    assert_int_equal(guarded->block[offset + guarded->size], GUARD);
    free(guarded->block);
}

static void
assert_inside(const struct guarded *guarded, const void *from, size_t length)
{
    const char *at = from;

    assert_true(at >= guarded->buffer);
    assert_true(at + length <= guarded->buffer + guarded->size);
}

static void
assert_string_inside(const struct guarded *guarded, const char *text)
{
    assert_inside(guarded, text, strlen(text) + 1);
}

/* ---- users ---------------------------------------------------------------
 */

typedef struct outcome get_user(struct passwd *entry, char *buffer,
                                size_t size);

static struct outcome
by_name(struct passwd *entry, char *buffer, size_t size)
{
    return call_getpwnam("alice", entry, buffer, size);
}

static struct outcome
by_uid(struct passwd *entry, char *buffer, size_t size)
{
    return call_getpwuid(ALICE_UID, entry, buffer, size);
}

static struct outcome
from_list(struct passwd *entry, char *buffer, size_t size)
{
    /* What did not fit comes again. */
    static bool begun;
    struct outcome outcome;

    if (!begun)
        _nss_signin_setpwent(0);
    outcome = call_getpwent(entry, buffer, size);
    begun = outcome.status == NSS_STATUS_TRYAGAIN;
    return outcome;
}

static bool
try_user(get_user *get, size_t size, size_t offset)
{
    struct guarded guarded = make_guarded(size, offset);
    struct passwd entry, untouched;
    struct outcome outcome;

    memset(&entry, GUARD, sizeof(entry));
    memset(&untouched, GUARD, sizeof(untouched));
    outcome = get(&entry, guarded.buffer, size);
    assert_contract(outcome);
    if (outcome.status == NSS_STATUS_SUCCESS) {
        assert_alice(&entry);
        assert_string_inside(&guarded, entry.pw_name);
        assert_string_inside(&guarded, entry.pw_passwd);
        assert_string_inside(&guarded, entry.pw_gecos);
        assert_string_inside(&guarded, entry.pw_dir);
        assert_string_inside(&guarded, entry.pw_shell);
    } else {
        assert_int_equal(outcome.status, NSS_STATUS_TRYAGAIN);
        assert_memory_equal(&entry, &untouched, sizeof(entry));
    }
    free_guarded(&guarded, offset);
    return outcome.status == NSS_STATUS_SUCCESS;
}

static void
users_with_every_size(void **state)
{
    static get_user *const gets[] = {by_name, by_uid, from_list};
    const size_t enough = strlen("alice:1879048200:1879048200:" ALICE_GECOS
                                 ":/home/alice:/bin/bash") +
                          1 + strlen("*") + 1;

    (void)state;
    for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
        for (size_t offset = 0; offset < 9; offset++)
            for (size_t size = 0; size < ROOM; size++)
                assert_int_equal(try_user(gets[i], size, offset),
                                 size >= enough);
}

/* ---- groups --------------------------------------------------------------
 */

typedef struct outcome get_group(struct group *entry, char *buffer,
                                 size_t size);

static struct outcome
by_group_name(struct group *entry, char *buffer, size_t size)
{
    return call_getgrnam("staff", entry, buffer, size);
}

static struct outcome
by_gid(struct group *entry, char *buffer, size_t size)
{
    return call_getgrgid(STAFF_GID, entry, buffer, size);
}

static struct outcome
from_group_list(struct group *entry, char *buffer, size_t size)
{
    static bool begun;
    struct outcome outcome;

    if (!begun) {
        char other[256];

        _nss_signin_setgrent(0);
        assert_int_equal(call_getgrent(entry, other, sizeof(other)).status,
                         NSS_STATUS_SUCCESS);
        assert_int_equal(call_getgrent(entry, other, sizeof(other)).status,
                         NSS_STATUS_SUCCESS);
        memset(entry, GUARD, sizeof(*entry));
    }
    outcome = call_getgrent(entry, buffer, size);
    begun = outcome.status == NSS_STATUS_TRYAGAIN;
    return outcome;
}

static bool
try_group(get_group *get, size_t size, size_t offset)
{
    struct guarded guarded = make_guarded(size, offset);
    struct group entry, untouched;
    struct outcome outcome;

    memset(&entry, GUARD, sizeof(entry));
    memset(&untouched, GUARD, sizeof(untouched));
    outcome = get(&entry, guarded.buffer, size);
    assert_contract(outcome);
    if (outcome.status == NSS_STATUS_SUCCESS) {
        assert_int_equal((uintptr_t)entry.gr_mem % _Alignof(char *), 0);
        assert_inside(&guarded, entry.gr_mem, 3 * sizeof(char *));
        assert_staff(&entry);
        assert_string_inside(&guarded, entry.gr_name);
        assert_string_inside(&guarded, entry.gr_passwd);
        assert_string_inside(&guarded, entry.gr_mem[0]);
        assert_string_inside(&guarded, entry.gr_mem[1]);
    } else {
        assert_int_equal(outcome.status, NSS_STATUS_TRYAGAIN);
        assert_memory_equal(&entry, &untouched, sizeof(entry));
    }
    free_guarded(&guarded, offset);
    return outcome.status == NSS_STATUS_SUCCESS;
}

static void
groups_with_every_size(void **state)
{
    static get_group *const gets[] = {by_group_name, by_gid, from_group_list};
    const size_t line = strlen("staff:1900000001:alice,bob") + 1 + 2;

    (void)state;
    for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
        for (size_t offset = 0; offset < 9; offset++) {
            bool enough = false;

            for (size_t size = 0; size < ROOM; size++) {
                bool fits = try_group(gets[i], size, offset);

                assert_true(fits || !enough);
                enough = fits;
                if (size < line + 3 * sizeof(char *))
                    assert_false(fits);
                if (size >= line + 4 * sizeof(char *))
                    assert_true(fits);
            }
        }
}

static void
group_without_members(void **state)
{
    char buffer[64];
    struct group entry;

    (void)state;
    assert_contract(call_getgrgid(EMPTY_GID, &entry, buffer, sizeof(buffer)));
    assert_string_equal(entry.gr_name, "empty");
    assert_int_equal(entry.gr_gid, EMPTY_GID);
    assert_null(entry.gr_mem[0]);
}

/* ---- status and error ----------------------------------------------------
 */

static void
errno_may_be_the_error(void **state)
{
    char buffer[ROOM];
    struct passwd entry;

    (void)state;
    /* As glibc calls it. */
    errno = ERRNO_BEFORE;
    assert_int_equal(
        _nss_signin_getpwnam_r("alice", &entry, buffer, sizeof(buffer), &errno),
        NSS_STATUS_SUCCESS);
    assert_int_equal(errno, ERRNO_BEFORE);
    assert_int_equal(
        _nss_signin_getpwnam_r("alice", &entry, buffer, 10, &errno),
        NSS_STATUS_TRYAGAIN);
    assert_int_equal(errno, ERANGE);
    assert_int_equal(_nss_signin_getpwuid_r(1879040000, &entry, buffer,
                                            sizeof(buffer), &errno),
                     NSS_STATUS_NOTFOUND);
    assert_int_equal(errno, ENOENT);
}

static void
names_that_cannot_be(void **state)
{
    static const char *const names[] = {
        "",        "Alice",      "alice ", "al ice",
        "alice\n", "../alice",   "alice:", "-",
        "1alice",  "al\303\244", "alice$", "a23456789012345678901234567890123",
        "Nalice"};

    (void)state;
    /* Whoever listens, it is not asked. */
    signind_start(NULL, getuid());
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(status_of_name(names[i]), NSS_STATUS_NOTFOUND);
        assert_int_equal(status_of_group(names[i]), NSS_STATUS_NOTFOUND);
    }
    signind_stop();
}

static void
numbers_that_cannot_be(void **state)
{
    static const uint32_t ids[] = {0,     1,     999,        61184,      65519,
                                   65534, 65535, 2147352576, 4294967294, -1U};

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(status_of_uid(ids[i]), NSS_STATUS_NOTFOUND);
        assert_int_equal(status_of_gid(ids[i]), NSS_STATUS_NOTFOUND);
    }
}

static void
who_is_not_there(void **state)
{
    unsigned before = count_descriptors();

    (void)state;
    assert_int_equal(status_of_uid(1879048202), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_gid(1879048202), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_group("nosuch"), NSS_STATUS_NOTFOUND);
    /* A user is no group, nor the other way round; nobody listens. */
    assert_int_equal(status_of_group("carol"), NSS_STATUS_NOTFOUND);
    assert_int_equal(status_of_name("staff"), NSS_STATUS_UNAVAIL);
    assert_int_equal(count_descriptors(), before);
}

static int
enter(void **state)
{
    int r = fixture_enter(state);

    if (r == 0)
        snapshot_write_usual();
    return r;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_with_every_size),
        cmocka_unit_test(groups_with_every_size),
        cmocka_unit_test(group_without_members),
        cmocka_unit_test(errno_may_be_the_error),
        cmocka_unit_test(names_that_cannot_be),
        cmocka_unit_test(numbers_that_cannot_be),
        cmocka_unit_test(who_is_not_there),
    };

    return cmocka_run_group_tests(tests, enter, fixture_leave);
}
