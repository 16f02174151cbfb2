/* SPDX-License-Identifier: BSD-2-Clause */
/* signind, as far as it answers what was queued before the question. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "wire/channel.h"

#define QUEUE_LENGTH 12

struct answer {
    struct message message;
    unsigned char bytes[64];
    size_t length; /* of bytes, if there are any */
    int error;     /* instead of an answer */
    bool at_send;
};

static struct answer answers[QUEUE_LENGTH];
static size_t answer_count, answer_next;
static struct message requests[QUEUE_LENGTH];
static size_t request_count;

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
    memset(answers, 0, sizeof(answers));
    memset(requests, 0, sizeof(requests));
    answer_count = answer_next = request_count = 0;
}

/* ---- queueing
 * ---------------------------------------------------------------- */

struct message *
fake_answer(enum wire_type type)
{
    struct message *message = &answers[answer_count++].message;

    message_init(message, type);
    return message;
}

void
fake_answer_verdict(enum wire_result result)
{
    message_put_number(fake_answer(WIRE_VERDICT), WIRE_RESULT, result);
}

void
fake_answer_place(enum wire_no_keyring on_no_keyring)
{
    struct message *message = fake_answer(WIRE_PLACE);

    message_put_number(message, WIRE_SHARD, fake.no_keep ? 0 : FAKE_SHARD);
    message_put_number(message, WIRE_GID, FAKE_GID);
    message_put_text(message, WIRE_ID, FAKE_ID);
    message_put_number(message, WIRE_ON_NO_KEYRING, on_no_keyring);
}

void
fake_answer_claimed(enum wire_no_keyring on_no_keyring)
{
    struct message *message = fake_answer(WIRE_CLAIMED);

    message_put_text(message, WIRE_ID, FAKE_ID);
    message_put_number(message, WIRE_KEEP, fake.no_keep ? 0 : FAKE_KEEP);
    message_put_number(message, WIRE_ON_NO_KEYRING, on_no_keyring);
}

void
fake_answer_bytes(const void *bytes, size_t length)
{
    struct answer *answer = &answers[answer_count++];

    memcpy(answer->bytes, bytes, length);
    answer->length = length;
}

void
fake_answer_error(int error)
{
    answers[answer_count++].error = error;
}

void
fake_refuse_request(int error)
{
    answers[answer_count].at_send = true;
    answers[answer_count++].error = error;
}

bool
fake_answers_used(void)
{
    return answer_next == answer_count;
}

/* ---- looking
 * ------------------------------------------------------------------ */

const struct message *
fake_request(size_t n)
{
    return n < request_count ? &requests[n] : NULL;
}

const char *
fake_request_text(size_t n, enum wire_field field)
{
    return n < request_count ? message_text(&requests[n], field) : NULL;
}

int64_t
fake_request_number(size_t n, enum wire_field field)
{
    uint64_t number = 0;

    if (n >= request_count || !message_number(&requests[n], field, &number))
        return -1;
    return (int64_t)number;
}

/* ---- the channel
 * -------------------------------------------------------------- */

int64_t
__wrap_channel_now_ms(void)
{
    return FAKE_NOW_MS;
}

int
__wrap_channel_open(const char *path, uid_t daemon_uid, int *ret_fd)
{
    (void)daemon_uid;
    fake_note("open %s", strcmp(path, CHANNEL_PAM) == 0      ? "pam"
                         : strcmp(path, CHANNEL_PUBLIC) == 0 ? "public"
                                                             : path);
    if (fake.open_error != 0)
        return fake.open_error;
    *ret_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return *ret_fd < 0 ? -errno : 0;
}

int
__wrap_channel_send(int fd, const struct message *message, int64_t deadline_ms)
{
    int error = message_check(message);

    if (error != 0)
        return error;
    if (fcntl(fd, F_GETFD) < 0)
        return -errno;
    if (answer_next < answer_count && answers[answer_next].at_send)
        return answers[answer_next++].error;
    fake_note("%s %lld", wire_type_name(message->type),
              (long long)(deadline_ms - FAKE_NOW_MS));
    if (request_count < QUEUE_LENGTH)
        requests[request_count++] = *message;
    return 0;
}

int
__wrap_channel_receive(int fd, struct message *ret_message, int64_t deadline_ms)
{
    struct answer *answer = &answers[answer_next];

    (void)fd;
    (void)deadline_ms;
    message_done(ret_message);
    if (answer_next >= answer_count)
        return -ETIMEDOUT;
    answer_next++;
    if (answer->error != 0)
        return answer->error;
    if (answer->length > 0)
        return message_decode(ret_message, answer->bytes, answer->length);
    return message_decode(ret_message, answer->message.data,
                          answer->message.length);
}
