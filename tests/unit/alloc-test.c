/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation and every system call of the module fails in turn.
 *
 * The module's own objects, the real channel and the real layout of keys run
 * on a small kernel and a signind that are in this file.  Whatever fails:
 * nothing crashes, nothing is left open, linked or allocated, no code is
 * returned that pam_signin(8) does not name, and nobody is let in whom
 * signind has not let in.  Only calls made by our objects are redirected:
 * libc's own allocations are its business.
 */
#include "tests/pam/fake.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "keyring/layout.h"
#include "wire/memory.h"

#define PASSWORD  "correct horse"
#define MY_GID    4 /* the host's fsgid */
#define FIRST_FD  5000
#define FIRST_KEY 9000
#define KEYS      40
#define LINKS     16

/* ---- what fails ----------------------------------------------------------
 */

enum hook {
    HOOK_NONE = 0,
    HOOK_MALLOC,
    HOOK_CALLOC,
    HOOK_GETLINE,
    HOOK_REALLOC,
    HOOK_SOCKET,
    HOOK_CONNECT,
    HOOK_GETSOCKOPT,
    HOOK_SEND,
    HOOK_RECV,
    HOOK_POLL,
    HOOK_ADD_KEY,
    HOOK_DESCRIBE,
    HOOK_READ,
    HOOK_SETPERM,
    HOOK_LINK,
    HOOK_UNLINK,
    HOOK_REVOKE,
    HOOK_INVALIDATE,
    HOOK_SET_TIMEOUT,
    HOOK_GET_ID,
    HOOK_JOIN,
    HOOK_SETFSGID,
    HOOKS
};

static struct {
    unsigned at;     /* the n-th call fails, from 1; 0: none */
    bool from;       /* and all after it */
    bool memory;     /* only allocations count, else only the others */
    int error;       /* errno */
    unsigned calls;  /* so far */
    uint64_t struck; /* bits 1 << enum hook that have failed */
    uint64_t seen;   /* that were called */
    uint64_t only;   /* 0, or those that count */
} fault;

static bool
strike(enum hook hook)
{
    fault.seen |= UINT64_C(1) << hook;
    if (fault.only != 0 ? (fault.only & UINT64_C(1) << hook) == 0
                        : fault.memory != (hook <= HOOK_REALLOC))
        return false;
    fault.calls++;
    if (fault.at == 0 ||
        (fault.from ? fault.calls < fault.at : fault.calls != fault.at))
        return false;
    fault.struck |= UINT64_C(1) << hook;
    errno = fault.error;
    return true;
}

static bool
struck(enum hook hook)
{
    return (fault.struck & UINT64_C(1) << hook) != 0;
}

/* ---- memory ---------------------------------------------------------------
 */

#define BLOCKS 64

static struct {
    void *at;
    size_t size;
} blocks[BLOCKS];
static unsigned live_blocks;
static bool freed_secret; /* a block with a secret in it was given back */

static const char *const secrets[] = {PASSWORD, FAKE_TICKET, FAKE_SECRET};

static bool
holds_secret(const void *memory, size_t size)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (memmem(memory, size, secrets[i], strlen(secrets[i])) != NULL)
            return true;
    return false;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
ssize_t __real_getline(char **line, size_t *size, FILE *file);
ssize_t __wrap_getline(char **line, size_t *size, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *file);
void __real_free(void *block);
void __wrap_free(void *block);

static void *
block_keep(void *block, size_t size)
{
    for (size_t i = 0; i < BLOCKS && block != NULL; i++) {
        if (blocks[i].at == NULL) {
            blocks[i].at = block;
            blocks[i].size = size;
            live_blocks++;
            return block;
        }
    }
    assert_null(block);
    return NULL;
}

static size_t
block_size(const void *block)
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (blocks[i].at == block)
            return blocks[i].size;
    return 0;
}

