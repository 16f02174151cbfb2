/* SPDX-License-Identifier: BSD-2-Clause */
#include "command-fake.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "signin/command.h"
#include "wire/channel.h"
#include "wire/memory.h"

struct fake fake;

/* ---- the kernel -----------------------------------------------------------
 */

int __wrap_keyring_walk_session(gid_t gid,
                                int (*each)(const struct keyring_session *keys,
                                            void *context),
                                void *context);
ssize_t __wrap_keyring_read(key_serial_t key, void *buffer, size_t size);

int
__wrap_keyring_walk_session(gid_t gid,
                            int (*each)(const struct keyring_session *keys,
                                        void *context),
                            void *context)
{
    int r = fake.walk_error;

    fake.walked_gid = gid;
    for (size_t i = 0; r == 0 && i < fake.ring_count; i++)
        r = each(&fake.rings[i], context);
    return r;
}

ssize_t
__wrap_keyring_read(key_serial_t key, void *buffer, size_t size)
{
    for (size_t i = 0; i < fake.key_count; i++) {
        size_t length;

        if (fake.keys[i].serial != key)
            continue;
        if (fake.keys[i].payload == NULL)
            return fake.keys[i].error;
        length = strlen(fake.keys[i].payload);
        if (length > size)
            return -EMSGSIZE;
        memcpy(buffer, fake.keys[i].payload, length);
        return (ssize_t)length;
    }
    return -ENOKEY;
}

void
fake_set_key(key_serial_t serial, const char *payload, int error)
{
    size_t i = 0;

    while (i < fake.key_count && fake.keys[i].serial != serial)
        i++;
    assert_true(i < sizeof(fake.keys) / sizeof(fake.keys[0]));
    if (i == fake.key_count)
        fake.key_count++;
    fake.keys[i] = (struct fake_key){serial, payload, error};
}

/* ---- signind --------------------------------------------------------------
 */

int __wrap_channel_open(const char *path, uid_t daemon_uid, int *ret_fd);
int __wrap_channel_send(int fd, const struct message *message,
                        int64_t deadline_ms);
int __wrap_channel_receive(int fd, struct message *ret_message,
                           int64_t deadline_ms);
int __wrap_channel_call(int fd, const struct message *request,
                        struct message *ret_answer, int64_t deadline_ms);

int
__wrap_channel_open(const char *path, uid_t daemon_uid, int *ret_fd)
{
    snprintf(fake.path, sizeof(fake.path), "%s", path);
    fake.daemon_uid = daemon_uid;
    fake.sessions_sent = 0;
    if (fake.open_error != 0)
        return fake.open_error;
    *ret_fd = memfd_create("signind", MFD_CLOEXEC);
    return 0;
}

int
__wrap_channel_send(int fd, const struct message *message, int64_t deadline_ms)
{
    assert_true(fd > STDERR_FILENO);
    assert_true(deadline_ms > channel_now_ms());
    assert_int_equal(message_check(message), 0);
    if (fake.calls < sizeof(fake.types) / sizeof(fake.types[0]))
        fake.types[fake.calls] = message->type;
    fake.calls++;
    fake.request = *message;
    return fake.call_error;
}

/* Does the request ask for a list? */
static bool
asks_for_list(void)
{
    enum wire_type type = fake.request.type;

    return type == WIRE_SESSIONS || type == WIRE_USERS || type == WIRE_GROUPS ||
           type == WIRE_SHOW_USER || type == WIRE_KEYS;
}

int
__wrap_channel_receive(int fd, struct message *ret_message, int64_t deadline_ms)
{
    (void)fd;
    assert_true(deadline_ms > channel_now_ms());
    if (asks_for_list() && fake.sessions_sent < fake.session_count) {
        *ret_message = fake.sessions[fake.sessions_sent++];
        return 0;
    }
    if (asks_for_list() && fake.list_error != 0)
        return fake.list_error;
    message_init(ret_message, WIRE_VERDICT);
    assert_int_equal(message_put_text(ret_message, WIRE_MESSAGE, fake.words),
                     0);
    assert_int_equal(message_put_number(ret_message, WIRE_RESULT, fake.result),
                     0);
    if (fake.retry_after != 0)
        assert_int_equal(
            message_put_number(ret_message, WIRE_RETRY_AFTER, fake.retry_after),
            0);
    return 0;
}

int
__wrap_channel_call(int fd, const struct message *request,
                    struct message *ret_answer, int64_t deadline_ms)
{
    int r = __wrap_channel_send(fd, request, deadline_ms);

    if (r == 0 && fake.on_request != NULL && !fake.on_request(request))
        r = -ECONNRESET;
    return r == 0 ? __wrap_channel_receive(fd, ret_answer, deadline_ms) : r;
}

/* ---- the host -------------------------------------------------------------
 */

