/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people: how users and groups are written down for the NSS module: in the
 * snapshot, in the table of misses and in an ENTRY of the nss socket; and
 * which names and numbers can never be an external user's, whatever anybody
 * says.  signind writes, the module reads and believes nothing.
 *
 * FILES
 *
 * PEOPLE_DIRECTORY belongs to root or _signin and nobody else may write to
 * it.  A reader takes a file in it only if it is regular, belongs to the
 * directory's owner or root, and is not writable by group or others.
 *
 * PEOPLE_SNAPSHOT is a cdb (D. J. Bernstein's constant database: 256 pairs of
 * little-endian u32 "position, slots", records "u32 key length, u32 data
 * length, key, data", hash tables; at most 4 GB), replaced by rename(2) and
 * never changed in place.  Keys and data:
 *
 *   "N" name     -> user entry        "U" uid in decimal -> the same
 *   "G" name     -> group entry       "I" gid in decimal -> the same
 *   "M" name     -> gids entry: the groups of that user, without the primary
 *   "V"          -> "1", and for enumeration " enumerate"
 *
 * A user whose every group is his own has no "M".  Records with the key "N"
 * and "G" stand in the order of enumeration.
 *
 * ENTRIES are one line of text without newline and NUL, as in passwd(5) and
 * group(5) without the password:
 *
 *   user   NAME:UID:GID:GECOS:HOME:SHELL      at most PEOPLE_USER_MAX bytes
 *   group  NAME:GID:MEMBER,MEMBER,...         at most PEOPLE_GROUP_MAX bytes
 *   gids   NAME:GID,GID,...                   at most PEOPLE_GROUP_MAX bytes
 *
 * The name in an entry is the name that was asked for: a reader compares it,
 * and the number where that was asked for.
 *
 * PEOPLE_MISSES is a table of names that signind does not know, in a file of
 * fixed length: a header of PEOPLE_MISSES_HEADER bytes
 *
 *   "signin misses 1\n"   16 bytes
 *   key of SipHash-2-4    16 bytes, random, new with every start of signind
 *   u32 LE slots          a power of two, 1 to PEOPLE_MISSES_SLOTS_MAX
 *   u32 LE flags          bit 0: root's login services must ask all the same
 *   zeros
 *
 * then one slot of 16 bytes each: u64 LE SipHash of the name, u64 LE until
 * when it is missing, in seconds of CLOCK_REALTIME.  A name's slot is its hash
 * modulo slots.  A slot counts if the hash is equal, the time is not over, and
 * no more than PEOPLE_MISS_MAX_S from now (the clock may have been set).
 *
 * PEOPLE_LOCAL_GROUPS is written by root (signind --prepare) from [accounts]
 * local_groups: lines "NAME:GID", at most PEOPLE_LOCAL_GROUPS_MAX; the module
 * reads no more.  Gids below PEOPLE_ID_FLOOR pass it only if they stand there.
 */
#ifndef SIGNIN_PEOPLE_H
#define SIGNIN_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compiled in; LOCALSTATEDIR is --localstatedir, normally /var. */
#define PEOPLE_STATE        LOCALSTATEDIR "/lib/signin"
#define PEOPLE_DIRECTORY    PEOPLE_STATE "/nss"
#define PEOPLE_SNAPSHOT     PEOPLE_DIRECTORY "/snapshot"
#define PEOPLE_MISSES       PEOPLE_DIRECTORY "/misses"
#define PEOPLE_LOCAL_GROUPS RUNSTATEDIR "/signin/local_groups"

#define PEOPLE_NAME_MAX  32      /* bytes of a name, without NUL */
#define PEOPLE_USER_MAX  2047    /* bytes of a user entry, without NUL */
#define PEOPLE_GROUP_MAX 4194304 /* bytes of a group or gids entry */
#define PEOPLE_GIDS_MAX  65536   /* groups of one user (NGROUPS_MAX) */

#define PEOPLE_MISSES_HEADER    64
#define PEOPLE_MISSES_SLOTS_MAX 65536
#define PEOPLE_MISS_MAX_S       3600

#define PEOPLE_LOCAL_GROUPS_MAX 256

#define PEOPLE_ID_FLOOR 1000

/* The grammar of names at every edge: [a-z_][a-z0-9_-]{0,31}.  NULL: false. */
bool people_name_valid(const char *name);

/*
 * May this number ever be an external user's or group's?  Not below
 * PEOPLE_ID_FLOOR; not systemd's dynamic users (61184-65519), nobody (65534),
 * the 16-bit -1 (65535), systemd's foreign range (2147352576-2147418111), the
 * 32-bit -2 and -1 (systemd.io/UIDS-GIDS).
 */
bool people_id_valid(uint32_t id);

/*
 * Is this program (the kernel's name for it, cut off after 15 bytes) one that
 * people log in with?  Such a one, run by root, is told of names that may sign
 * in here for the first time.
 */
bool people_login_service(const char *program);

/* A user entry, cut up in place.  All strings are inside the text. */
struct people_user {
    const char *name, *gecos, *home, *shell;
    uint32_t uid, gid;
};

/*
 * Cut an entry of length bytes up; text must have room for a NUL behind it
 * and is changed.  0, or -EPROTO: anything not as above, a name or number
 * that cannot be, a home or shell that is not an absolute path, a byte below
 * 0x20 or 0x7f anywhere, a gid that is neither valid nor below
 * PEOPLE_ID_FLOOR (whether such a one is allowed is the caller's to check).
 */
int people_user_parse(char *text, size_t length, struct people_user *ret_user);

/*
 * Write one, NUL-terminated, into text of PEOPLE_USER_MAX + 1 bytes.  0,
 * -EINVAL (a value that cannot stand there, a ':' for instance) or -EMSGSIZE.
 */
int people_user_format(const struct people_user *user, char *text);

/*
 * A group or gids entry: cut NAME off, and for a group the gid; *ret_rest is
 * the list, inside the text, NUL-terminated, perhaps "".  Text as for a user.
 * 0 or -EPROTO: anything not as above, a byte below 0x20 or 0x7f anywhere, a
 * gid that is not valid (a local group is never told of).
 */
int people_group_parse(char *text, size_t length, const char **ret_name,
                       uint32_t *ret_gid, char **ret_rest);
int people_gids_parse(char *text, size_t length, const char **ret_name,
                      char **ret_rest);

/*
 * The next member or gid of a list; *rest moves on, commas become NULs.
 * 1: there was one; 0: the end; -EPROTO: not a name, not a number, an empty
 * one.  Any number is a gid here: whether it may be one is the caller's to
 * check.
 */
int people_next_member(char **rest, const char **ret_name);
int people_next_gid(char **rest, uint32_t *ret_gid);

/* SipHash-2-4 (Aumasson, Bernstein 2012) of length bytes, for the misses. */
uint64_t people_hash(const unsigned char key[16], const void *bytes,
                     size_t length);

#endif