void *
__wrap_malloc(size_t size)
{
    return strike(HOOK_MALLOC) ? NULL : block_keep(__real_malloc(size), size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    void *block;

    if (strike(HOOK_CALLOC))
        return NULL;
    block = __real_malloc(count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block_keep(block, count * size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    void *block;

    if (strike(HOOK_REALLOC))
        return NULL;
    /* Always elsewhere: who still looks at the old one is found out. */
    block = block_keep(__real_malloc(size), size);
    memcpy(block, old, block_size(old) < size ? block_size(old) : size);
    __wrap_free(old);
    return block;
}

/* libc allocates here for the module. */
ssize_t
__wrap_getline(char **line, size_t *size, FILE *file)
{
    return strike(HOOK_GETLINE) ? -1 : __real_getline(line, size, file);
}

/* With optimisation, libc's header makes this of getline(3). */
ssize_t
__wrap___getdelim(char **line, size_t *size, int end, FILE *file)
{
    if (end != '\n')
        abort();
    return __wrap_getline(line, size, file);
}

void
__wrap_free(void *block)
{
    for (size_t i = 0; i < BLOCKS && block != NULL; i++) {
        if (blocks[i].at == block) {
            freed_secret |= holds_secret(block, blocks[i].size);
            blocks[i].at = NULL;
            live_blocks--;
            break;
        }
    }
    __real_free(block);
}

/* ---- the kernel's keys ------------------------------------------------------
 */

struct key {
    key_serial_t serial; /* 0: free; < 0: @t, @s, @u */
    bool keyring, revoked;
    gid_t gid;
    char name[64];
    key_serial_t links[LINKS];
    size_t count;
};

static struct key keys[KEYS];
static key_serial_t next_key;
static gid_t fsgid;
static const char *session_ring; /* description of @s */

static struct key *
key_find(key_serial_t serial)
{
    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].serial == serial)
            return &keys[i];
    return NULL;
}

/* One that is there as long as this program is right. */
static struct key *
key_get(key_serial_t serial)
{
    struct key *key = key_find(serial);

    if (key == NULL)
        abort();
    return key;
}

static struct key *
key_make(key_serial_t serial, bool keyring, const char *name, gid_t gid)
{
    struct key *key = key_get(0);

    *key = (struct key){.serial = serial, .keyring = keyring, .gid = gid};
    snprintf(key->name, sizeof(key->name), "%s", name);
    return key;
}

static bool
key_links(key_serial_t ring, key_serial_t key)
{
    const struct key *found = key_get(ring);

    for (size_t i = 0; i < found->count; i++)
        if (found->links[i] == key)
            return true;
    return false;
}

/* A usable key, or NULL and errno. */
static struct key *
key_use(key_serial_t serial)
{
    struct key *key = key_find(serial);

    if (key != NULL && !key->revoked)
        return key;
    errno = key == NULL ? ENOKEY : EKEYREVOKED;
    return NULL;
}

static void
kernel_reset(void)
{
    memset(keys, 0, sizeof(keys));
    next_key = FIRST_KEY;
    fsgid = MY_GID;
    session_ring = "keyring;30001;30002;3f030000;_ses";
    key_make(KEY_SPEC_THREAD_KEYRING, true, "_tid", 0);
    key_make(KEY_SPEC_SESSION_KEYRING, true, "_ses", 0);
    key_make(KEY_SPEC_USER_KEYRING, true, "_uid.0", 0);
    key_make(FAKE_SHARD, true, "signin:shard:1", FAKE_GID);
}

key_serial_t __wrap_add_key(const char *type, const char *name,
                            const void *payload, size_t length,
                            key_serial_t ring);
long __wrap_keyctl_describe(key_serial_t serial, char *buffer, size_t size);
long __wrap_keyctl_read(key_serial_t serial, char *buffer, size_t size);
long __wrap_keyctl_setperm(key_serial_t serial, key_perm_t rights);
long __wrap_keyctl_link(key_serial_t serial, key_serial_t ring);
long __wrap_keyctl_unlink(key_serial_t serial, key_serial_t ring);
long __wrap_keyctl_revoke(key_serial_t serial);
long __wrap_keyctl_invalidate(key_serial_t serial);
long __wrap_keyctl_set_timeout(key_serial_t serial, unsigned timeout_s);
key_serial_t __wrap_keyctl_get_keyring_ID(key_serial_t id, int create);
key_serial_t __wrap_keyctl_join_session_keyring(const char *name);
int __wrap_setfsgid(gid_t gid);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);

key_serial_t
__wrap_add_key(const char *type, const char *name, const void *payload,
               size_t length, key_serial_t ring)
{
    bool keyring = strcmp(type, "keyring") == 0;
    struct key *parent;

    (void)payload;
    (void)length;
    if (strike(HOOK_ADD_KEY) || (parent = key_use(ring)) == NULL)
        return -1;
    key_make(next_key, keyring, name, fsgid);
    parent->links[parent->count++] = next_key;
    return next_key++;
}

