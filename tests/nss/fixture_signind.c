/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the process tells the test. */
struct report {
    atomic_uint asked;
    char service[64]; /* "": none */
};

static pid_t signind;
static struct report *report;

static void
serve(int listener, signind_answer *answer)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        struct message question;
        const char *service;

        if (fd < 0)
            continue;
        if (channel_receive(fd, &question, channel_now_ms() + 10000) == 0) {
            service = message_text(&question, WIRE_SERVICE);
            strncpy(report->service, service == NULL ? "" : service,
                    sizeof(report->service) - 1);
            atomic_fetch_add(&report->asked, 1);
            answer(fd, &question);
        }
        close(fd);
    }
}

static void
listen_and_serve(signind_answer *answer, uid_t uid, int ready)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX,
                                  .sun_path = CHANNEL_NSS};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unlink(CHANNEL_NSS);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        _exit(1);
    /* Who listens is who called listen(2). */
    if (uid != getuid() && setresuid(uid, uid, uid) < 0)
        _exit(2);
    if (listen(fd, 64) < 0 || write(ready, "", 1) != 1)
        _exit(3);
    if (answer == NULL)
        for (;;)
            pause();
    serve(fd, answer);
}

void
signind_start(signind_answer *answer, uid_t uid)
{
    int ready[2];
    char byte;

    signind_stop();
    if (report == NULL)
        report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(report, MAP_FAILED);
    memset(report, 0, sizeof(*report));
    assert_int_equal(pipe(ready), 0);
    signind = fork();
    assert_true(signind >= 0);
    if (signind == 0) {
        listen_and_serve(answer, uid, ready[1]);
        _exit(4);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

void
signind_stop(void)
{
    if (signind > 0) {
        kill(signind, SIGKILL);
        waitpid(signind, NULL, 0);
    }
    signind = 0;
    unlink(CHANNEL_NSS);
}

unsigned
signind_asked(void)
{
    return atomic_load(&report->asked);
}

bool
signind_heard_service(const char *service)
{
    return strcmp(report->service, service == NULL ? "" : service) == 0;
}

static void
send_message(int fd, const struct message *message)
{
    if (channel_send(fd, message, channel_now_ms() + 10000) < 0)
        _exit(5);
}

void
send_entry(int fd, const char *line)
{
    struct message message;

    message_init(&message, WIRE_ENTRY);
    if (message_put_text(&message, WIRE_PERSON, line) < 0)
        _exit(6);
    send_message(fd, &message);
}

void
send_result(int fd, enum wire_result result)
{
    struct message message;

    message_init(&message, WIRE_VERDICT);
    if (message_put_number(&message, WIRE_RESULT, result) < 0)
        _exit(6);
    send_message(fd, &message);
}
