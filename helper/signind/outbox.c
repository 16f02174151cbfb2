/* SPDX-License-Identifier: BSD-2-Clause */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OUTBOX_FIRST_SIZE 16384

/* Each message: its length, 2 bytes of the host's order, then its bytes. */
struct outbox {
    unsigned char *bytes;
    size_t length, size;
    size_t at; /* of the first that is not sent yet */
};

struct outbox *
outbox_new(void)
{
    return calloc(1, sizeof(struct outbox));
}

void
outbox_free(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    free(outbox->bytes);
    free(outbox);
}

static int
outbox_grow(struct outbox *outbox, size_t more)
{
    size_t size = outbox->size == 0 ? OUTBOX_FIRST_SIZE : outbox->size;
    unsigned char *bytes;

    if (outbox->length + more <= outbox->size)
        return 0;
    if (outbox->length + more > OUTBOX_MAX)
        return -EMSGSIZE;
    while (size < outbox->length + more)
        size *= 2;
    bytes = realloc(outbox->bytes, size);
    if (bytes == NULL)
        return -ENOMEM;
    outbox->bytes = bytes;
    outbox->size = size;
    return 0;
}

int
outbox_add(struct outbox *outbox, const struct message *message)
{
    const uint16_t length = (uint16_t)message->length;
    int error = message_check(message);

    if (error == 0)
        error = outbox_grow(outbox, sizeof(length) + length);
    if (error != 0)
        return error;
    memcpy(outbox->bytes + outbox->length, &length, sizeof(length));
    memcpy(outbox->bytes + outbox->length + sizeof(length), message->data,
           length);
    outbox->length += sizeof(length) + length;
    return 0;
}

int
outbox_send(struct outbox *outbox, int fd)
{
    while (outbox->at < outbox->length) {
        uint16_t length;

        memcpy(&length, outbox->bytes + outbox->at, sizeof(length));
        if (send(fd, outbox->bytes + outbox->at + sizeof(length), length,
                 MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN ? 0 : -errno;
        }
        outbox->at += sizeof(length) + length;
    }
    return 1;
}