long
__wrap_keyctl_describe(key_serial_t serial, char *buffer, size_t size)
{
    const struct key *key;

    if (strike(HOOK_DESCRIBE) || (key = key_use(serial)) == NULL)
        return -1;
    if (serial == KEY_SPEC_SESSION_KEYRING)
        return snprintf(buffer, size, "%s", session_ring) + 1;
    return snprintf(buffer, size, "%s;0;%u;003f3f00;%s",
                    key->keyring ? "keyring" : "user", key->gid, key->name) +
           1;
}

/* A keyring's links, or the session's record in what signind would write. */
long
__wrap_keyctl_read(key_serial_t serial, char *buffer, size_t size)
{
    static const char record[] =
        "v=1\nuser=alice\nuid=30001\nsecret=" FAKE_SECRET "\n";
    const struct key *key;
    const void *content;
    size_t length;

    if (strike(HOOK_READ) || (key = key_use(serial)) == NULL)
        return -1;
    content = key->keyring ? (const void *)key->links : (const void *)record;
    length =
        key->keyring ? key->count * sizeof(key->links[0]) : sizeof(record) - 1;
    if (length <= size && length > 0)
        memcpy(buffer, content, length);
    return (long)length;
}

long
__wrap_keyctl_setperm(key_serial_t serial, key_perm_t rights)
{
    (void)rights;
    return strike(HOOK_SETPERM) || key_use(serial) == NULL ? -1 : 0;
}

long
__wrap_keyctl_link(key_serial_t serial, key_serial_t ring)
{
    struct key *parent;

    if (strike(HOOK_LINK) || key_use(serial) == NULL ||
        (parent = key_use(ring)) == NULL)
        return -1;
    assert_true(parent->count < LINKS);
    if (!key_links(ring, serial))
        parent->links[parent->count++] = serial;
    return 0;
}

long
__wrap_keyctl_unlink(key_serial_t serial, key_serial_t ring)
{
    struct key *parent;

    if (strike(HOOK_UNLINK) || (parent = key_use(ring)) == NULL)
        return -1;
    for (size_t i = 0; i < parent->count; i++) {
        if (parent->links[i] == serial) {
            parent->links[i] = parent->links[--parent->count];
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

long
__wrap_keyctl_revoke(key_serial_t serial)
{
    struct key *key;

    if (strike(HOOK_REVOKE) || (key = key_use(serial)) == NULL)
        return -1;
    key->revoked = true;
    return 0;
}

long
__wrap_keyctl_invalidate(key_serial_t serial)
{
    struct key *key;

    if (strike(HOOK_INVALIDATE) || (key = key_use(serial)) == NULL)
        return -1;
    for (size_t i = 0; i < KEYS; i++)
        for (size_t k = 0; k < keys[i].count; k++)
            if (keys[i].links[k] == serial)
                keys[i].links[k--] = keys[i].links[--keys[i].count];
    key->serial = 0;
    return 0;
}

long
__wrap_keyctl_set_timeout(key_serial_t serial, unsigned timeout_s)
{
    (void)timeout_s;
    return strike(HOOK_SET_TIMEOUT) || key_use(serial) == NULL ? -1 : 0;
}

key_serial_t
__wrap_keyctl_get_keyring_ID(key_serial_t id, int create)
{
    (void)create;
    return strike(HOOK_GET_ID) || key_use(id) == NULL ? -1 : 600;
}

key_serial_t
__wrap_keyctl_join_session_keyring(const char *name)
{
    (void)name;
    if (strike(HOOK_JOIN))
        return -1;
    key_get(KEY_SPEC_SESSION_KEYRING)->count = 0;
    session_ring = "keyring;30001;30002;3f030000;_ses";
    return 601;
}

/* Its one failure: nothing happens. */
int
__wrap_setfsgid(gid_t gid)
{
    gid_t old = fsgid;

    if (!strike(HOOK_SETFSGID))
        fsgid = gid;
    return (int)old;
}

ssize_t
__wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
    (void)flags;
    memset(buffer, 0x5a, size);
    return (ssize_t)size;
}

/* ---- signind ----------------------------------------------------------------
 */

static struct {
    enum wire_result verdict; /* on AUTHENTICATE, VERIFY, REUSE */
    struct message answer;    /* waits to be received; type NONE: none */
    bool asked, told;         /* for the verdict; it has been delivered */
    enum wire_type last;      /* what was asked last */
    key_serial_t keep;        /* named in AUTHENTICATE */
    unsigned open, opened;    /* descriptors */
} signind;

static void
signind_say(enum wire_type type)
{
    message_init(&signind.answer, type);
    if (type != WIRE_VERDICT)
        message_put_text(&signind.answer, WIRE_ID, FAKE_ID);
    if (type != WIRE_VERDICT)
        message_put_number(&signind.answer, WIRE_ON_NO_KEYRING,
                           WIRE_NO_KEYRING_DENY);
}

static void
signind_decide(const struct message *request)
{
    uint64_t keep = 0;

    signind.asked = true;
    message_number(request, WIRE_KEEP, &keep);
    signind.keep = (key_serial_t)keep;
    signind_say(WIRE_VERDICT);
    message_put_number(&signind.answer, WIRE_RESULT, signind.verdict);
    if (signind.verdict == WIRE_OK && keep != 0)
        message_put_text(&signind.answer, WIRE_TICKET, FAKE_TICKET);
}

static void
signind_end_ring(void)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, "signin:" FAKE_ID) == 0)
            keys[i].revoked = true;
}

