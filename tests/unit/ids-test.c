/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people-fixture.h"
#include "signind/directory/ids.h"
#include "wire/people.h"

static const struct identity alice = {.issuer = ISSUER, .subject = "a-1"};

static int
give(struct host *host, const char *subject, const char *name,
     uint32_t attribute, uint32_t *ret_id)
{
    struct identity identity = {.issuer = ISSUER, .subject = subject};

    return ids_give(host->store, host->files, &host->config.accounts, &identity,
                    name, attribute, ret_id);
}

static void
set_range(struct host *host, uint32_t first, uint32_t last)
{
    host->config.accounts.id_first = first;
    host->config.accounts.id_last = last;
}

/*
 * These numbers are on people's disks.  If this test fails, the function has
 * changed, and every file of every user belongs to nobody: mend the function.
 * The first is, in a shell,
 *
 *   printf 'signin id 1\0user\0https://id.example.org\0a-1' | sha256sum
 *
 * of which the first 16 digits are taken modulo 268304384, plus 1879048192.
 */
static void
derived_ids_never_change(void **state)
{
    struct host *host = *state;
    static const struct {
        struct identity identity;
        uint32_t first, last, id;
    } vectors[] = {
        {{false, ISSUER, "a-1"}, 1879048192, 2147352575, 1983115145},
        {{true, ISSUER, "a-1"}, 1879048192, 2147352575, 2137240840},
        {{false, ISSUER, "name:alice"}, 1879048192, 2147352575, 1937183810},
        {{false, "https://id.example.com/realms/a", "\xc3\xa4 b"},
         70000,
         79999,
         70365},
        {{false, "", ""}, 1000, 4294967293, 1347860433},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint32_t id = 0;

        set_range(host, vectors[i].first, vectors[i].last);
        assert_int_equal(
            ids_derive(&host->config.accounts, &vectors[i].identity, &id), 0);
        assert_int_equal(id, vectors[i].id);
    }
}

/* What follows what is part of the number. */
static void
issuer_and_subject_do_not_run_together(void **state)
{
    struct host *host = *state;
    struct identity one = {.issuer = "a", .subject = "bc"};
    struct identity other = {.issuer = "ab", .subject = "c"};
    uint32_t id = 0, other_id = 0;

    assert_int_equal(ids_derive(&host->config.accounts, &one, &id), 0);
    assert_int_equal(ids_derive(&host->config.accounts, &other, &other_id), 0);
    assert_int_not_equal(id, other_id);
}

