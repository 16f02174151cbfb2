/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "signind/notify.h"

struct manager {
    int fd;
    char path[64];
};

static int
begin(void **state)
{
    static struct manager manager;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(manager.path, sizeof(manager.path), "/tmp/signin-notify-%d",
             (int)getpid());
    strcpy(address.sun_path, manager.path);
    unlink(manager.path);
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(manager.fd, (const struct sockaddr *)&address, sizeof(address)),
        0);
    assert_int_equal(setenv("NOTIFY_SOCKET", manager.path, 1), 0);
    *state = &manager;
    return 0;
}

static int
end(void **state)
{
    struct manager *manager = *state;

    close(manager->fd);
    unlink(manager->path);
    return unsetenv("NOTIFY_SOCKET");
}

static void
manager_is_told(void **state)
{
    const struct manager *manager = *state;
    char told[32] = "";

    notify_manager("READY=1");
    assert_int_equal(recv(manager->fd, told, sizeof(told) - 1, MSG_DONTWAIT),
                     7);
    assert_string_equal(told, "READY=1");
}

/* One that does not read: signind would serve nobody while it waits. */
static void
manager_that_does_not_read_stops_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++)
        notify_manager("READY=1");
}

static void
without_a_manager_nothing_happens(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_manager("READY=1");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    notify_manager("READY=1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(manager_is_told, begin, end),
        cmocka_unit_test_setup_teardown(
            manager_that_does_not_read_stops_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_happens,
                                        begin, end),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
