/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench-people.h"

#include <cdb.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wire/people.h"

#define FOLDER    RUNSTATEDIR "/bench"
#define GROUPS    21
#define FIRST_UID 1879048192U
#define FIRST_GID 1900000000U

static void
must(bool good, const char *what)
{
    if (!good)
        error(1, errno, "%s (run it as root)", what);
}

void
bench_enter(void)
{
    must(unshare(CLONE_NEWNS) == 0, "cannot make a namespace");
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
         "cannot make / private");
    must(mount("bench", RUNSTATEDIR, "tmpfs", 0, "mode=0755") == 0,
         RUNSTATEDIR);
    must(mkdir(FOLDER, 0755) == 0 && mkdir(FOLDER "/upper", 0755) == 0 &&
             mkdir(FOLDER "/work", 0755) == 0,
         FOLDER);
    must(mount("bench", LOCALSTATEDIR "/lib", "overlay", 0,
               "lowerdir=" LOCALSTATEDIR "/lib,upperdir=" FOLDER
               "/upper,workdir=" FOLDER "/work") == 0,
         LOCALSTATEDIR "/lib");
    /* The overlay is there for a place to mount at: opening a file in it costs
     * more than in an ordinary file system. */
    mkdir(PEOPLE_STATE, 0755);
    must(mount("bench", PEOPLE_STATE, "tmpfs", 0, "mode=0755") == 0,
         PEOPLE_STATE);
    must(mkdir(PEOPLE_DIRECTORY, 0755) == 0, PEOPLE_DIRECTORY);
}

/* ---- local users ------------------------------------------------------------
 */

static FILE *
open_file(const char *kind, unsigned count)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), FOLDER "/%s-%u", kind, count);
    file = fopen(path, "we");
    must(file != NULL, path);
    return file;
}

static void
make_local(unsigned count)
{
    FILE *passwd = open_file("passwd", count);
    FILE *group = open_file("group", count);

    fputs("root:x:0:0:root:/root:/bin/bash\n", passwd);
    fputs("root:x:0:\n", group);
    for (unsigned i = 0; i < count; i++)
        fprintf(passwd, "local%u:x:%u:%u:Local %u,,,:/home/local%u:/bin/bash\n",
                i, 10000 + i, 10000 + i, i, i);
    for (unsigned i = 0; i < GROUPS; i++)
        fprintf(group, "lgroup%u:x:%u:local0,local1,local2\n", i, 9000 + i);
    must(fclose(passwd) == 0 && fclose(group) == 0, "cannot write");
}

static void
bind_file(const char *kind, unsigned count)
{
    char from[128], to[64];

    snprintf(from, sizeof(from), FOLDER "/%s-%u", kind, count);
    snprintf(to, sizeof(to), "/etc/%s", kind);
    umount2(to, MNT_DETACH);
    must(mount(from, to, NULL, MS_BIND, NULL) == 0, to);
}

void
bench_bind_local(unsigned local)
{
    static unsigned bound;

    if (bound == local)
        return;
    /* In a namespace of the caller's own: others may be measuring. */
    must(unshare(CLONE_NEWNS) == 0, "cannot make a namespace");
    bind_file("passwd", local);
    bind_file("group", local);
    bound = local;
}

void
bench_write_services(const char *services)
{
    static bool bound;
    FILE *file = open_file("nsswitch.conf", 0);

    fprintf(file, "passwd: %s\ngroup: %s\n", services, services);
    must(fclose(file) == 0, "nsswitch.conf");
    if (!bound)
        bind_file("nsswitch.conf", 0);
    bound = true;
}

/* ---- the snapshot ----------------------------------------------------------
 */

static void
add(struct cdb_make *maker, char kind, const char *name, const char *line)
{
    char key[64];

    snprintf(key, sizeof(key), "%c%s", kind, name);
    must(cdb_make_add(maker, key, (unsigned)strlen(key), line,
                      (unsigned)strlen(line)) == 0,
         "snapshot");
}

static void
add_user(struct cdb_make *maker, unsigned number)
{
    char name[32], id[16], line[256];

    snprintf(name, sizeof(name), "user%u", number);
    snprintf(id, sizeof(id), "%u", FIRST_UID + number);
    snprintf(line, sizeof(line), "%s:%s:%s:User %u,,,:/home/%s:/bin/bash", name,
             id, id, number, name);
    add(maker, 'N', name, line);
    add(maker, 'U', id, line);
    snprintf(line, sizeof(line), "%s:%s:", name, id);
    add(maker, 'G', name, line);
    add(maker, 'I', id, line);
    snprintf(line, sizeof(line), "%s:", name);
    for (unsigned i = 0; i < GROUPS; i++)
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%u",
                 i == 0 ? "" : ",", FIRST_GID + i);
    add(maker, 'M', name, line);
}

static void
make_snapshot(unsigned count)
{
    struct cdb_make maker;
    char path[128];
    int fd;

    snprintf(path, sizeof(path), PEOPLE_DIRECTORY "/%u", count);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0 && cdb_make_start(&maker, fd) == 0, path);
    for (unsigned i = 0; i < count; i++)
        add_user(&maker, i);
    add(&maker, 'V', "", "1");
    must(cdb_make_finish(&maker) == 0 && close(fd) == 0, path);
}

static void
put_le(unsigned char *to, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static void
make_misses(void)
{
    enum { SLOTS = 4096 };
    static unsigned char table[PEOPLE_MISSES_HEADER + SLOTS * 16] =
        "signin misses 1\n";
    const uint64_t until = (uint64_t)time(NULL) + PEOPLE_MISS_MAX_S - 1;
    int fd =
        open(PEOPLE_MISSES, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    put_le(table + 32, SLOTS, 4);
    for (unsigned i = 0; i < BENCH_MISSES; i++) {
        unsigned char *slot;
        char name[32];
        uint64_t hash;

        snprintf(name, sizeof(name), "missing%u", i);
        hash = people_hash(table + 16, name, strlen(name));
        slot = table + PEOPLE_MISSES_HEADER + hash % SLOTS * 16;
        put_le(slot, hash, 8);
        put_le(slot + 8, until, 8);
    }
    must(fd >= 0 && write(fd, table, sizeof(table)) == (ssize_t)sizeof(table) &&
             close(fd) == 0,
         PEOPLE_MISSES);
}

void
bench_make(unsigned local, unsigned external)
{
    make_local(local);
    make_snapshot(external);
    make_misses();
}

void
bench_use_snapshot(unsigned external)
{
    char from[128], to[128];

    snprintf(from, sizeof(from), PEOPLE_DIRECTORY "/%u", external);
    snprintf(to, sizeof(to), PEOPLE_DIRECTORY "/new.%d", (int)getpid());
    must(link(from, to) == 0 && rename(to, PEOPLE_SNAPSHOT) == 0,
         PEOPLE_SNAPSHOT);
    unlink(to); /* rename(2) of two names of one file does nothing */
}
