/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout: names, rights and the few kernel idioms that the files of this room
 * share.  Private to helper/keyring.
 */
#ifndef SIGNIN_LAYOUT_H
#define SIGNIN_LAYOUT_H

#include "keyring.h"

/* No SETATTR-by-others, no rights for OTH anywhere. */
#define LAYOUT_GROUP                                                           \
    (KEY_GRP_VIEW | KEY_GRP_READ | KEY_GRP_WRITE | KEY_GRP_SEARCH |            \
     KEY_GRP_SETATTR | KEY_GRP_LINK)
#define LAYOUT_CLOSED (KEY_USR_ALL | LAYOUT_GROUP)
#define LAYOUT_READABLE                                                        \
    (LAYOUT_CLOSED | KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH)

/* What a pocket holds before it is filled: a user key cannot be empty. */
#define LAYOUT_EMPTY "-"

#define LAYOUT_PREFIX      "signin:"
#define LAYOUT_KEEP_SUFFIX ":keep"

/* Longest description we make or look for, with its NUL. */
#define LAYOUT_NAME_MAX 64

void layout_ring_name(char ret_name[LAYOUT_NAME_MAX], const char *id);
void layout_keep_name(char ret_name[LAYOUT_NAME_MAX], const char *id);
void layout_shard_name(char ret_name[LAYOUT_NAME_MAX], unsigned number);

/* The kernel's description of a key, taken apart. */
struct layout_description {
    char type[32];
    uid_t uid;
    gid_t gid;
    key_perm_t rights;
    char name[LAYOUT_NAME_MAX];
};

/* 0 or -errno; -EPERM also for a description longer than ours ever are. */
int layout_describe(key_serial_t key, struct layout_description *ret);

/* Owner root, this group, no rights for others? */
bool layout_is_ours(const struct layout_description *description, gid_t gid);

/*
 * The serials a keyring links.  0 or -errno.  The caller frees *ret_links,
 * which is NULL if there are none.
 */
int layout_links(key_serial_t ring, key_serial_t **ret_links,
                 size_t *ret_count);

/*
 * Make a key of ours in the thread keyring (where it is possessed, so that
 * its rights may be set), with the caller's fsgid as its group.  payload NULL:
 * a keyring.  Release with layout_release() once it is linked elsewhere.
 */
int layout_make(const char *name, const char *payload, key_perm_t rights,
                key_serial_t *ret_key);
void layout_release(key_serial_t key);

/* -errno of a libkeyutils call that returned negative, else 0. */
int layout_error(long returned);

/* setfsgid(2) for this thread, checked.  -EPERM if it did not take. */
int layout_enter_group(gid_t gid, gid_t *ret_previous);
void layout_leave_group(gid_t previous);

#endif
