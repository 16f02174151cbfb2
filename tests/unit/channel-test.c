/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel: against real sockets, and servers that misbehave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/channel.h"
#include "wire/memory.h"

#define ID "0123456789abcdef0123456789abcdef"

/* Far enough for a loaded machine; only a broken channel ever gets there. */
#define LONG_MS 60000

static char directory[] = "/tmp/signin-channel-test.XXXXXX";
static char path[sizeof(directory) + 8];

/* A listening socket at path. */
static int
listen_at_path(int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    unlink(path);
    strcpy(address.sun_path, path);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void
make_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                     0);
}

static void
close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static int64_t
soon(void)
{
    return channel_now_ms() + LONG_MS;
}

static void
make_close(struct message *message)
{
    message_init(message, WIRE_CLOSE);
    assert_int_equal(message_put_text(message, WIRE_ID, ID), 0);
}

static void
make_verdict(struct message *message)
{
    message_init(message, WIRE_VERDICT);
    assert_int_equal(message_put_number(message, WIRE_RESULT, WIRE_BUSY), 0);
}

static void
assert_busy(const struct message *message)
{
    uint64_t result;

    assert_int_equal(message->type, WIRE_VERDICT);
    assert_true(message_number(message, WIRE_RESULT, &result));
    assert_int_equal(result, WIRE_BUSY);
}

static void
call_over_a_listening_socket(void **state)
{
    int listener = listen_at_path(1), server, fd = -1;
    struct message request, answer, received;

    (void)state;
    assert_int_equal(channel_open(path, getuid(), &fd), 0);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server >= 0);

    make_verdict(&answer);
    assert_int_equal(channel_send(server, &answer, soon()), 0);
    make_close(&request);
    assert_int_equal(channel_call(fd, &request, &answer, soon()), 0);
    assert_busy(&answer);
    assert_int_equal(channel_receive(server, &received, soon()), 0);
    assert_int_equal(received.type, WIRE_CLOSE);
    assert_string_equal(message_text(&received, WIRE_ID), ID);
    close(fd);
    close(server);
    close(listener);
}

static void
descriptor_is_never_a_standard_one(void **state)
{
    int listener = listen_at_path(1), fd = -1, saved[3], r;

    (void)state;
    for (int i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        close(i);
    }
    r = channel_open(path, getuid(), &fd);
    for (int i = 0; i < 3; i++)
        if (saved[i] >= 0) {
            dup2(saved[i], i);
            close(saved[i]);
        }
    assert_int_equal(r, 0);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    close(listener);
}

static void
nobody_listens(void **state)
{
    char longest[PATH_MAX];
    int fd = -7;

    (void)state;
    unlink(path);
    assert_int_equal(channel_open(path, getuid(), &fd), -ENOENT);
    close(listen_at_path(1));
    assert_int_equal(channel_open(path, getuid(), &fd), -ECONNREFUSED);
    memset(longest, '/', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(channel_open(longest, getuid(), &fd), -ENAMETOOLONG);
    assert_int_equal(fd, -7);
}

static void
full_queue_is_not_waited_for(void **state)
{
    int listener = listen_at_path(0), fds[8], r = 0;
    size_t count = 0;

    (void)state;
    while (count < 8 && r == 0) {
        r = channel_open(path, getuid(), &fds[count]);
        if (r == 0)
            count++;
    }
    assert_int_equal(r, -EAGAIN);
    assert_true(count > 0);
    while (count > 0)
        close(fds[--count]);
    close(listener);
}

/* A listener of another uid: a child that drops to it, asked by root. */
static void
stranger_is_refused(void **state)
{
    enum { STRANGER = 54321, OTHER = 54322 };
    int ready[2], fd = -7, status;
    char byte;
    pid_t child;

    (void)state;
    if (geteuid() != 0) {
        print_message("needs root: listens as another uid\n");
        skip();
    }
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(chmod(directory, 01777), 0);
    unlink(path);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
            setresuid(STRANGER, STRANGER, STRANGER) < 0)
            _exit(1);
        listen_at_path(4);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(channel_open(path, OTHER, &fd), -EPERM);
    assert_int_equal(fd, -7);
    assert_int_equal(channel_open(path, STRANGER, &fd), 0);
    close(fd);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    unlink(path);
}

static void
server_never_answers(void **state)
{
    struct message request, answer;
    int64_t deadline;
    int fds[2];

    (void)state;
    make_pair(fds);
    make_close(&request);
    deadline = channel_now_ms() + 30;
    assert_int_equal(channel_call(fds[0], &request, &answer, deadline),
                     -ETIMEDOUT);
    assert_true(channel_now_ms() >= deadline);
    assert_int_equal(answer.type, WIRE_NONE);
    /* A deadline that has passed still takes what is there. */
    assert_int_equal(channel_receive(fds[0], &answer, 0), -ETIMEDOUT);
    make_verdict(&answer);
    assert_int_equal(channel_send(fds[1], &answer, 0), 0);
    assert_int_equal(channel_receive(fds[0], &answer, 0), 0);
    assert_busy(&answer);
    close_pair(fds);
}

static void
server_never_reads(void **state)
{
    struct message request;
    int fds[2], r = 0;

    (void)state;
    make_pair(fds);
    make_close(&request);
    while (r == 0)
        r = channel_send(fds[0], &request, channel_now_ms() + 10);
    assert_int_equal(r, -ETIMEDOUT);
    close_pair(fds);
}

