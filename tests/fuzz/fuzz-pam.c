/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PAM module's own objects between a person and a signind that may both
 * say anything.  The fake libpam and kernel of tests/pam are around them;
 * signind's side of the channel is here.
 *
 *   host flags | talk flags | entry flags | PAM code | key error
 *   u8 length, user name | u8 length, name after the talk
 *   u16 length, password | u8 length, PAM_RHOST
 *   signind, until the end: u16 length, packet; a length of 0xff00 + e is no
 *   packet but the errno e
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "tests/pam/fake.h"
#include "wire/channel.h"
#include "wire/people.h"

/* In every password, so that it can be told from what is logged anyway. */
#define MARK "qZ7~mark"

enum host_flag {
    HOST_NOT_ROOT = 1,
    HOST_SETUID = 2, /* real uid of the user, effective 0 */
    HOST_HAS_SESSION = 4,
    HOST_OTHERS_SESSION = 8,
    HOST_LOCAL = 16, /* the user stands in /etc/passwd */
    HOST_NO_GROUP = 32,
    HOST_OLD_TICKET = 64,
    HOST_SHARED_RING = 128
};

enum talk_flag {
    TALK_FIRST_PASS = 1, /* an earlier module has asked */
    TALK_USE_FIRST = 2,
    TALK_HANGS_UP = 4, /* a NULL response */
    TALK_NO_USER = 8,
    TALK_CHANGES_USER = 16,
    TALK_NO_SESSION = 32,
    TALK_UNMARKED = 64, /* the password as it is */
    TALK_SILENT = 128
};

enum entry_flag {
    ENTRY_ACCOUNT = 1,
    ENTRY_SETCRED = 2,
    ENTRY_OPEN = 4,
    ENTRY_RENEW = 8,
    ENTRY_CLOSE = 16,
    ENTRY_DELETE = 32,
    ENTRY_TWICE = 64 /* a second authenticate with the same handle */
};

/* ---- the input -------------------------------------------------------------
 */

struct input {
    const uint8_t *at;
    size_t left;
};

static struct input input;

static size_t
take_number(size_t bytes)
{
    size_t number = 0;

    while (bytes-- > 0) {
        number = number << 8 | (input.left > 0 ? *input.at : 0);
        if (input.left > 0) {
            input.at++;
            input.left--;
        }
    }
    return number;
}

/* Up to size - 1 bytes and a NUL. */
static void
take_text(char *text, size_t size, size_t length)
{
    size_t room = size - 1;

    if (length > input.left)
        length = input.left;
    if (room > length)
        room = length;
    memcpy(text, input.at, room);
    text[room] = '\0';
    input.at += length;
    input.left -= length;
}

/* ---- signind ----------------------------------------------------------------
 */

/* Of the last packet that was received. */
static enum wire_type asked;
static bool allowed, ticketed;
/* A PLACE has said on_no_keyring = allow. */
static bool without_keys;

void fake_forget_requests(void);
int __wrap_channel_open(const char *path, uid_t daemon_uid, int *ret_fd);
int __wrap_channel_send(int fd, const struct message *message,
                        int64_t deadline_ms);
int __wrap_channel_receive(int fd, struct message *ret_message,
                           int64_t deadline_ms);
int64_t __wrap_channel_now_ms(void);

void
fake_forget_requests(void)
{
    asked = WIRE_NONE;
    allowed = ticketed = without_keys = false;
}

int64_t
__wrap_channel_now_ms(void)
{
    return FAKE_NOW_MS;
}

int
__wrap_channel_open(const char *path, uid_t daemon_uid, int *ret_fd)
{
    (void)path;
    (void)daemon_uid;
    *ret_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return *ret_fd < 0 ? -errno : 0;
}

int
__wrap_channel_send(int fd, const struct message *message, int64_t deadline_ms)
{
    struct message copy;

    (void)deadline_ms;
    MUST(fcntl(fd, F_GETFD) >= 0);
    /* The module sends nothing that signind would not understand. */
    MUST(message_check(message) == 0);
    MUST(message_decode(&copy, message->data, message->length) == 0);
    message_done(&copy);
    asked = message->type;
    allowed = ticketed = false;
    return 0;
}

int
__wrap_channel_receive(int fd, struct message *ret_message, int64_t deadline_ms)
{
    size_t length = input.left < 2 ? 0xff00 + ETIMEDOUT : take_number(2);
    uint64_t result = 0;
    int error;

    (void)fd;
    (void)deadline_ms;
    message_done(ret_message);
    allowed = ticketed = false;
    if (length >= 0xff00)
        return length == 0xff00 ? -ECONNRESET : -(int)(length - 0xff00);
    if (length > input.left)
        length = input.left;
    error = message_decode(ret_message, input.at, length);
    input.at += length;
    input.left -= length;
    if (error != 0)
        return error;
    allowed = ret_message->type == WIRE_VERDICT &&
              message_number(ret_message, WIRE_RESULT, &result) &&
              result == WIRE_OK;
    ticketed = allowed && message_text(ret_message, WIRE_TICKET) != NULL;
    if (message_number(ret_message, WIRE_ON_NO_KEYRING, &result))
        without_keys = result == WIRE_NO_KEYRING_ALLOW;
    return 0;
}

