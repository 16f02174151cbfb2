/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
secret_set(struct secret *secret, const char *bytes, size_t length)
{
    char *copy = NULL;

    if (bytes != NULL) {
        if (memchr(bytes, '\0', length) != NULL)
            return -EINVAL;
        copy = malloc(length + 1);
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    } else {
        length = 0;
    }
    secret_done(secret);
    secret->text = copy;
    secret->length = length;
    return 0;
}

void
secret_move(struct secret *to, struct secret *from)
{
    if (to == from)
        return;
    secret_done(to);
    *to = *from;
    from->text = NULL;
    from->length = 0;
}

void
secret_done(struct secret *secret)
{
    if (secret == NULL || secret->text == NULL)
        return;
    explicit_bzero(secret->text, secret->length);
    free(secret->text);
    secret->text = NULL;
    secret->length = 0;
}

void
wipe_free(char *text)
{
    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    free(text);
}

void
cleanup_free_pointer(void *pointer_to_pointer)
{
    void *pointer;

    /* The attribute passes a pointer to a variable of any pointer type. */
    memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
    free(pointer);
}

void
cleanup_close_fd(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

void
cleanup_wipe_string(char **text)
{
    wipe_free(*text);
}
