/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doors: who crowds one keeps nobody from another, nor root from any; and the
 * lists that are sent through them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signind/outbox.h"
#include "signind/peer.h"
#include "wire/channel.h"
#include "wire/memory.h"

#define CROWD 300
#define ITEMS 5000

struct fixture {
    char path[64];
    struct daemon daemon;
    struct sockaddr_un addresses[DOORS];
    int listeners[DOORS];
};

static const enum peer_socket kinds[DOORS] = {PEER_NSS, PEER_PUBLIC, PEER_PAM};

static int
begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    *state = fixture;
    TAILQ_INIT(&fixture->daemon.peers);
    fixture->daemon.base = event_base_new();
    assert_non_null(fixture->daemon.base);
    assert_int_equal(event_base_priority_init(fixture->daemon.base, 2), 0);
    strcpy(fixture->path, "door-test.XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    chmod(fixture->path, 0755);
    for (size_t i = 0; i < DOORS; i++) {
        struct sockaddr_un *address = &fixture->addresses[i];

        address->sun_family = AF_UNIX;
        snprintf(address->sun_path, sizeof(address->sun_path), "%s/%zu",
                 fixture->path, i);
        fixture->listeners[i] =
            socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fixture->listeners[i],
                              (const struct sockaddr *)address,
                              sizeof(*address)),
                         0);
        chmod(address->sun_path, 0666);
        assert_int_equal(listen(fixture->listeners[i], 4096), 0);
        assert_int_equal(door_open(&fixture->daemon.doors[i], &fixture->daemon,
                                   kinds[i], fixture->listeners[i]),
                         0);
    }
    return 0;
}

static int
end(void **state)
{
    struct fixture *fixture = *state;
    struct peer *peer;

    while ((peer = TAILQ_FIRST(&fixture->daemon.peers)) != NULL)
        peer_drop(peer);
    for (size_t i = 0; i < DOORS; i++) {
        assert_int_equal(fixture->daemon.doors[i].peers, 0);
        door_shut(&fixture->daemon.doors[i]);
        close(fixture->listeners[i]);
        unlink(fixture->addresses[i].sun_path);
    }
    rmdir(fixture->path);
    event_base_free(fixture->daemon.base);
    free(fixture);
    return 0;
}

static int
knock(const struct fixture *fixture, size_t door)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (connect(fd, (const struct sockaddr *)&fixture->addresses[door],
                sizeof(fixture->addresses[door])) == 0)
        return fd;
    close(fd);
    return -1;
}

static void
run(struct fixture *fixture)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(fixture->daemon.base, EVLOOP_NONBLOCK);
}

