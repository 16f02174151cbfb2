/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <cdb.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* In memory, if there is such a place: a disk's file system makes every
 * rename(2) wait for the disk. */
static char in_memory[] = "/dev/shm/signin-nss-XXXXXX";
static char in_tmp[] = "/tmp/signin-nss-XXXXXX";
static const char *directory;

/* ---- a directory ----------------------------------------------------------
 */

int
fixture_enter(void **state)
{
    static const char *const folders[] = {
        "var", "var/lib",         PEOPLE_STATE,         PEOPLE_DIRECTORY,
        "run", CHANNEL_DIRECTORY, CHANNEL_NSS_DIRECTORY};

    (void)state;
    umask(022);
    directory = mkdtemp(in_memory);
    if (directory == NULL)
        directory = mkdtemp(in_tmp);
    if (directory == NULL || chdir(directory) < 0 || chmod(directory, 0755) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (mkdir(folders[i], 0755) < 0)
            return -1;
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
           struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

int
fixture_leave(void **state)
{
    (void)state;
    signind_stop();
    if (chdir("/") < 0)
        return -1;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the snapshot ----------------------------------------------------------
 */

#define SNAPSHOT_NEW PEOPLE_DIRECTORY "/snapshot.new"

static struct cdb_make maker;
static int maker_fd = -1;

void
snapshot_write_begin(void)
{
    maker_fd = open(SNAPSHOT_NEW, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(maker_fd >= 0);
    assert_int_equal(cdb_make_start(&maker, maker_fd), 0);
}

void
snapshot_write(const char *key, const void *data, size_t length)
{
    assert_int_equal(cdb_make_add(&maker, key, (unsigned)strlen(key), data,
                                  (unsigned)length),
                     0);
}

void
snapshot_write_user(const char *name, uint32_t uid, uint32_t gid,
                    const char *rest)
{
    char key[64], line[PEOPLE_USER_MAX + 64];

    snprintf(line, sizeof(line), "%s:%u:%u:%s", name, uid, gid, rest);
    snprintf(key, sizeof(key), "N%s", name);
    snapshot_write(key, line, strlen(line));
    snprintf(key, sizeof(key), "U%u", uid);
    snapshot_write(key, line, strlen(line));
}

void
snapshot_write_group(const char *name, uint32_t gid, const char *members)
{
    size_t size = strlen(name) + strlen(members) + 16;
    char key[64], *line = malloc(size);

    assert_non_null(line);
    snprintf(line, size, "%s:%u:%s", name, gid, members);
    snprintf(key, sizeof(key), "G%s", name);
    snapshot_write(key, line, strlen(line));
    snprintf(key, sizeof(key), "I%u", gid);
    snapshot_write(key, line, strlen(line));
    free(line);
}

void
snapshot_write_gids(const char *name, const char *gids)
{
    size_t size = strlen(name) + strlen(gids) + 2;
    char key[64], *line = malloc(size);

    assert_non_null(line);
    snprintf(line, size, "%s:%s", name, gids);
    snprintf(key, sizeof(key), "M%s", name);
    snapshot_write(key, line, strlen(line));
    free(line);
}

void
snapshot_write_end_at(bool enumerate, const char *path)
{
    const char *value = enumerate ? "1 enumerate" : "1";

    snapshot_write("V", value, strlen(value));
    assert_int_equal(cdb_make_finish(&maker), 0);
    assert_int_equal(close(maker_fd), 0);
    assert_int_equal(rename(SNAPSHOT_NEW, path), 0);
}

void
snapshot_write_end(bool enumerate)
{
    snapshot_write_end_at(enumerate, PEOPLE_SNAPSHOT);
}

void
snapshot_write_usual(void)
{
    snapshot_write_begin();
    snapshot_write_user("alice", ALICE_UID, ALICE_UID,
                        ALICE_GECOS ":/home/alice:/bin/bash");
    snapshot_write_user("bob", BOB_UID, BOB_UID, ":/home/bob:/bin/sh");
    snapshot_write_group("alice", ALICE_UID, "");
    snapshot_write_group("bob", BOB_UID, "");
    snapshot_write_group("staff", STAFF_GID, "alice,bob");
    snapshot_write_group("empty", EMPTY_GID, "");
    snapshot_write_gids("alice", "1900000001,1900000002");
    snapshot_write_end(true);
}

unsigned char *
snapshot_load(size_t *ret_length)
{
    int fd = open(PEOPLE_SNAPSHOT, O_RDONLY | O_CLOEXEC);
    unsigned char *bytes;
    struct stat status;

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
    close(fd);
    *ret_length = (size_t)status.st_size;
    return bytes;
}

void
snapshot_store(const void *bytes, size_t length)
{
    int fd = open(PEOPLE_SNAPSHOT, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, length, 0), length);
    assert_int_equal(ftruncate(fd, (off_t)length), 0);
    close(fd);
}

/* ---- misses and local groups ---------------------------------------------
 */

static const unsigned char misses_key[16] = "a key of 16 byte";
static uint32_t misses_slots;

static void
put_le(unsigned char *to, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

void
misses_write(uint32_t slots, uint32_t flags)
{
    unsigned char header[PEOPLE_MISSES_HEADER] = "signin misses 1\n";
    int fd =
        open(PEOPLE_MISSES, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    memcpy(header + 16, misses_key, sizeof(misses_key));
    put_le(header + 32, slots, 4);
    put_le(header + 36, flags, 4);
    assert_int_equal(write(fd, header, sizeof(header)), sizeof(header));
    assert_int_equal(ftruncate(fd, (off_t)sizeof(header) + (off_t)slots * 16),
                     0);
    close(fd);
    misses_slots = slots;
}

void
misses_write_name(const char *name, int64_t until_s)
{
    uint64_t hash = people_hash(misses_key, name, strlen(name));
    int fd = open(PEOPLE_MISSES, O_WRONLY | O_CLOEXEC);
    unsigned char slot[16];

    assert_true(fd >= 0);
    put_le(slot, hash, 8);
    put_le(slot + 8, (uint64_t)((int64_t)time(NULL) + until_s), 8);
    assert_int_equal(
        pwrite(fd, slot, sizeof(slot),
               (off_t)(PEOPLE_MISSES_HEADER + hash % misses_slots * 16)),
        sizeof(slot));
    close(fd);
}

void
local_groups_write(const char *text)
{
    FILE *file;

    unlink(PEOPLE_LOCAL_GROUPS);
    if (text == NULL)
        return;
    file = fopen(PEOPLE_LOCAL_GROUPS, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}
