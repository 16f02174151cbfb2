/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * person: a user or a group as a directory describes it, before this host has
 * an opinion (an id, a home, a shell).
 */
#ifndef SIGNIN_PERSON_H
#define SIGNIN_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest values that are taken from a directory, in bytes; a longer one is
 * as if absent, but for name and subject, without which there is nobody. */
#define PERSON_SUBJECT_MAX 255
#define PERSON_VALUE_MAX   255
#define PERSON_KEY_MAX     4000 /* a line of authorized_keys(5) */
#define PERSON_KEYS_MAX    64
#define PERSON_GROUPS_MAX  4096

/* A group somebody is in.  id: immutable; the name where there is none. */
struct person_group {
    char *id;
    char *name;
};

/* All strings are owned; printable, without control characters. */
struct person {
    char *name;    /* people_name_valid() and [accounts] name_pattern */
    char *subject; /* immutable */
    uint32_t uid;  /* 0: the directory has none */
    char *gecos, *home, *shell; /* NULL: none */
    char **ssh_keys;            /* lines, as authorized_keys(5) wants them */
    size_t ssh_key_count;
    bool enabled;
    bool groups_known; /* the directory said which groups (perhaps none) */
    struct person_group *groups;
    size_t group_count;
};

/* A group with its members' subjects (DIRECTORY_GROUPS). */
struct person_team {
    struct person_group group;
    char **members;
    size_t member_count;
};

void person_done(struct person *person);
void person_team_done(struct person_team *team);

/* Append a copy.  0 or -ENOMEM. */
int person_add_group(struct person *person, const char *id, const char *name);

#endif