time_t __wrap_time(time_t *ret_now);
uid_t __wrap_getuid(void);
uid_t __wrap_geteuid(void);
int __wrap_stat(const char *path, struct stat *ret_stat);
struct group *__wrap_getgrnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name);
pid_t __wrap_getsid(pid_t pid);
int __wrap_kill(pid_t pid, int signal_number);

time_t
__wrap_time(time_t *ret_now)
{
    if (ret_now != NULL)
        *ret_now = fake.now;
    return fake.now;
}

uid_t
__wrap_getuid(void)
{
    return fake.uid;
}

uid_t
__wrap_geteuid(void)
{
    return fake.euid;
}

int
__wrap_stat(const char *path, struct stat *ret_stat)
{
    assert_string_equal(path, CHANNEL_DIRECTORY);
    if (!fake.directory) {
        errno = ENOENT;
        return -1;
    }
    *ret_stat = (struct stat){
        .st_mode = (fake.directory_is_file ? S_IFREG : S_IFDIR) | 0755,
        .st_uid = fake.directory_uid,
        .st_gid = fake.directory_gid};
    return 0;
}

struct group *
__wrap_getgrnam(const char *name)
{
    static struct group group;

    assert_string_equal(name, DAEMON_USER);
    group.gr_gid = fake.group_gid;
    return fake.no_group ? NULL : &group;
}

struct passwd *
__wrap_getpwnam(const char *name)
{
    static struct passwd user;

    assert_string_equal(name, DAEMON_USER);
    user.pw_uid = 980;
    return fake.no_user ? NULL : &user;
}

pid_t
__wrap_getsid(pid_t pid)
{
    assert_int_equal(pid, 0);
    return fake.leader;
}

int
__wrap_kill(pid_t pid, int signal_number)
{
    fake.killed = pid;
    fake.killed_with = signal_number;
    errno = fake.kill_error;
    return fake.kill_error == 0 ? 0 : -1;
}

/* ---- a test ---------------------------------------------------------------
 */

void
fake_set_record(int expires_in_s, int lifetime_s, const char *more)
{
    static char text[8192];

    snprintf(text, sizeof(text),
             "v=1\nid=" FAKE_ID "\nuser=alice\nuid=%d\nprovider=corp\n"
             "subject=24828976\nsecret=" FAKE_SECRET "\nopened_at=%d\n"
             "expires_at=%d\nlifetime=%d\n%s",
             FAKE_UID, FAKE_NOW - 60,
             expires_in_s == 0 ? 0 : FAKE_NOW + expires_in_s, lifetime_s, more);
    fake_set_key(FAKE_RECORD, text, 0);
}

int
fake_reset(void **state)
{
    static const struct fake fresh;

    (void)state;
    fake = fresh;
    fake.now = FAKE_NOW;
    fake.uid = fake.euid = FAKE_UID;
    fake.directory = true;
    fake.directory_gid = fake.group_gid = FAKE_GID;
    fake.result = WIRE_OK;
    fake.leader = 4711;
    fake.ring_count = 1;
    fake.rings[0] = (struct keyring_session){.id = FAKE_ID,
                                             .ring = FAKE_RING,
                                             .access_token = FAKE_TOKEN,
                                             .session = FAKE_RECORD};
    fake_set_key(FAKE_TOKEN, "token-one", 0);
    fake_set_record(3600, 3600, "state=live\n");
    return 0;
}

static void
take_output(int memory, int saved, int fd, char *buffer, size_t size)
{
    ssize_t length;

    dup2(saved, fd);
    close(saved);
    length = pread(memory, buffer, size - 1, 0);
    close(memory);
    buffer[length > 0 ? length : 0] = '\0';
}

enum status
fake_run(const char *argument, ...)
{
    char words[8][128] = {"signin"}, *argv[9] = {words[0]};
    int out = memfd_create("out", MFD_CLOEXEC), saved_out,
        err = memfd_create("err", MFD_CLOEXEC), saved_err, argc = 1;
    enum status status;
    va_list more;

    va_start(more, argument);
    for (; argument != NULL; argument = va_arg(more, const char *)) {
        assert_true(argc < 8);
        snprintf(words[argc], sizeof(words[argc]), "%s", argument);
        argv[argc] = words[argc];
        argc++;
    }
    va_end(more);
    fflush(stdout);
    fflush(stderr);
    saved_out = dup(STDOUT_FILENO);
    saved_err = dup(STDERR_FILENO);
    assert_true(out >= 0 && err >= 0 && saved_out >= 0 && saved_err >= 0);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    status = command_main(argc, argv);
    take_output(out, saved_out, STDOUT_FILENO, fake.out, sizeof(fake.out));
    take_output(err, saved_err, STDERR_FILENO, fake.err, sizeof(fake.err));
    return status;
}

void
assert_complains(void)
{
    assert_memory_equal(fake.err, "signin: ", 8);
    assert_ptr_equal(strchr(fake.err, '\n'), fake.err + strlen(fake.err) - 1);
}