static void
derived_ids_stay_in_their_range(void **state)
{
    struct host *host = *state;
    bool seen[3] = {false};

    set_range(host, 5000, 5002);
    for (unsigned i = 0; i < 100; i++) {
        char subject[16];
        struct identity identity = {.issuer = ISSUER, .subject = subject};
        uint32_t id = 0;

        snprintf(subject, sizeof(subject), "%u", i);
        assert_int_equal(ids_derive(&host->config.accounts, &identity, &id), 0);
        assert_in_range(id, 5000, 5002);
        seen[id - 5000] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

static void
two_hosts_agree(void **state)
{
    struct host *host = *state, *other = NULL;
    void *other_state = NULL;

    assert_int_equal(host_begin(&other_state), 0);
    other = other_state;
    for (unsigned i = 0; i < 500; i++) {
        char subject[16];
        uint32_t id = 0, other_id = 0;

        /* Not in the same order. */
        snprintf(subject, sizeof(subject), "s-%u", i);
        assert_int_equal(give(host, subject, NULL, 0, &id), 0);
        snprintf(subject, sizeof(subject), "s-%u", 499 - i);
        assert_int_equal(give(other, subject, NULL, 0, &other_id), 0);
    }
    for (unsigned i = 0; i < 500; i++) {
        char subject[16];
        struct identity identity = {.issuer = ISSUER, .subject = subject};
        uint32_t id = 0, other_id = 1;

        snprintf(subject, sizeof(subject), "s-%u", i);
        assert_int_equal(store_find_id(host->store, &identity, &id), 0);
        assert_int_equal(store_find_id(other->store, &identity, &other_id), 0);
        assert_int_equal(id, other_id);
    }
    host_end(&other_state);
}

static void
sources_are_asked_in_order(void **state)
{
    struct host *host = *state;
    struct accounts_config *accounts = &host->config.accounts;
    struct explicit_id explicit = {.name = (char *)(uintptr_t) "carol",
                                   .id = 7777};
    uint32_t id = 0, derived = 0;

    accounts->ids = &explicit;
    accounts->id_count = 1;
    assert_int_equal(ids_derive(accounts, &alice, &derived), 0);
    assert_int_equal(give(host, "a-1", "alice", 0, &id), 0);
    assert_int_equal(id, derived);
    assert_int_equal(give(host, "b-2", "bob", 6001, &id), 0);
    assert_int_equal(id, 6001);
    assert_int_equal(give(host, "c-3", "carol", 6002, &id), 0);
    assert_int_equal(id, 7777);
    /* Without the attribute as a source it is not looked at. */
    accounts->id_from_attribute = false;
    assert_int_equal(give(host, "d-4", "dave", 6003, &id), 0);
    assert_int_not_equal(id, 6003);
}

/* Whoever may call a group as he likes does not get a user's number. */
static void
groups_have_explicit_ids_of_their_own(void **state)
{
    struct host *host = *state;
    struct accounts_config *accounts = &host->config.accounts;
    const struct identity group = {
        .group = true, .issuer = ISSUER, .subject = "g-1"};
    struct explicit_id explicit = {.name = (char *)(uintptr_t) "alice",
                                   .id = 7777};
    uint32_t id = 0;

    accounts->ids = &explicit;
    accounts->id_count = 1;
    assert_int_equal(
        ids_give(host->store, host->files, accounts, &group, "alice", 0, &id),
        0);
    assert_int_not_equal(id, 7777);
    assert_int_equal(give(host, "a-1", "alice", 0, &id), 0);
    assert_int_equal(id, 7777);
    explicit.group = true;
    explicit.id = 7778;
    assert_int_equal(give(host, "a-2", "alice", 0, &id), 0);
    assert_int_not_equal(id, 7778);
}

static void
what_was_given_stays_whatever_is_configured(void **state)
{
    struct host *host = *state;
    struct accounts_config *accounts = &host->config.accounts;
    struct explicit_id explicit = {.name = (char *)(uintptr_t) "alice",
                                   .id = 7777};
    uint32_t id = 0, again = 0;

    assert_int_equal(give(host, "a-1", "alice", 0, &id), 0);
    accounts->ids = &explicit;
    accounts->id_count = 1;
    set_range(host, 5000, 5002);
    accounts->id_derived = false;
    host_reopen(host);
    assert_int_equal(give(host, "a-1", "alice", 6001, &again), 0);
    assert_int_equal(again, id);
}

static void
no_attribute_and_nothing_else(void **state)
{
    struct host *host = *state;
    uint32_t id = 42;

    host->config.accounts.id_derived = false;
    assert_int_equal(give(host, "a-1", "alice", 0, &id), -ENODATA);
    assert_int_equal(id, 42);
    assert_logged("write id.alice = NUMBER in [accounts]");
}

static void
reserved_numbers_are_nobodys(void **state)
{
    struct host *host = *state;
    static const uint32_t reserved[] = {
        1, 999, 61184, 65519, 65534, 65535, 2147352576, 4294967294, 4294967295};
    uint32_t id = 42;

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        log_forget();
        assert_int_equal(give(host, "a-1", "alice", reserved[i], &id), -ERANGE);
        assert_logged("write id.alice = NUMBER");
    }
    assert_int_equal(id, 42);
    assert_int_equal(store_find_id(host->store, &alice, &id), -ENOENT);
}

static void
local_numbers_are_nobodys(void **state)
{
    struct host *host = *state;
    uint32_t id = 42;

    /* A user's and a group's, and one that comes while we run. */
    assert_int_equal(give(host, "a-1", "alice", 1000, &id), -EEXIST);
    assert_logged("/etc/passwd or /etc/group");
    host_write(host->group, "docker:x:6001:\n");
    assert_int_equal(give(host, "a-1", "alice", 6001, &id), -EEXIST);
    host_write(host->group, "root:x:0:\n");
    assert_int_equal(give(host, "a-1", "alice", 6001, &id), 0);
    host_write(host->group, "root:x:0:\ndocker:x:6001:\n");
    log_forget();
    assert_int_equal(give(host, "a-1", "alice", 6001, &id), -EEXIST);
    assert_logged("take it out of there");
}

static void
a_host_that_cannot_be_read_gives_nothing(void **state)
{
    struct host *host = *state;
    struct local_files_paths paths = {"no-such-passwd", host->group,
                                      host->shells, host->local_groups, 0};
    struct local_files *files = local_files_new_at(&paths);
    uint32_t id = 42;

    assert_non_null(files);
    assert_int_equal(ids_give(host->store, files, &host->config.accounts,
                              &alice, "alice", 0, &id),
                     -EIO);
    assert_logged("no-such-passwd");
    assert_true(local_files_has_user(files, "anybody"));
    local_files_free(files);
}

static void
a_collision_is_refused_with_advice(void **state)
{
    struct host *host = *state;
    struct explicit_id explicit = {.name = (char *)(uintptr_t) "bob", .id = 0};
    uint32_t id = 0, taken = 0;
    char advice[80];

    assert_int_equal(give(host, "a-1", "alice", 0, &taken), 0);
    set_range(host, taken, taken);
    assert_int_equal(give(host, "b-2", "bob", 0, &id), -EEXIST);
    assert_logged("user bob (subject b-2) gets no id");
    assert_logged("was given to the subject a-1 of " ISSUER);
    assert_logged("write id.bob = NUMBER");
    log_forget();
    set_range(host, taken, taken + 1);
    assert_int_equal(give(host, "b-2", "bob", taken, &id), -EEXIST);
    snprintf(advice, sizeof(advice), "id.bob = %u is free here", taken + 1);
    assert_logged(advice);
    /* What the log says to write is what helps. */
    explicit.id = taken + 1;
    host->config.accounts.ids = &explicit;
    host->config.accounts.id_count = 1;
    assert_int_equal(give(host, "b-2", "bob", taken, &id), 0);
    assert_int_equal(id, taken + 1);
    /* An explicit one cannot take what is another's. */
    explicit =
        (struct explicit_id){.name = (char *)(uintptr_t) "carol", .id = taken};
    assert_int_equal(give(host, "c-3", "carol", 0, &id), -EEXIST);
}

static void
a_collision_goes_on_to_the_next(void **state)
{
    struct host *host = *state;
    uint32_t id = 0, used = 0;
    unsigned seen = 0;

    host->config.accounts.id_collision_next = true;
    set_range(host, 5000, 5002);
    for (unsigned i = 0; i < 3; i++) {
        char subject[16];

        snprintf(subject, sizeof(subject), "s-%u", i);
        assert_int_equal(give(host, subject, "alice", 0, &id), 0);
        assert_in_range(id, 5000, 5002);
        seen |= 1U << (id - 5000);
    }
    assert_int_equal(seen, 7);
    assert_int_equal(give(host, "s-3", "dave", 0, &used), -ENOSPC);
    assert_int_equal(used, 0);
    assert_logged("every number of id_range 5000-5002 is taken");
    /* Forgotten or not: they stay taken, and a larger range helps. */
    host_reopen(host);
    assert_int_equal(give(host, "s-3", "dave", 0, &used), -ENOSPC);
    set_range(host, 5000, 5003);
    assert_int_equal(give(host, "s-3", "dave", 0, &used), 0);
    assert_int_equal(used, 5003);
}

static void
the_next_one_is_nobody_elses_either(void **state)
{
    struct host *host = *state;
    uint32_t id = 0;

    host->config.accounts.id_collision_next = true;
    /* Everything here is reserved, or a local account's, but 61183. */
    host_write(host->passwd,
               "a:x:65520:1::/:/bin/sh\nb:x:61182:1::/:/bin/sh\n");
    set_range(host, 61182, 65520);
    assert_int_equal(give(host, "a-1", "alice", 0, &id), 0);
    assert_in_range(id, 61183, 65533);
    assert_false(id >= 61184 && id <= 65519);
    /* The attribute is the directory's word: it is not moved. */
    assert_int_equal(give(host, "b-2", "bob", 61182, &id), -EEXIST);
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(derived_ids_never_change),
        test(issuer_and_subject_do_not_run_together),
        test(derived_ids_stay_in_their_range),
        test(two_hosts_agree),
        test(sources_are_asked_in_order),
        test(groups_have_explicit_ids_of_their_own),
        test(what_was_given_stays_whatever_is_configured),
        test(no_attribute_and_nothing_else),
        test(reserved_numbers_are_nobodys),
        test(local_numbers_are_nobodys),
        test(a_host_that_cannot_be_read_gives_nothing),
        test(a_collision_is_refused_with_advice),
        test(a_collision_goes_on_to_the_next),
        test(the_next_one_is_nobody_elses_either),
    };

    return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
