/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of known misses: signind is not asked for who stands in it; and
 * whom signind tells that root's login services ask.
 */
#include "fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAROL "carol:1879048300:1879048301:Carol:/home/carol:/bin/sh"

static int
prepare(void **state)
{
    (void)state;
    signind_stop();
    unlink(PEOPLE_MISSES);
    snapshot_write_usual();
    return 0;
}

static void
knows_carol(int fd, const struct message *question)
{
    if (question->type == WIRE_LOOKUP &&
        strcmp(message_text(question, WIRE_USER), "carol") == 0)
        send_entry(fd, CAROL);
    else
        send_result(fd, WIRE_UNKNOWN_USER);
}

static void
known_misses(void **state)
{
    static const uint32_t sizes[] = {1, 2, 1024, PEOPLE_MISSES_SLOTS_MAX};

    (void)state;
    signind_start(knows_carol, getuid());
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned before = signind_asked();

        misses_write(sizes[i], 0);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
        assert_int_equal(signind_asked(), before + 1);
        misses_write_name("carol", 60);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
        misses_write_name("carol", PEOPLE_MISS_MAX_S - 5);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
        assert_int_equal(signind_asked(), before + 1);
        /* Over; or the clock was set. */
        misses_write_name("carol", -1);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
        misses_write_name("carol", PEOPLE_MISS_MAX_S + 60);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
        misses_write_name("somebody", 60);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    }
    /* Whoever is in the snapshot is not missing. */
    misses_write(1, 0);
    misses_write_name("alice", 60);
    assert_int_equal(status_of_name("alice"), NSS_STATUS_SUCCESS);
    /* Known misses are known without signind. */
    misses_write_name("carol", 60);
    signind_stop();
    assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
}

static void
change_byte(off_t at, unsigned char byte)
{
    int fd = open(PEOPLE_MISSES, O_WRONLY | O_CLOEXEC);

    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void
tables_that_do_not_count(void **state)
{
    static const struct {
        off_t at;
        unsigned char byte;
    } damage[] = {{0, 'S'}, {14, '2'}, {15, 0}, {32, 3},
                  {32, 0},  {32, 16},  {34, 1}};

    (void)state;
    signind_start(knows_carol, getuid());
    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        misses_write(8, 0);
        misses_write_name("carol", 60);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
        change_byte(damage[i].at, damage[i].byte);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    }
    misses_write(8, 0);
    misses_write_name("carol", 60);
    for (off_t length = PEOPLE_MISSES_HEADER + 8 * 16 - 1; length >= 0;
         length--) {
        assert_int_equal(truncate(PEOPLE_MISSES, length), 0);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    }
    misses_write(8, 0);
    misses_write_name("carol", 60);
    assert_int_equal(chmod(PEOPLE_MISSES, 0666), 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    /* As long as it says, but no power of two. */
    misses_write(3, 0);
    misses_write_name("carol", 60);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    unlink(PEOPLE_MISSES);
    assert_int_equal(symlink("snapshot", PEOPLE_MISSES), 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
}

static void
services_of_root_ask_all_the_same(void **state)
{
    static const char *const services[] = {"sshd", "sshd-session", "login"};

    (void)state;
    signind_start(knows_carol, getuid());
    misses_write(8, 1);
    misses_write_name("carol", 60);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
    for (size_t i = 0; i < 3; i++) {
        bool asks = geteuid() == 0;

        prctl(PR_SET_NAME, services[i]);
        assert_int_equal(status_of_name("carol"),
                         asks ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND);
        if (asks)
            assert_true(signind_heard_service(services[i]));
    }
    /* But not where signind has not asked for it. */
    misses_write(8, 0);
    misses_write_name("carol", 60);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
    prctl(PR_SET_NAME, "nss-daemon-test");
    misses_write(8, 1);
    misses_write_name("carol", 60);
    if (geteuid() == 0) {
        prctl(PR_SET_NAME, "sshd");
        assert_int_equal(seteuid(1001), 0);
        assert_int_equal(status_of_name("carol"), NSS_STATUS_NOTFOUND);
        assert_int_equal(seteuid(0), 0);
        prctl(PR_SET_NAME, "nss-daemon-test");
    }
}

static void
service_of_root_alone(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root is root\n");
        skip();
    }
    signind_start(knows_carol, getuid());
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    assert_true(signind_heard_service("nss-daemon-test"));
    assert_int_equal(chmod(CHANNEL_NSS, 0666), 0);
    assert_int_equal(seteuid(1001), 0);
    assert_int_equal(status_of_name("carol"), NSS_STATUS_SUCCESS);
    assert_true(signind_heard_service(NULL));
    assert_int_equal(seteuid(0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(known_misses, prepare),
        cmocka_unit_test_setup(tables_that_do_not_count, prepare),
        cmocka_unit_test_setup(services_of_root_ask_all_the_same, prepare),
        cmocka_unit_test_setup(service_of_root_alone, prepare),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
