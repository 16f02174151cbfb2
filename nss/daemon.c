/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "misses.h"
#include "user.h"
#include "wire/channel.h"
#include "wire/memory.h"
#include "wire/people.h"

/* The kernel's name for a program: 15 bytes and a NUL. */
struct program {
    char name[16];
};

static struct program
this_program(void)
{
    struct program program = {{0}};

    prctl(PR_GET_NAME, program.name);
    program.name[sizeof(program.name) - 1] = '\0';
    return program;
}

static bool
bypassed(void)
{
    static const char *const programs[] = {"dbus-daemon", "dbus-broker",
                                           "dbus-broker-lau", "signind"};
    struct program program = this_program();

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(program.name, programs[i]) == 0)
            return true;
    return getpid() == 1 || secure_getenv("SIGNIN_NSS_BYPASS") != NULL;
}

/* Root itself, and not a program that somebody else started as root. */
static bool
run_by_root(void)
{
    return getuid() == 0 && geteuid() == 0 && getauxval(AT_SECURE) == 0;
}

/* May the answer be taken from the table of misses? */
static bool
known_miss(uid_t owner, const char *name)
{
    bool ask_for_root;

    if (!misses_hold(owner, name, &ask_for_root))
        return false;
    return !ask_for_root || !run_by_root() ||
           !people_login_service(this_program().name);
}

/*
 * Send the question in *message, which then holds the answer: a second message
 * would be 12 KB more.
 */
static int
ask(uid_t owner, const char *name, struct message *message)
{
    int64_t deadline_ms = channel_now_ms() + DAEMON_DEADLINE_MS;
    struct program program = this_program();
    cleanup_close int fd = -1;
    int r;

    message_init(message, WIRE_LOOKUP);
    r = message_put_text(message, WIRE_USER, name);
    if (r == 0 && run_by_root())
        r = message_put_text(message, WIRE_SERVICE, program.name);
    if (r == 0)
        r = channel_open(CHANNEL_NSS, owner, &fd);
    if (r == 0)
        r = channel_call(fd, message, message, deadline_ms);
    if (r == 0 || r == -EMFILE || r == -ENFILE || r == -ENOMEM)
        return r;
    return -ENOTCONN;
}

static int
read_answer(const struct message *answer, const char *name,
            struct passwd *ret_entry, char *buffer, size_t size)
{
    const char *line = message_text(answer, WIRE_PERSON);
    uint64_t result;
    size_t length;

    if (answer->type == WIRE_VERDICT &&
        message_number(answer, WIRE_RESULT, &result) &&
        result == WIRE_UNKNOWN_USER)
        return -ENOENT;
    if (answer->type != WIRE_ENTRY || line == NULL)
        return -ENOTCONN;
    length = strlen(line);
    if (length > PEOPLE_USER_MAX)
        return -ENOTCONN;
    if (size < length + USER_EXTRA)
        return -ERANGE;
    memcpy(buffer, line, length);
    return user_from_line(buffer, length, name, ret_entry) == 0 ? 0 : -ENOTCONN;
}

int
daemon_find(uid_t owner, const char *name, int r, struct passwd *ret_entry,
            char *buffer, size_t size)
{
    struct message *message;

    if (known_miss(owner, name))
        return -ENOENT;
    if (bypassed())
        return r;
    /* Neither the stack, which may be a thread's of 16 KB, nor the host's
     * malloc(3), whose lock a forked child may never get. */
    message = mmap(NULL, sizeof(*message), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (message == MAP_FAILED)
        return -ENOMEM;
    r = ask(owner, name, message);
    if (r == 0)
        r = read_answer(message, name, ret_entry, buffer, size);
    munmap(message, sizeof(*message));
    return r;
}