/* ---- the host
 * -----------------------------------------------------------------
 */

static char user[64], changed[64], password[WIRE_TEXT_MAX + 64], rhost[256];
static char passwd[256];

static void
set_host(unsigned host)
{
    static struct fake_account accounts[2];

    accounts[0] = (struct fake_account){user, NULL, FAKE_UID, FAKE_USER_GID};
    fake.accounts = accounts;
    fake.ruid = (host & (HOST_NOT_ROOT | HOST_SETUID)) != 0 ? FAKE_UID : 0;
    fake.euid = (host & HOST_NOT_ROOT) != 0 ? FAKE_UID : 0;
    fake.group_missing = (host & HOST_NO_GROUP) != 0;
    if ((host & HOST_LOCAL) != 0) {
        snprintf(passwd, sizeof(passwd), "%s:x:%d:%d::/:/bin/sh\n", user,
                 FAKE_UID, FAKE_USER_GID);
        fake.passwd = passwd;
    }
    if ((host & HOST_SHARED_RING) != 0)
        fake.session_keyring = "keyring;0;0;3f030000;_uid_ses.0";
    if ((host & (HOST_HAS_SESSION | HOST_OTHERS_SESSION)) != 0) {
        fake.rings[0] = (struct keyring_session){
            .id = FAKE_OTHER, .ring = FAKE_OLD_RING, .session = FAKE_RECORD};
        fake.ring_uids[0] = (host & HOST_OTHERS_SESSION) != 0 ? 0 : FAKE_UID;
        fake.ring_users[0] = user;
    }
    if ((host & HOST_OLD_TICKET) != 0)
        fake_set_env("30001:" FAKE_TICKET);
}

static void
set_talk(unsigned talk, unsigned code)
{
    fake.user = (talk & TALK_NO_USER) != 0 ? NULL : user;
    fake.asked_user = user;
    fake.rhost = rhost;
    if ((talk & TALK_UNMARKED) == 0)
        strcat(password, MARK);
    if ((talk & TALK_FIRST_PASS) != 0)
        fake.authtok = password;
    fake.typed = (talk & TALK_HANGS_UP) != 0 ? NULL : password;
    if ((talk & TALK_CHANGES_USER) != 0)
        fake.user_afterwards = changed;
    /* Codes beyond libpam's own are what a broken host says. */
    if (code < 64)
        fake.conversation = (int)code;
    else if (code < 128)
        fake.user_conversation = (int)code - 64;
    else if (code < 192)
        fake.putenv_code = (int)code - 128;
    else
        fake.set_data_code = (int)code - 192;
}

/* The high bits choose the function, the low ones its error. */
static void
set_key_error(unsigned byte)
{
    int *const errors[] = {&fake.check_error,     &fake.make_keep_error,
                           &fake.open_keep_error, &fake.mend_error,
                           &fake.make_ring_error, &fake.end_error,
                           &fake.record_error,    &fake.walk_error};
    static const int values[] = {0,      EPERM,       EDQUOT,   ENOMEM,
                                 ENOKEY, EKEYREVOKED, EACCES,   EIO,
                                 ENOSYS, EKEYEXPIRED, EMSGSIZE, EPROTO,
                                 EINTR,  EAGAIN,      EBADF,    EINVAL};

    *errors[byte >> 4 & 7] = -values[byte & 15];
    if ((byte & 128) != 0)
        fake.join_errors[0] = values[byte & 15];
}

/* ---- what must hold
 * ----------------------------------------------------------- */

/* Only what the module writes: lines of its own that a terminal can show. */
static void
check_lines(const char *text, bool log)
{
    static const char *const begins[] = {"user ", "unknown option", "min_uid="};

    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        bool ours = !log;

        MUST(end != NULL);
        if (log) {
            MUST(text[0] >= '0' && text[0] <= '7' && text[1] == ' ');
            for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
                ours |= strncmp(text + 2, begins[i], strlen(begins[i])) == 0;
        } else {
            MUST(strncmp(text, "info ", 5) == 0 ||
                 strncmp(text, "error ", 6) == 0);
        }
        MUST(ours);
        for (; text < end; text++) {
            unsigned char byte = (unsigned char)*text;

            MUST(byte >= 0x20 && byte != 0x7f && (!log || byte < 0x80));
        }
        text = end + 1;
    }
}