static void
signind_answer(const struct message *request)
{
    signind.last = request->type;
    if (request->type == WIRE_BEGIN) {
        signind_say(WIRE_PLACE);
        message_put_number(&signind.answer, WIRE_SHARD, FAKE_SHARD);
        message_put_number(&signind.answer, WIRE_GID, FAKE_GID);
    } else if (request->type == WIRE_CLAIM) {
        signind_say(WIRE_CLAIMED);
        message_put_number(&signind.answer, WIRE_KEEP, (uint64_t)signind.keep);
    } else if (request->type == WIRE_AUTHENTICATE ||
               request->type == WIRE_VERIFY || request->type == WIRE_REUSE) {
        signind_decide(request);
    } else {
        if (request->type == WIRE_CLOSE)
            signind_end_ring();
        signind_say(WIRE_VERDICT);
        message_put_number(&signind.answer, WIRE_RESULT, WIRE_OK);
    }
}

int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_getsockopt(int fd, int level, int option, void *value,
                      socklen_t *length);
ssize_t __wrap_send(int fd, const void *packet, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *packet, size_t size, int flags);
ssize_t __wrap___recv_chk(int fd, void *packet, size_t size, size_t room,
                          int flags);
int __wrap_poll(struct pollfd *pollers, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *pollers, nfds_t count, int timeout_ms,
                      size_t room);
int __real_close(int fd);
int __wrap_close(int fd);

int
__wrap_socket(int domain, int type, int protocol)
{
    (void)protocol;
    if (strike(HOOK_SOCKET) || domain != AF_UNIX || (type & SOCK_CLOEXEC) == 0)
        return -1;
    signind.open++;
    return FIRST_FD + (int)signind.opened++;
}

int
__wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)fd;
    (void)address;
    (void)length;
    signind.answer.type = WIRE_NONE;
    return strike(HOOK_CONNECT) ? -1 : 0;
}

int
__wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
    struct ucred peer = {.pid = 1, .uid = 0, .gid = 0};

    (void)fd;
    (void)level;
    (void)option;
    if (strike(HOOK_GETSOCKOPT) || *length < sizeof(peer))
        return -1;
    memcpy(value, &peer, sizeof(peer));
    return 0;
}

ssize_t
__wrap_send(int fd, const void *packet, size_t length, int flags)
{
    static struct message request;

    (void)fd;
    (void)flags;
    if (strike(HOOK_SEND))
        return -1;
    if (message_decode(&request, packet, length) != 0) {
        errno = EINVAL;
        return -1;
    }
    signind_answer(&request);
    message_done(&request);
    return (ssize_t)length;
}

ssize_t
__wrap_recv(int fd, void *packet, size_t size, int flags)
{
    size_t length = signind.answer.length;

    (void)fd;
    (void)flags;
    if (strike(HOOK_RECV))
        return -1;
    if (signind.answer.type == WIRE_NONE || length > size)
        return 0;
    memcpy(packet, signind.answer.data, length);
    message_done(&signind.answer);
    if (signind.last == WIRE_AUTHENTICATE || signind.last == WIRE_VERIFY ||
        signind.last == WIRE_REUSE)
        signind.told = true;
    return (ssize_t)length;
}

