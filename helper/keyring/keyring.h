/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyring: what is kept, and how it lies in the kernel (keyrings(7)).
 *
 *   @u of root (_uid.0)
 *    `- "signin:<machine id>"           anchor: 64 shard keyrings
 *        `- "signin:shard:<n>"
 *            `- "signin:<id>:keep"      K, one per session; nobody possesses it
 *                |- user "signin:private"       signind's own record
 *                |- user "signin:access_token"  the bare token       POS vrs
 *                |- user "signin:session"       the session's record POS vrs
 *                `- "signin:<id>"       S: access_token, session     POS vrs
 *
 * All are owned by root with group _signin; USR all, GRP view read write
 * search link setattr, OTH nothing.  S alone is linked into the login's
 * session keyring: what is inside the session reads through possession, and
 * can do no more.  Payloads are at most KEYRING_PAYLOAD_MAX bytes.
 *
 * Functions return 0 (or what they say) or a negative errno; they log
 * nothing.  Those marked [root] run in the PAM module or signind --prepare
 * with euid 0; those marked [group] in signind, which is only of the group;
 * those marked [session] in any process of the session.
 *
 * Every update of a key erases its timeout; an expired key takes neither
 * KEYCTL_UPDATE nor a timeout, but add_key(2) of the same type and name: all
 * writing here is add_key, then the timeout.
 */
#ifndef SIGNIN_KEYRING_H
#define SIGNIN_KEYRING_H

#include <keyutils.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's limit for a "user" key written by add_key(2), in bytes. */
#define KEYRING_PAYLOAD_MAX 32767

/* A keyring of more than 16,384 links leaks quota: 64 shards carry 10^6. */
#define KEYRING_SHARDS 64

/* A session id: 128 random bits in lower-case hexadecimal, without the NUL. */
#define KEYRING_ID_LENGTH 32

/* Lifetime of freshly made, unclaimed keys, in seconds. */
#define KEYRING_FRESH_TIMEOUT_S 180

#define KEYRING_PRIVATE      "signin:private"
#define KEYRING_ACCESS_TOKEN "signin:access_token"
#define KEYRING_SESSION      "signin:session"

struct keyring_anchor {
    key_serial_t anchor;
    key_serial_t shards[KEYRING_SHARDS]; /* 0 where one is missing */
};

/* The keys of one session.  0: not there (collected, or not made yet). */
struct keyring_session {
    char id[KEYRING_ID_LENGTH + 1];
    key_serial_t keep;         /* K */
    key_serial_t ring;         /* S */
    key_serial_t private_key;  /* in K */
    key_serial_t access_token; /* in K; in S unless parked */
    key_serial_t session;      /* in K and S */
};

/* What to log of such an error (a negative errno): with what helps, where an
 * administrator can help.  Static. */
const char *keyring_error_text(int error);

/* Is text a session id: exactly 32 of [0-9a-f]? */
bool keyring_id_valid(const char *text);

/* Fill 33 bytes with a fresh random id and NUL.  0 or -errno (getrandom). */
int keyring_id_make(char ret_id[KEYRING_ID_LENGTH + 1]);

/*
 * Does the kernel say this key is ours: that type, that description, owner
 * root, group gid, no rights for others?  0, -EPERM (it is not), -ENOKEY,
 * -EKEYREVOKED, -EKEYEXPIRED, ... .  Expired keys cannot be described.
 */
int keyring_check(key_serial_t key, const char *type, const char *name,
                  gid_t gid);

/* ---- anchor (anchor.c) ------------------------------------------------ */

/*
 * [root] Find or make the anchor and its shards in root's user keyring.
 * machine_id: 32 hexadecimal digits from /etc/machine-id; keyrings are not
 * namespaced, and containers without a user namespace share root's.
 * -EDQUOT: root's key quota is full (in a user namespace: an ordinary one).
 */
int keyring_anchor_make(const char *machine_id, gid_t gid,
                        struct keyring_anchor *ret_anchor);

/*
 * [root] Link an anchor that an earlier keyring_anchor_make() gave into root's
 * user keyring again: somebody may have unlinked it there, and while a signind
 * pins it all live sessions hang from it.  0, or -errno: it is no more, or not
 * ours; then nothing is changed.
 */
int keyring_anchor_relink(key_serial_t before, const char *machine_id,
                          gid_t gid);

/*
 * [group] Check the anchor that --prepare made, read its shards and pin it in
 * the process keyring, so that it lives as long as this process.
 */
