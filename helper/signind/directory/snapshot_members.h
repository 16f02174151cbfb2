/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot_members: who is in which group, read in one go in order of uid, and
 * looked up user by user; then told group by group.  8 bytes for each
 * membership, 4 more and the names once the users have been seen.
 */
#ifndef SIGNIN_SNAPSHOT_MEMBERS_H
#define SIGNIN_SNAPSHOT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct members_group {
    char *name;
    int64_t number; /* in the store */
    uint32_t gid;
    bool local;          /* of /etc/group: no entry is made */
    size_t first, count; /* its part of who */
    size_t told;         /* how many of them have been seen */
};
struct members_pair {
    uint32_t uid;
    uint32_t group; /* index of groups */
};
struct members {
    struct members_group *groups; /* in order of addition */
    size_t group_count, group_room;
    uint32_t *by_number;        /* indexes of groups in order of number */
    struct members_pair *pairs; /* in order of uid */
    size_t pair_count, pair_room;
    char *names; /* of users with groups, each with its NUL */
    size_t names_used, names_room;
    uint32_t *who; /* where names begin, group by group */
};

/*
 * In this order: all groups; all pairs, in order of uid and then of number,
 * where a number that was not added is passed over, as is one that is said
 * twice; then all users that are told of, in order of name.  0 or -ENOMEM.
 */
int members_add_group(struct members *members, int64_t number, const char *name,
                      uint32_t gid, bool local);
int members_add(struct members *members, uint32_t uid, int64_t number);
/* *ret_first, *ret_count: the user's pairs. */
int members_tell_user(struct members *members, uint32_t uid, const char *name,
                      size_t *ret_first, size_t *ret_count);

/* The i-th group's entry (wire/people.h).  false: text of size bytes did not
 * hold all members. */
bool members_format(const struct members *members, size_t i, char *text,
                    size_t size, size_t *ret_length);

void members_done(struct members *members);

#endif