/* As another uid: fill one door, and keep it full until the pipe is closed. */
static pid_t
crowd(const struct fixture *fixture, size_t door, uid_t uid, int ret_pipe[2])
{
    int ready[2];
    char byte = 0;
    pid_t child;

    assert_int_equal(pipe(ret_pipe), 0);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int knocked = 0;

        close(ret_pipe[1]);
        if (setuid(uid) != 0)
            _exit(1);
        while (knocked < CROWD && knock(fixture, door) >= 0)
            knocked++;
        if (knocked < CROWD || write(ready[1], "", 1) != 1)
            _exit(1);
        _exit(read(ret_pipe[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void
a_crowd_at_one_door_is_nobody_elses(void **state)
{
    struct fixture *fixture = *state;
    struct door *doors = fixture->daemon.doors;
    int pipes[2][2], status, fd;
    pid_t children[2];

    if (geteuid() != 0) {
        print_message("needs root: other uids knock\n");
        skip();
    }
    children[0] = crowd(fixture, 0, 60001, pipes[0]);
    run(fixture);
    assert_int_equal(doors[0].peers, 128);
    /* Another uid at the same door, the same uid at another. */
    children[1] = crowd(fixture, 0, 60002, pipes[1]);
    run(fixture);
    assert_int_equal(doors[0].peers, 256);
    assert_int_equal(doors[1].peers, 0);
    fd = knock(fixture, 0);
    assert_true(fd >= 0);
    run(fixture);
    assert_int_equal(doors[0].peers, 257);
    close(fd);
    for (size_t i = 0; i < 2; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    run(fixture);
    assert_int_equal(doors[0].peers, 0);
}

/* ---- lists -----------------------------------------------------------------
 */

static struct outbox *
make_list(void)
{
    struct outbox *outbox = outbox_new();
    struct message item;
    char name[32];

    assert_non_null(outbox);
    for (unsigned i = 0; i < ITEMS; i++) {
        snprintf(name, sizeof(name), "item-%u", i);
        message_init(&item, WIRE_ITEM);
        assert_int_equal(message_put_text(&item, WIRE_NAME, name), 0);
        assert_int_equal(outbox_add(outbox, &item), 0);
        message_done(&item);
    }
    return outbox;
}

/* Read what is there.  How many messages; *ret_last: the last one's type. */
static unsigned
read_all(int fd, unsigned from, enum wire_type *ret_last)
{
    struct message message;
    unsigned char packet[WIRE_MESSAGE_MAX];
    char name[32];
    ssize_t length;

    while ((length = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
        assert_int_equal(message_decode(&message, packet, (size_t)length), 0);
        *ret_last = message.type;
        if (message.type == WIRE_ITEM) {
            snprintf(name, sizeof(name), "item-%u", from);
            assert_string_equal(message_text(&message, WIRE_NAME), name);
        }
        from++;
        message_done(&message);
    }
    return from;
}

static void
a_long_list_goes_out_as_it_is_read(void **state)
{
    struct fixture *fixture = *state;
    int fd = knock(fixture, 1);
    enum wire_type last = WIRE_NONE;
    struct peer *peer;
    unsigned count;

    assert_true(fd >= 0);
    run(fixture);
    peer = TAILQ_FIRST(&fixture->daemon.peers);
    peer_send_list(peer, make_list(), 0);
    run(fixture);
    assert_non_null(peer->outbox);
    count = read_all(fd, 0, &last);
    assert_in_range(count, 1, ITEMS - 1);
    while (last != WIRE_VERDICT) {
        run(fixture);
        count = read_all(fd, count, &last);
    }
    assert_int_equal(count, ITEMS + 1);
    assert_int_equal(peer->state, PEER_FRESH);
    close(fd);
    run(fixture);
    assert_int_equal(fixture->daemon.doors[1].peers, 0);
}

static void
a_reader_may_go_half_way(void **state)
{
    struct fixture *fixture = *state;
    int fd = knock(fixture, 1);

    run(fixture);
    peer_send_list(TAILQ_FIRST(&fixture->daemon.peers), make_list(), 0);
    run(fixture);
    close(fd);
    run(fixture);
    assert_true(TAILQ_EMPTY(&fixture->daemon.peers));
}

static void
a_list_that_failed_is_not_sent_in_part(void **state)
{
    struct fixture *fixture = *state;
    int fd = knock(fixture, 1);
    enum wire_type last = WIRE_NONE;

    run(fixture);
    peer_send_list(TAILQ_FIRST(&fixture->daemon.peers), make_list(), -EIO);
    peer_send_list(TAILQ_FIRST(&fixture->daemon.peers), NULL, 0);
    run(fixture);
    assert_int_equal(read_all(fd, 0, &last), 2);
    assert_int_equal(last, WIRE_VERDICT);
    close(fd);
}

static void
nothing_incomplete_is_put_into_a_list(void **state)
{
    struct outbox *outbox = outbox_new();
    struct message item;

    (void)state;
    message_init(&item, WIRE_ITEM);
    assert_int_equal(outbox_add(outbox, &item), -EPROTO);
    message_done(&item);
    assert_int_equal(outbox_send(outbox, -1), 1);
    outbox_free(outbox);
    outbox_free(NULL);
}

/* ---- work ------------------------------------------------------------------
 */

static unsigned gone;

static void
work_gone(void *work)
{
    assert_ptr_equal(work, &gone);
    gone++;
}

static void
who_goes_takes_his_work_along_once(void **state)
{
    struct fixture *fixture = *state;
    int fd = knock(fixture, 1);
    struct peer *peer;

    run(fixture);
    peer = TAILQ_FIRST(&fixture->daemon.peers);
    peer->work = &gone;
    peer->work_gone = work_gone;
    peer_verdict(peer, WIRE_OK, NULL, NULL, 0);
    assert_null(peer->work);
    peer->work = &gone;
    close(fd);
    run(fixture);
    assert_int_equal(gone, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_crowd_at_one_door_is_nobody_elses),
        TEST(a_long_list_goes_out_as_it_is_read),
        TEST(a_reader_may_go_half_way),
        TEST(a_list_that_failed_is_not_sent_in_part),
        TEST(nothing_incomplete_is_put_into_a_list),
        TEST(who_goes_takes_his_work_along_once),
    };

    return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
