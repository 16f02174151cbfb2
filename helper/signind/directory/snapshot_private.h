/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot_private: a snapshot that is being written; snapshot*.c share it.
 */
#ifndef SIGNIN_SNAPSHOT_PRIVATE_H
#define SIGNIN_SNAPSHOT_PRIVATE_H

#include <cdb.h>

#include "snapshot.h"
#include "snapshot_members.h"
#include "store_private.h"

enum snapshot_phase { SNAPSHOT_MEMBERS = 0, SNAPSHOT_USERS, SNAPSHOT_GROUPS };

struct snapshot {
    struct store *store;
    struct local_files *files;
    const struct config *config;
    int64_t now_s;
    char *path, *new_path; /* where it is to be, and is until then */
    int file;
    bool started;     /* cdb is */
    uint64_t version; /* of the store when it was begun */
    struct cdb_make cdb;
    enum snapshot_phase phase;
    struct query query; /* of members, then of users */
    size_t group;       /* the next to be told */
    struct members members;
    size_t left_out;
    /* The directory of the last user: there are few, and many users. */
    char *directory_name;
    const struct directory_config *directory;
    char *text; /* of PEOPLE_GROUP_MAX + 1 bytes, for a group or gids entry */
};

/* Read the groups that are told.  0 or negative errno. */
int snapshot_begin_content(struct snapshot *snapshot);
/* One row more.  1: there may be more; 0: that was all; or negative errno. */
int snapshot_step_content(struct snapshot *snapshot);

#endif