ssize_t
__wrap___recv_chk(int fd, void *packet, size_t size, size_t room, int flags)
{
    if (room < size)
        abort();
    return __wrap_recv(fd, packet, size, flags);
}

int
__wrap_poll(struct pollfd *pollers, nfds_t count, int timeout_ms)
{
    (void)timeout_ms;
    if (strike(HOOK_POLL))
        return -1;
    for (nfds_t i = 0; i < count; i++)
        pollers[i].revents = pollers[i].events;
    return (int)count;
}

int
__wrap___poll_chk(struct pollfd *pollers, nfds_t count, int timeout_ms,
                  size_t room)
{
    if (room / sizeof(*pollers) < count)
        abort();
    return __wrap_poll(pollers, count, timeout_ms);
}

int
__wrap_close(int fd)
{
    if (fd < FIRST_FD)
        return __real_close(fd);
    signind.open--;
    return 0;
}

/* ---- a life of a handle
 * ------------------------------------------------------
 */

#define STACK_SIZE ((size_t)256 * 1024)

/* Who asks, and what comes of each call. */
struct life {
    bool root;
    bool shared_ring; /* @s is one that all processes of root share */
    bool local;       /* in /etc/passwd, and nobody has listed the user */
    bool no_data;     /* libpam keeps nothing for the module */
    enum wire_result verdict;
    int authenticate, account, establish, open, refresh, close;
    bool told;       /* the verdict had arrived when authenticate returned */
    bool had_ticket; /* likewise in the environment */
    bool in_reach;   /* S, when open_session returned */
    bool stack_is_clean;
};

/* S that anybody in the session can still use. */
static bool
ring_in_reach(void)
{
    const struct key *ring = key_get(KEY_SPEC_SESSION_KEYRING);

    for (size_t i = 0; i < ring->count; i++) {
        const struct key *key = key_find(ring->links[i]);

        if (key != NULL && !key->revoked &&
            strcmp(key->name, "signin:" FAKE_ID) == 0)
            return true;
    }
    return false;
}

/* A sanitizer's own functions leave what they looked at on the stack. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define STACK_SAYS_NOTHING true
#else
#define STACK_SAYS_NOTHING false
#endif

static unsigned char *stack;

static void *
live(void *context)
{
    struct life *life = context;

    life->authenticate = fake_call(FAKE_AUTHENTICATE, 0, NULL);
    life->told = signind.told;
    life->had_ticket = fake_env() != NULL;
    life->account = fake_call(FAKE_ACCOUNT, 0, NULL);
    life->establish = fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL);
    life->open = fake_call(FAKE_OPEN, 0, NULL);
    life->in_reach = ring_in_reach();
    life->refresh = fake_call(FAKE_SETCRED, PAM_REFRESH_CRED, NULL);
    life->close = fake_call(FAKE_CLOSE, 0, NULL);
    return NULL;
}

/* On a stack of its own, so that what is left on it can be looked at. */
static void
run_aside(void *(*function)(void *), void *context)
{
    pthread_attr_t attributes;
    pthread_t thread;

    if (stack == NULL)
        stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack != MAP_FAILED);
    memset(stack, 0, STACK_SIZE);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, function, context),
                     0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

static void
run_life(struct life *life)
{
    fake_reset();
    kernel_reset();
    memset(&signind, 0, sizeof(signind));
    fault.calls = 0;
    fault.struck = 0;
    freed_secret = false;
    fake.ruid = fake.euid = life->root ? 0 : FAKE_UID;
    if (life->shared_ring)
        session_ring = "keyring;0;0;3f030000;_uid_ses.0";
    if (life->local)
        fake.passwd = "root:x:0:0:root:/root:/bin/sh\n"
                      "alice:x:30001:30002::/home/alice:/bin/sh\n";
    if (life->no_data)
        fake.set_data_code = PAM_BUF_ERR;
    signind.verdict = life->verdict;
    run_aside(live, life);
    life->stack_is_clean =
        STACK_SAYS_NOTHING || !holds_secret(stack, STACK_SIZE);
}

