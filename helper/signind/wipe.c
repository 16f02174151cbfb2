/* SPDX-License-Identifier: BSD-2-Clause */
#include "wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *
wipe_malloc(size_t size)
{
    return malloc(size);
}

void *
wipe_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void
wipe_release(void *memory)
{
    if (memory == NULL)
        return;
    /* The usable size covers whatever the owner may have written. */
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/*
 * realloc(3) would leave a copy behind where it moves the block, so a block
 * that must grow is a new one.
 */
void *
wipe_realloc(void *old, size_t size)
{
    void *new;
    size_t room;

    if (old == NULL)
        return malloc(size);
    if (size == 0) {
        wipe_release(old);
        return NULL;
    }
    room = malloc_usable_size(old);
    if (size <= room)
        return old;
    new = malloc(size);
    if (new == NULL)
        return NULL;
    memcpy(new, old, room);
    wipe_release(old);
    return new;
}

char *
wipe_strdup(const char *text)
{
    return strdup(text);
}
