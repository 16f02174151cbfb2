/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: secrets that wipe themselves, and cleanup attributes.
 */
#ifndef SIGNIN_MEMORY_H
#define SIGNIN_MEMORY_H

#include <stddef.h>

/*
 * A secret (password, token).  Never reallocated: a longer value is a new
 * allocation, and the old one is wiped.  text is NUL-terminated, or NULL for
 * "none"; it holds no other NUL.
 */
struct secret {
    char *text;
    size_t length;
};

/* Wipe and free the old value, then copy length bytes.  0, -ENOMEM or -EINVAL
 * (a NUL inside).  On error the secret is unchanged.  NULL bytes: none. */
int secret_set(struct secret *secret, const char *bytes, size_t length);

/* Move: wipes what *to held; *from is empty afterwards. */
void secret_move(struct secret *to, struct secret *from);

/* Wipe and free; accepts NULL and an empty secret. */
void secret_done(struct secret *secret);

/* Wipe and free a NUL-terminated string; accepts NULL. */
void wipe_free(char *text);

void cleanup_free_pointer(void *pointer_to_pointer);
void cleanup_close_fd(int *fd);
void cleanup_wipe_string(char **text);

#define cleanup_free    __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close   __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_wipe    __attribute__((cleanup(cleanup_wipe_string)))
#define cleanup_secret  __attribute__((cleanup(secret_done)))
#define cleanup_message __attribute__((cleanup(message_done)))

#endif