/* ---- what must hold
 * ------------------------------------------------------------
 */

/* pam_signin(8), "RETURN VALUES"; -1 ends a list. */
static const int authenticate_codes[] = {
    PAM_SUCCESS,          PAM_AUTH_ERR,          PAM_USER_UNKNOWN,
    PAM_AUTHINFO_UNAVAIL, PAM_CRED_INSUFFICIENT, PAM_INCOMPLETE,
    PAM_CONV_ERR,         PAM_BUF_ERR,           -1};
static const int account_codes[] = {PAM_SUCCESS,      PAM_PERM_DENIED,
                                    PAM_ACCT_EXPIRED, PAM_AUTHINFO_UNAVAIL,
                                    PAM_IGNORE,       -1};
static const int setcred_codes[] = {PAM_SUCCESS, PAM_CRED_ERR, -1};
static const int open_codes[] = {PAM_SUCCESS, PAM_SYSTEM_ERR, -1};

static void
check_code(const char *entry, int code, const int *codes)
{
    while (*codes != code && *codes >= 0)
        codes++;
    if (*codes != code)
        fail_msg("%s returns %d, which no manual names", entry, code);
}

/* Says which failure it was. */
#define HOLDS(condition)                                                       \
    do {                                                                       \
        if (!(condition))                                                      \
            fail_msg("not %s: call %u%s fails with %s (hooks %#" PRIx64 ")",   \
                     #condition, fault.at, fault.from ? " and later" : "",     \
                     strerrorname_np(fault.error), fault.struck);              \
    } while (0)

static void
check_life(const struct life *life)
{
    check_code("authenticate", life->authenticate, authenticate_codes);
    check_code("acct_mgmt", life->account, account_codes);
    check_code("setcred", life->establish, setcred_codes);
    check_code("open_session", life->open, open_codes);
    check_code("setcred(REFRESH)", life->refresh, setcred_codes);
    HOLDS(life->close == PAM_SUCCESS);
    if (life->authenticate == PAM_SUCCESS) {
        HOLDS(life->verdict == WIRE_OK && !life->local);
        HOLDS(life->told);
        HOLDS(life->had_ticket == life->root);
    } else {
        HOLDS(!life->had_ticket);
    }
    /* The ticket is nobody's to inherit, whatever became of it. */
    HOLDS(life->open != PAM_SUCCESS || fake_env() == NULL);
    /* What has failed to open leaves no token in reach, as long as the kernel
     * and signind can be told. */
    if (life->open != PAM_SUCCESS && (!fault.from || fault.only != 0) &&
        !struck(HOOK_UNLINK) && !struck(HOOK_REVOKE))
        HOLDS(!life->in_reach);
    HOLDS(signind.open == 0);
    if (!struck(HOOK_SETFSGID))
        HOLDS(fsgid == MY_GID);
    if (!struck(HOOK_UNLINK))
        HOLDS(key_get(KEY_SPEC_THREAD_KEYRING)->count == 0);
    /* Keys that signind never heard of are taken apart again. */
    if (!signind.asked && !struck(HOOK_UNLINK) && !struck(HOOK_INVALIDATE))
        HOLDS(key_get(FAKE_SHARD)->count == 0);
    HOLDS(fake_log_is_clean());
    HOLDS(!freed_secret);
    HOLDS(life->stack_is_clean);
    fake_end();
    HOLDS(live_blocks == 0);
}

static const struct life lives[] = {
    {.root = true, .verdict = WIRE_OK},
    {.root = true, .verdict = WIRE_OK, .shared_ring = true},
    {.root = true, .verdict = WIRE_OK, .local = true},
    {.root = true, .verdict = WIRE_OK, .shared_ring = true, .no_data = true},
    {.root = true, .verdict = WIRE_WRONG_CREDENTIALS},
    {.root = false, .verdict = WIRE_OK},
    {.root = false, .verdict = WIRE_WRONG_CREDENTIALS},
};

#define LIVES (sizeof(lives) / sizeof(lives[0]))

/* Every call of each life fails in turn, or all from it on; how many there
 * were. */
