/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture: what the tests of the NSS module share.
 *
 * The module's objects are compiled a second time, with relative paths in
 * place of /var and /run (libnsstest.la).  A test goes into a directory of its
 * own and has there its own snapshot, misses and signind.
 *
 * Snapshots are written with libcdb, which shares nothing with our reader.
 */
#ifndef SIGNIN_NSS_FIXTURE_H
#define SIGNIN_NSS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/types.h>

#include "wire/channel.h"
#include "wire/people.h"

NSS_DECLARE_MODULE_FUNCTIONS(signin)

/* Group setup and teardown: a directory of one's own, and gone again. */
int fixture_enter(void **state);
int fixture_leave(void **state);

/* ---- the snapshot ----------------------------------------------------------
 */

/* Begin a new snapshot, add to it, and put it where people.h says. */
void snapshot_write_begin(void);
/* Any record. */
void snapshot_write(const char *key, const void *data, size_t length);
/* Under "N" and "U". */
void snapshot_write_user(const char *name, uint32_t uid, uint32_t gid,
                         const char *rest);
/* Under "G" and "I". */
void snapshot_write_group(const char *name, uint32_t gid, const char *members);
/* Under "M". */
void snapshot_write_gids(const char *name, const char *gids);
/* With "V"; rename(2) it to PEOPLE_SNAPSHOT, or to path. */
void snapshot_write_end(bool enumerate);
void snapshot_write_end_at(bool enumerate, const char *path);

#define ALICE_UID   1879048200U
#define BOB_UID     1879048201U
#define STAFF_GID   1900000001U
#define EMPTY_GID   1900000002U
#define ALICE_GECOS "Alice \303\204rger,,,"

/* alice, bob; their groups; staff (alice, bob), empty; alice is in staff and
 * empty. */
void snapshot_write_usual(void);

/* What is in PEOPLE_SNAPSHOT now; free(3) it.  Put bytes there, in place. */
unsigned char *snapshot_load(size_t *ret_length);
void snapshot_store(const void *bytes, size_t length);

/* ---- misses and local groups ---------------------------------------------
 */

/* A table of so many slots without anybody; flags of people.h. */
void misses_write(uint32_t slots, uint32_t flags);
/* until_s: seconds from now. */
void misses_write_name(const char *name, int64_t until_s);

/* PEOPLE_LOCAL_GROUPS; NULL: there is none. */
void local_groups_write(const char *text);

/* ---- signind ---------------------------------------------------------------
 */

/* Answers one connection; what it makes of it is its own affair. */
typedef void signind_answer(int fd, const struct message *question);

/*
 * A process that listens at CHANNEL_NSS as uid; without answer it never
 * accepts.  It ends with the test, or with signind_stop().
 */
void signind_start(signind_answer *answer, uid_t uid);
void signind_stop(void);
/* How many questions there were since it started. */
unsigned signind_asked(void);
/* Was the last of them with that SERVICE?  NULL: without. */
bool signind_heard_service(const char *service);

/* For answers. */
void send_entry(int fd, const char *line);
void send_result(int fd, enum wire_result result);

/* ---- calls ----------------------------------------------------------------
 */

/* What a call returned; errno_after is errno, where a fault has left it. */
struct outcome {
    enum nss_status status;
    int error;
    int errno_after;
};

#define ERRNO_BEFORE 4711

/* A cdb begins with the heads of its tables; then come the records. */
#define SNAPSHOT_TABLES 2048

struct outcome call_getpwnam(const char *name, struct passwd *entry,
                             char *buffer, size_t size);
struct outcome call_getpwuid(uid_t uid, struct passwd *entry, char *buffer,
                             size_t size);
struct outcome call_getgrnam(const char *name, struct group *entry,
                             char *buffer, size_t size);
struct outcome call_getgrgid(gid_t gid, struct group *entry, char *buffer,
                             size_t size);
struct outcome call_getpwent(struct passwd *entry, char *buffer, size_t size);
struct outcome call_getgrent(struct group *entry, char *buffer, size_t size);

/* The status alone, with room enough.  Fails the test if error or errno are
 * not what the status calls for. */
enum nss_status status_of_name(const char *name);
enum nss_status status_of_uid(uid_t uid);
enum nss_status status_of_group(const char *name);
enum nss_status status_of_gid(gid_t gid);

/* Fail unless it is a success with errno left alone, or a failure with a
 * status and an error that go together. */
void assert_contract(struct outcome outcome);

void assert_alice(const struct passwd *entry);
void assert_staff(const struct group *entry);

/*
 * initgroups_dyn() for a list that begins with room for so many and the
 * primary gid in it.  *ret_groups: free(3).
 */
struct outcome call_initgroups(const char *name, gid_t primary, long size,
                               long limit, gid_t **ret_groups, long *ret_count);

/* Skip the test, saying why, unless root runs it. */
void need_root(const char *what);

/* Is AddressSanitizer in this program? */
#if defined(__SANITIZE_ADDRESS__)
#define FIXTURE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIXTURE_SANITIZED 1
#endif
#endif
#ifndef FIXTURE_SANITIZED
#define FIXTURE_SANITIZED 0
#endif

/* Descriptors open in this process. */
unsigned count_descriptors(void);

#endif
