/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * accounts: [accounts] of signin.conf(5): how people of a directory become
 * users of this host.  A part of config.h.
 */
#ifndef SIGNIN_ACCOUNTS_H
#define SIGNIN_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "template.h"

/* A list of strings; items is NULL-terminated, NULL if count is 0. */
struct text_list {
    char **items;
    size_t count;
};

struct explicit_id {
    char *name;
    bool group; /* id.group.NAME */
    uint32_t id;
};
struct accounts_config {
    char *name_pattern; /* ERE; narrows people_name_valid(); NULL: that alone */
    bool id_from_attribute, id_derived; /* id_source; at least one */
    uint32_t id_first, id_last;         /* id_range, inclusive */
    bool id_collision_next;             /* id_collision = next */
    struct explicit_id *ids;            /* id.NAME */
    size_t id_count;
    struct template *home; /* {{user}} */
    char *shell;
    char *group_prefix; /* "" or a beginning of names */
    struct text_list local_groups;
    bool enumerate; /* enumerate = yes: getpwent(3) lists what is known */
};

#endif