int keyring_anchor_open(key_serial_t anchor, const char *machine_id, gid_t gid,
                        struct keyring_anchor *ret_anchor);

/*
 * [group] Call each(keep, shard, context) for every K of every shard.  Stops
 * and returns the first non-zero that each() returns.  Links that cannot be
 * described (expired, revoked) are passed over.
 */
int keyring_anchor_walk(const struct keyring_anchor *anchor,
                        int (*each)(key_serial_t keep, key_serial_t shard,
                                    void *context),
                        void *context);

/* ---- the keys of a session, as root (make.c) --------------------------- */

/*
 * [root] Make K and its three empty pockets for a session id, with a timeout
 * of KEYRING_FRESH_TIMEOUT_S on K, and link K into shard.  The keys are made
 * in the thread keyring, which is cleared again, with the group from
 * setfsgid(2), put back before return.
 * -EDQUOT: root's quota is full.
 */
int keyring_make_keep(key_serial_t shard, gid_t gid, const char *id,
                      struct keyring_session *ret_keys);

/*
 * [root] Make S for the keys of K (keyring_open_keep first), and link S into
 * K and into the session keyring.
 */
int keyring_make_ring(struct keyring_session *keys, gid_t gid);

/*
 * [root] Make the pockets again that the kernel has collected (0 in *keys)
 * and link them where they belong.
 */
int keyring_mend(struct keyring_session *keys, gid_t gid);

/* ---- the keys of a session, as signind (keep.c) ------------------------ */

/*
 * [group, root] Check K and learn its pockets and S.  -EPERM: not ours.  An
 * expired access token is found by its serial: keep earlier knowledge, a
 * member that is non-zero in *keys on entry stays if K still links it.
 */
int keyring_open_keep(key_serial_t keep, gid_t gid,
                      struct keyring_session *keys);

/*
 * [group, root] Write a payload into the pocket of that name in K, in place.
 * timeout_s: 0 = none; otherwise at least 1.  Sets *ret_key (may be NULL).
 * -ENOKEY if the pocket was collected: signind must not create keys of its
 * own (they would count against its own small quota).
 */
int keyring_write(const struct keyring_session *keys, const char *name,
                  const void *payload, size_t length, unsigned timeout_s);

/*
 * [any] Read a payload.  Returns its length, which is at most size, or
 * -EMSGSIZE, -EACCES, -ENOKEY, -EKEYEXPIRED, -EKEYREVOKED.  The caller wipes
 * buffer; on error it has been wiped.
 */
ssize_t keyring_read(key_serial_t key, void *buffer, size_t size);

/* [group] Set a key's timeout in seconds; 0 clears it. */
int keyring_timeout(key_serial_t key, unsigned timeout_s);

/*
 * [group] The access token has expired and is not renewed yet: take it out of
 * S and neutralise it in K ("-", no timeout), so that the kernel does not
 * collect it.  -ENOKEY: too late.  keyring_unpark() links a renewed one back.
 */
int keyring_park(const struct keyring_session *keys);
int keyring_unpark(const struct keyring_session *keys);

/*
 * [group, root] What logout does at once: revoke S and the session's record.
 * From here on nothing in the session reaches a token.  K, the private record
 * and the access token stay for the revocation at the provider.
 */
int keyring_end_session(const struct keyring_session *keys);

/* [group] Unlink K from its shard and invalidate all that hangs from it. */
int keyring_forget(const struct keyring_session *keys, key_serial_t shard);

/*
 * [group, root] 0 while S is there and usable; -ENOKEY, -EKEYREVOKED or
 * -EKEYEXPIRED if it has gone: the session has signed out.
 */
int keyring_alive(const struct keyring_session *keys);

/* [group, root] 0 while the key is there and usable; -ENOKEY (also for serial
 * 0), -EKEYREVOKED or -EKEYEXPIRED.  Whose it is, keyring_check() says. */
int keyring_exists(key_serial_t key);

/* ---- a process's own session (find.c) ---------------------------------- */

/*
 * [session, root] Walk the rings "signin:<id>" that this process's session
 * keyring links, calling each() with the keys found in each (K and private
 * are 0).  Only rings owned by root with group gid count: what somebody
 * planted is passed over.  Stops at the first non-zero and returns it.
 */
int keyring_walk_session(gid_t gid,
                         int (*each)(const struct keyring_session *keys,
                                     void *context),
                         void *context);

#endif