static void
server_closes(void **state)
{
    struct message request, answer;
    int fds[2];

    (void)state;
    /* SIGPIPE must not come: it would end this program. */
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    make_close(&request);
    make_pair(fds);
    close(fds[1]);
    assert_int_equal(channel_call(fds[0], &request, &answer, soon()), -EPIPE);
    assert_int_equal(channel_receive(fds[0], &answer, soon()), -ECONNRESET);
    close(fds[0]);

    make_pair(fds);
    assert_int_equal(channel_send(fds[0], &request, soon()), 0);
    close(fds[1]); /* with our request unread */
    assert_int_equal(channel_receive(fds[0], &answer, soon()), -ECONNRESET);
    assert_int_equal(answer.type, WIRE_NONE);
    close(fds[0]);
}

static void
last_words_are_heard(void **state)
{
    struct message request, answer;
    int fds[2];

    (void)state;
    make_close(&request);
    make_verdict(&answer);

    make_pair(fds);
    assert_int_equal(channel_send(fds[1], &answer, soon()), 0);
    close(fds[1]); /* before we asked anything */
    assert_int_equal(channel_call(fds[0], &request, &answer, soon()), 0);
    assert_busy(&answer);
    close(fds[0]);

    make_pair(fds);
    assert_int_equal(channel_send(fds[1], &answer, soon()), 0);
    assert_int_equal(channel_send(fds[0], &request, soon()), 0);
    close(fds[1]); /* with our request unread */
    assert_int_equal(channel_receive(fds[0], &answer, soon()), 0);
    assert_busy(&answer);
    close(fds[0]);
}

static void
server_says_too_much(void **state)
{
    static const unsigned char huge[WIRE_MESSAGE_MAX + 1] = {0, 1, 0, 1};
    struct message answer;
    int fds[2];

    (void)state;
    make_pair(fds);
    assert_int_equal(send(fds[1], huge, sizeof(huge), 0), sizeof(huge));
    assert_int_equal(channel_receive(fds[0], &answer, soon()), -EMSGSIZE);
    assert_int_equal(answer.type, WIRE_NONE);
    /* ... and the next message is read from its beginning. */
    make_verdict(&answer);
    assert_int_equal(channel_send(fds[1], &answer, soon()), 0);
    assert_int_equal(channel_receive(fds[0], &answer, soon()), 0);
    assert_busy(&answer);
    close_pair(fds);
}

static void
server_says_nonsense(void **state)
{
    struct message answer;
    int fds[2];

    (void)state;
    make_pair(fds);
    assert_int_equal(send(fds[1], "\0\1\0\1x", 5, 0), 5);
    assert_int_equal(channel_receive(fds[0], &answer, soon()), -EPROTO);
    assert_int_equal(send(fds[1], "\0\2\0\1", 4, 0), 4);
    assert_int_equal(channel_receive(fds[0], &answer, soon()),
                     -EPROTONOSUPPORT);
    close_pair(fds);
}

/* A descriptor sent along does not stay open in the host process. */
static void
descriptors_are_not_taken(void **state)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct message answer;
    struct iovec part;
    struct msghdr packet = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};
    int fds[2], gift[2];
    char byte;

    (void)state;
    make_pair(fds);
    assert_int_equal(pipe2(gift, O_CLOEXEC), 0);
    make_verdict(&answer);
    part.iov_base = answer.data;
    part.iov_len = answer.length;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &gift[1], sizeof(int));
    assert_true(sendmsg(fds[1], &packet, 0) > 0);
    close(gift[1]);
    assert_int_equal(channel_receive(fds[0], &answer, soon()), 0);
    assert_busy(&answer);
    /* End of file: nobody holds the writing end any more. */
    assert_int_equal(read(gift[0], &byte, 1), 0);
    close(gift[0]);
    close_pair(fds);
}

static void
incomplete_is_not_sent(void **state)
{
    struct message request, answer;
    int fds[2];

    (void)state;
    make_pair(fds);
    message_init(&request, WIRE_CLOSE);
    assert_int_equal(channel_call(fds[0], &request, &answer, soon()), -EPROTO);
    assert_int_equal(answer.type, WIRE_NONE);
    assert_int_equal(channel_receive(fds[1], &answer, 0), -ETIMEDOUT);
    close_pair(fds);
    assert_int_equal(channel_receive(-1, &answer, soon()), -EBADF);
}

static void
noted(int signal_number)
{
    (void)signal_number;
}

/* Signals all the time neither end the wait nor make it longer. */
static void
signals_do_not_extend_the_wait(void **state)
{
    struct sigaction action = {.sa_handler = noted};
    struct message answer;
    int64_t deadline;
    pid_t child, parent = getpid();
    int fds[2];

    (void)state;
    make_pair(fds);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    child = fork();
    assert_true(child >= 0);
    while (child == 0 && getppid() == parent) {
        kill(parent, SIGUSR1);
        usleep(1000);
    }
    if (child == 0)
        _exit(0);
    deadline = channel_now_ms() + 50;
    assert_int_equal(channel_receive(fds[0], &answer, deadline), -ETIMEDOUT);
    assert_true(channel_now_ms() >= deadline);
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    close_pair(fds);
}

static int
set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/socket", directory);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_over_a_listening_socket),
        cmocka_unit_test(descriptor_is_never_a_standard_one),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(full_queue_is_not_waited_for),
        cmocka_unit_test(stranger_is_refused),
        cmocka_unit_test(server_never_answers),
        cmocka_unit_test(server_never_reads),
        cmocka_unit_test(server_closes),
        cmocka_unit_test(last_words_are_heard),
        cmocka_unit_test(server_says_too_much),
        cmocka_unit_test(server_says_nonsense),
        cmocka_unit_test(descriptors_are_not_taken),
        cmocka_unit_test(incomplete_is_not_sent),
        cmocka_unit_test(signals_do_not_extend_the_wait),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