static unsigned
fail_each(bool memory, bool from, int error)
{
    unsigned runs = 0;

    for (size_t i = 0; i < LIVES; i++) {
        for (unsigned at = 1;; at++, runs++) {
            struct life life = lives[i];

            memset(&fault, 0, sizeof(fault));
            fault.memory = memory;
            fault.from = from;
            fault.error = error;
            fault.at = at;
            run_life(&life);
            check_life(&life);
            if (fault.struck == 0)
                break;
        }
    }
    return runs;
}

/* ---- tests
 * ---------------------------------------------------------------------
 */

static void
test_nothing_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIVES; i++) {
        struct life life = lives[i];

        memset(&fault, 0, sizeof(fault));
        run_life(&life);
        if (life.local) {
            assert_int_equal(life.authenticate, PAM_USER_UNKNOWN);
            assert_int_equal(life.account, PAM_IGNORE);
        } else {
            assert_int_equal(life.authenticate, life.verdict == WIRE_OK
                                                    ? PAM_SUCCESS
                                                    : PAM_AUTH_ERR);
            assert_int_equal(life.account, PAM_SUCCESS);
        }
        assert_int_equal(life.open,
                         life.no_data ? PAM_SYSTEM_ERR : PAM_SUCCESS);
        assert_int_equal(life.in_reach, life.root && !life.local &&
                                            !life.no_data &&
                                            life.verdict == WIRE_OK);
        assert_false(ring_in_reach());
        check_life(&life);
    }
}

static void
test_no_memory(void **state)
{
    unsigned runs;

    (void)state;
    runs = fail_each(true, false, ENOMEM) + fail_each(true, true, ENOMEM);
    print_message("%u allocations failed\n", runs);
    /* getline, the links of keyrings, PAM data. */
    assert_true(runs > 40);
}

static void
test_each_call_fails(void **state)
{
    static const int errors[] = {EINTR,  ENOMEM, EDQUOT,      EACCES,
                                 EIO,    EAGAIN, EKEYREVOKED, ENOKEY,
                                 ENOSYS, EPERM,  ECONNRESET};
    unsigned runs = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        runs += fail_each(false, false, errors[i]);
        /* These two ask for another try: for ever, if they stay. */
        if (errors[i] != EINTR && errors[i] != EAGAIN)
            runs += fail_each(false, true, errors[i]);
    }
    print_message("%u calls failed\n", runs);
    assert_true(runs > 1000);
}

/* setcred has placed the session, and then no @s can be had for it. */
static void
test_no_ring_after_setcred(void **state)
{
    bool failed = false;

    (void)state;
    for (unsigned at = 1; at < 20; at++) {
        struct life life = lives[0];

        memset(&fault, 0, sizeof(fault));
        fault.only = UINT64_C(1) << HOOK_GET_ID | UINT64_C(1) << HOOK_JOIN;
        fault.from = true;
        fault.at = at;
        fault.error = ENOMEM;
        run_life(&life);
        failed |= life.establish == PAM_SUCCESS && life.open != PAM_SUCCESS;
        check_life(&life);
    }
    assert_true(failed);
}

/* No wrap has lost its caller. */
static void
test_each_hook_is_used(void **state)
{
    /* realloc(3): nobody yet. */
    const uint64_t idle = UINT64_C(1) << HOOK_SET_TIMEOUT | UINT64_C(1)
                                                                << HOOK_REALLOC;
    uint64_t all = 0;

    (void)state;
    for (size_t i = 0; i < LIVES; i++) {
        for (int pass = 0; pass < 2; pass++) {
            /* Once a call that must be repeated, once one that breaks off. */
            for (unsigned at = 1; at < 150; at++) {
                struct life life = lives[i];

                memset(&fault, 0, sizeof(fault));
                fault.error = pass == 0 ? EAGAIN : EIO;
                fault.at = at;
                run_life(&life);
                all |= fault.seen;
                fake_end();
            }
        }
    }
    for (unsigned hook = 1; hook < HOOKS; hook++)
        if (((all | idle) & UINT64_C(1) << hook) == 0)
            fail_msg("hook %u is never called", hook);
}

/* EINTR alone is no failure: it is asked again, and the sign-in succeeds. */
static void
test_interrupted_talk(void **state)
{
    (void)state;
    for (unsigned at = 1; at < 400; at++) {
        struct life life = lives[0];

        memset(&fault, 0, sizeof(fault));
        fault.error = EINTR;
        fault.at = at;
        run_life(&life);
        if (fault.struck == 0)
            return;
        if (struck(HOOK_CONNECT) || struck(HOOK_SEND) || struck(HOOK_RECV)) {
            assert_int_equal(life.authenticate, PAM_SUCCESS);
            assert_int_equal(life.open, PAM_SUCCESS);
        }
        fake_end();
    }
    fail_msg("no end");
}