/* What signind said last is why. */
static void
check_authenticate(int code, unsigned host, unsigned talk)
{
    MUST(code != PAM_IGNORE && code != PAM_NEW_AUTHTOK_REQD);
    if (code != PAM_SUCCESS)
        return;
    /* signind has just said so, to this very question. */
    MUST(allowed);
    MUST(asked == (fake.euid != 0        ? WIRE_VERIFY
                   : asked == WIRE_REUSE ? WIRE_REUSE
                                         : WIRE_AUTHENTICATE));
    MUST(people_name_valid(user) && (host & HOST_LOCAL) == 0);
    if (asked == WIRE_REUSE) {
        MUST((host & (HOST_SETUID | HOST_HAS_SESSION)) ==
             (HOST_SETUID | HOST_HAS_SESSION));
        return;
    }
    MUST((talk & TALK_CHANGES_USER) == 0 || strcmp(user, changed) == 0 ||
         changed[0] == '\0' || fake.authtok != NULL);
    MUST(fake.typed != NULL || fake.authtok != NULL);
    MUST(password[0] != '\0' && strlen(password) <= WIRE_TEXT_MAX);
    if (fake_env() != NULL)
        MUST(ticketed && fake.euid == 0);
    else
        MUST(fake.euid != 0 || (talk & TALK_NO_SESSION) != 0 || without_keys);
}

static void
call_others(unsigned entries)
{
    int code;

    if ((entries & ENTRY_ACCOUNT) != 0) {
        code = fake_call(FAKE_ACCOUNT, 0, NULL);
        MUST(code != PAM_SUCCESS || (asked == WIRE_ACCOUNT && allowed));
        MUST(code != PAM_USER_UNKNOWN && code != PAM_NEW_AUTHTOK_REQD);
    }
    if ((entries & ENTRY_SETCRED) != 0) {
        code = fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL);
        MUST(code == PAM_SUCCESS || code == PAM_CRED_ERR);
    }
    if ((entries & ENTRY_OPEN) != 0) {
        code = fake_call(FAKE_OPEN, 0, NULL);
        MUST(code == PAM_SUCCESS || code == PAM_SYSTEM_ERR);
        if (code == PAM_SUCCESS)
            MUST(fake_env() == NULL);
    }
    if ((entries & ENTRY_RENEW) != 0)
        MUST(fake_call(FAKE_SETCRED, PAM_REFRESH_CRED, NULL) == PAM_SUCCESS);
    if ((entries & ENTRY_CLOSE) != 0)
        MUST(fake_call(FAKE_CLOSE, 0, NULL) == PAM_SUCCESS);
    if ((entries & ENTRY_DELETE) != 0) {
        MUST(fake_call(FAKE_SETCRED, PAM_DELETE_CRED, NULL) == PAM_SUCCESS);
        MUST(fake_env() == NULL &&
             (fake.euid != 0 || !fake_has_data() ||
              (entries & ENTRY_OPEN) != 0 || (entries & ENTRY_SETCRED) != 0));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What a name or signind has as well may be logged. */
    bool mark = memmem(data, size, MARK, strlen(MARK)) != NULL;
    bool secret = memmem(data, size, FAKE_SECRET, strlen(FAKE_SECRET)) != NULL;
    unsigned host, talk, entries, code, key_error;
    const char *options;

    fake_reset();
    input = (struct input){data, size};
    host = (unsigned)take_number(1);
    talk = (unsigned)take_number(1);
    entries = (unsigned)take_number(1);
    code = (unsigned)take_number(1);
    key_error = (unsigned)take_number(1);
    take_text(user, sizeof(user), take_number(1));
    take_text(changed, sizeof(changed), take_number(1));
    take_text(password, sizeof(password) - sizeof(MARK), take_number(2));
    take_text(rhost, sizeof(rhost), take_number(1));
    set_host(host);
    set_talk(talk, code);
    set_key_error(key_error);
    options = (talk & TALK_USE_FIRST) != 0    ? "use_first_pass|debug"
              : (talk & TALK_NO_SESSION) != 0 ? "no_session|debug"
                                              : "debug";
    for (int round = 0; round < ((entries & ENTRY_TWICE) != 0 ? 2 : 1); round++)
        check_authenticate(fake_call(FAKE_AUTHENTICATE,
                                     (talk & TALK_SILENT) != 0 ? PAM_SILENT : 0,
                                     options),
                           host, talk);
    call_others(entries);
    check_lines(fake_log(), true);
    check_lines(fake_told(), false);
    MUST(mark || strstr(fake_log(), MARK) == NULL);
    MUST(mark || strstr(fake_told(), MARK) == NULL);
    MUST(secret || strstr(fake_log(), FAKE_SECRET) == NULL);
    fake_end();
    return 0;
}
