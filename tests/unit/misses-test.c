/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "people-fixture.h"
#include "wire/people.h"

/* ---- reading, as people.h has it ------------------------------------------
 */

static uint64_t
number(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;

    while (count > 0)
        value = value << 8 | bytes[--count];
    return value;
}

struct table {
    unsigned char *bytes;
    size_t size, slots;
};

static struct table
read_table(const struct host *host)
{
    int file = open(host->misses_path, O_RDONLY | O_CLOEXEC);
    struct stat entry;
    struct table table;

    assert_true(file >= 0);
    assert_int_equal(fstat(file, &entry), 0);
    assert_int_equal(entry.st_mode & 07777, 0644);
    table.size = (size_t)entry.st_size;
    table.bytes = malloc(table.size);
    assert_non_null(table.bytes);
    assert_int_equal(read(file, table.bytes, table.size), table.size);
    close(file);
    assert_memory_equal(table.bytes, "signin misses 1\n", 16);
    table.slots = (size_t)number(table.bytes + 32, 4);
    assert_in_range(table.slots, 1, PEOPLE_MISSES_SLOTS_MAX);
    assert_int_equal(table.slots & (table.slots - 1), 0);
    assert_int_equal(table.size, PEOPLE_MISSES_HEADER + 16 * table.slots);
    for (size_t i = 40; i < PEOPLE_MISSES_HEADER; i++)
        assert_int_equal(table.bytes[i], 0);
    return table;
}

/* Until when that name is missing; 0: it is not. */
static uint64_t
missing_until(const struct host *host, const char *name)
{
    struct table table = read_table(host);
    uint64_t hash = people_hash(table.bytes + 16, name, strlen(name));
    const unsigned char *slot =
        table.bytes + PEOPLE_MISSES_HEADER + 16 * (hash % table.slots);
    uint64_t until = number(slot, 8) == hash ? number(slot + 8, 8) : 0;

    free(table.bytes);
    return until;
}

/* ---- tests --------------------------------------------------------------- */

static void
names_come_and_go(void **state)
{
    struct host *host = *state;
    struct misses *misses = misses_new(host->misses_path, false);
    uint64_t now = (uint64_t)time(NULL);

    assert_non_null(misses);
    assert_int_equal(missing_until(host, "alice"), 0);
    misses_add(misses, "alice", 60);
    assert_in_range(missing_until(host, "alice"), now + 60, now + 120);
    assert_int_equal(missing_until(host, "bob"), 0);
    misses_add(misses, "bob", 999999);
    assert_in_range(missing_until(host, "bob"), now + 60,
                    now + PEOPLE_MISS_MAX_S + 60);
    misses_remove(misses, "alice");
    assert_int_equal(missing_until(host, "alice"), 0);
    assert_int_not_equal(missing_until(host, "bob"), 0);
    misses_remove(misses, "alice");
    misses_free(misses);
    assert_int_not_equal(missing_until(host, "bob"), 0);
}

static void
what_is_no_name_is_not_kept(void **state)
{
    struct host *host = *state;
    struct misses *misses = misses_new(host->misses_path, false);
    struct table table;

    assert_non_null(misses);
    misses_add(misses, "Not A Name", 60);
    misses_add(misses, "", 60);
    misses_add(misses, "alice", 0);
    misses_remove(misses, "../x");
    misses_add(NULL, "alice", 60);
    misses_remove(NULL, "alice");
    table = read_table(host);
    for (size_t i = PEOPLE_MISSES_HEADER; i < table.size; i++)
        assert_int_equal(table.bytes[i], 0);
    free(table.bytes);
    misses_free(misses);
    misses_free(NULL);
}

/* The file is read in place: its length never changes, and neither does who
 * it is. */
static void
the_table_does_not_grow(void **state)
{
    struct host *host = *state;
    struct misses *misses = misses_new(host->misses_path, true);
    struct stat before, after;
    unsigned known = 0;

    assert_non_null(misses);
    assert_int_equal(stat(host->misses_path, &before), 0);
    for (unsigned i = 0; i < 100000; i++) {
        char name[24];

        snprintf(name, sizeof(name), "u%u", i);
        misses_add(misses, name, 60);
    }
    assert_int_equal(stat(host->misses_path, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_ino, before.st_ino);
    for (unsigned i = 99990; i < 100000; i++) {
        char name[24];

        snprintf(name, sizeof(name), "u%u", i);
        known += missing_until(host, name) != 0;
        /* Another name in its slot stays when this one is found. */
        misses_remove(misses, "nobody-has-this");
    }
    assert_in_range(known, 5, 10);
    misses_free(misses);
}

static uint64_t
slot_of(const struct table *table, const char *name)
{
    return people_hash(table->bytes + 16, name, strlen(name)) % table->slots;
}

static void
a_slot_is_its_last_name_s(void **state)
{
    struct host *host = *state;
    struct misses *misses = misses_new(host->misses_path, false);
    struct table table;
    char name[24];
    unsigned i = 0;

    assert_non_null(misses);
    table = read_table(host);
    do
        snprintf(name, sizeof(name), "u%u", i++);
    while (slot_of(&table, name) != slot_of(&table, "alice"));
    free(table.bytes);
    misses_add(misses, "alice", 60);
    misses_add(misses, name, 60);
    assert_int_equal(missing_until(host, "alice"), 0);
    /* It is found, and the other stays missing. */
    misses_remove(misses, "alice");
    assert_int_not_equal(missing_until(host, name), 0);
    misses_free(misses);
}

static void
each_start_has_a_table_and_key_of_its_own(void **state)
{
    struct host *host = *state;
    struct misses *misses = misses_new(host->misses_path, false);
    struct table first, second;
    struct misses *next;

    assert_non_null(misses);
    misses_add(misses, "alice", 60);
    first = read_table(host);
    assert_int_equal(number(first.bytes + 36, 4), 0);
    next = misses_new(host->misses_path, true);
    assert_non_null(next);
    second = read_table(host);
    assert_int_equal(number(second.bytes + 36, 4), 1);
    assert_memory_not_equal(first.bytes + 16, second.bytes + 16, 16);
    assert_int_equal(missing_until(host, "alice"), 0);
    assert_int_equal(host_count_files(host, "misses"), 1);
    free(first.bytes);
    free(second.bytes);
    misses_free(misses);
    misses_free(next);
}

static void
a_table_that_cannot_be_made_is_none(void **state)
{
    struct host *host = *state;
    struct rlimit old, small;

    assert_null(misses_new("no-such-folder/misses", false));
    assert_logged("cannot be written");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_null(misses_new(host->misses_path, false));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(host_count_files(host, "misses"), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(names_come_and_go),
        test(what_is_no_name_is_not_kept),
        test(the_table_does_not_grow),
        test(a_slot_is_its_last_name_s),
        test(each_start_has_a_table_and_key_of_its_own),
        test(a_table_that_cannot_be_made_is_none),
    };

    return cmocka_run_group_tests_name("misses", tests, NULL, NULL);
}
