/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wipe: an allocator that wipes what it gives back, for libraries through
 * whose buffers secrets pass: curl (request bodies, headers), Jansson
 * (answers), libevent.
 *
 * What it returns is ordinary malloc(3) memory: it may also be given to
 * free() or wipe_free(), and memory of malloc() may be given to
 * wipe_release() and wipe_realloc().  A library may therefore be switched to
 * it at any time.  Thread-safe.
 */
#ifndef SIGNIN_WIPE_H
#define SIGNIN_WIPE_H

#include <stddef.h>

/* As malloc(3), calloc(3), realloc(3), strdup(3). */
void *wipe_malloc(size_t size);
void *wipe_calloc(size_t count, size_t size);
void *wipe_realloc(void *old, size_t size);
char *wipe_strdup(const char *text);

/* As free(3), after wiping the whole block.  Accepts NULL. */
void wipe_release(void *memory);

#endif