/* ---- wire and keyring by themselves
 * -------------------------------------------- */

static void
test_secrets(void **state)
{
    struct secret secret = {0}, other = {0};

    (void)state;
    memset(&fault, 0, sizeof(fault));
    freed_secret = false;
    fault.memory = true;
    fault.error = ENOMEM;
    assert_int_equal(secret_set(&secret, PASSWORD, strlen(PASSWORD)), 0);
    fault.at = 2;
    assert_int_equal(secret_set(&secret, FAKE_TICKET, WIRE_ID_LENGTH), -ENOMEM);
    assert_string_equal(secret.text, PASSWORD);
    assert_int_equal(secret.length, strlen(PASSWORD));
    assert_int_equal(secret_set(&other, FAKE_TICKET, WIRE_ID_LENGTH), 0);
    secret_move(&secret, &other);
    assert_string_equal(secret.text, FAKE_TICKET);
    assert_int_equal(secret_set(&secret, FAKE_SECRET, WIRE_ID_LENGTH), 0);
    secret_done(&secret);
    secret_done(&other);
    assert_false(freed_secret);
    assert_int_equal(live_blocks, 0);
}

static void
make_session(struct keyring_session *made)
{
    char id[KEYRING_ID_LENGTH + 1];

    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_make_keep(FAKE_SHARD, FAKE_GID, id, made), 0);
    assert_int_equal(keyring_make_ring(made, FAKE_GID), 0);
}

static int
look(const struct keyring_session *found, void *context)
{
    (void)found;
    ++*(unsigned *)context;
    return 0;
}

static int
look_keep(key_serial_t keep, key_serial_t shard, void *context)
{
    (void)keep;
    (void)shard;
    ++*(unsigned *)context;
    return 0;
}

/* What each function that allocates says, and what it leaves alone. */
static void
test_keyring_without_memory(void **state)
{
    const struct keyring_anchor anchor = {.shards = {FAKE_SHARD}};
    struct keyring_session made, again = {0}, before;
    unsigned found = 0;

    (void)state;
    memset(&fault, 0, sizeof(fault));
    kernel_reset();
    make_session(&made);
    fault.memory = fault.from = true;
    fault.at = 1;
    fault.error = ENOMEM;
    before = again;
    assert_int_equal(keyring_open_keep(made.keep, FAKE_GID, &again), -ENOMEM);
    assert_memory_equal(&again, &before, sizeof(again));
    assert_int_equal(keyring_walk_session(FAKE_GID, look, &found), -ENOMEM);
    assert_int_equal(keyring_anchor_walk(&anchor, look_keep, &found), -ENOMEM);
    assert_int_equal(found, 0);
    /* The second only: a ring that cannot be looked into is there. */
    fault.from = false;
    fault.at = 2;
    fault.calls = 0;
    assert_int_equal(keyring_walk_session(FAKE_GID, look, &found), 0);
    assert_int_equal(found, 1);
    assert_int_equal(live_blocks, 0);
}

/* ---- the net itself
 * -------------------------------------------------------------- */

static void *
leave_secret(void *context)
{
    /* Deep down, where the end of a thread does not write over it. */
    volatile char copy[8192];

    (void)context;
    for (size_t i = 0; i < sizeof(PASSWORD); i++)
        copy[i] = PASSWORD[i];
    (void)copy[0];
    return NULL;
}

/* A secret that is left behind is seen. */
static void
test_the_net_holds(void **state)
{
    char *block;

    (void)state;
    memset(&fault, 0, sizeof(fault));
    run_aside(leave_secret, NULL);
    assert_true(holds_secret(stack, STACK_SIZE));
    freed_secret = false;
    block = __wrap_malloc(64);
    assert_non_null(block);
    strcpy(block, PASSWORD);
    __wrap_free(block);
    assert_true(freed_secret);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_net_holds),
        cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_keyring_without_memory),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_ring_after_setcred),
        cmocka_unit_test(test_each_hook_is_used),
        cmocka_unit_test(test_interrupted_talk),
        cmocka_unit_test(test_each_call_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
