/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: what is said between signind and everyone else.
 *
 * TRANSPORT
 *
 * AF_UNIX, SOCK_SEQPACKET: one packet is one message, so there is no half
 * message to wait for and no frame to lose.  Three sockets:
 *
 *   /run/signin/pam      0600 root    the PAM module and administrators
 *   /run/signin/public   0666         the command, screen lockers
 *   /run/signin/nss/socket   0666     the NSS module; no network behind it
 *
 * Who may send what is decided by the socket a message came in on and by the
 * kernel's word for the peer (SO_PEERCRED), never by a field: the table is
 * helper/signind/policy.c.  Clients check the other end too (channel.h).
 *
 * MESSAGES
 *
 *   u16 version | u16 type | fields...        all numbers big-endian
 *   field: u16 name | u16 length | value
 *
 * A text field's value ends in its only NUL byte, which the length counts, so
 * that a decoded message can be used in place.  ID, TICKET and SECRET are
 * exactly WIRE_ID_LENGTH of [0-9a-f].  A number field's value is a u64 within
 * its range: key serials are positive or 0 for "none".  Which fields a type
 * must and may carry, once each, is a table in message.c: a message with a
 * missing, repeated, foreign, truncated or malformed field is refused as a
 * whole (-EPROTO).  No token ever crosses a socket: those go through the kernel
 * (helper/keyring/keyring.h).
 *
 * CONVERSATIONS
 *
 * Authentication, pam socket.  BEGIN asks where the session's keys shall go;
 * the module makes them there, empty, and names them in AUTHENTICATE.
 *
 *   -> BEGIN                          <- PLACE shard, gid, id, on_no_keyring
 *   -> AUTHENTICATE user, uid, password, service, ... keep
 *                                     <- VERDICT result [ticket] [message]
 *                                        [keep]
 *
 *   KEEP in the answer: K is signind's, which revokes what is in it.  Else who
 *   made K takes it apart, unless there is a ticket.
 *   A connection that closes before the VERDICT cancels the attempt (tokens
 *   that arrive later are revoked); one that closes after it does not: sshd's
 *   keyboard-interactive child ends right there.
 *   Without KEEP (option no_session) nobody will claim the tokens: they are
 *   revoked as soon as they have proved the password.
 *
 * Opening a session, pam socket, the process that will close it:
 *
 *   -> CLAIM ticket, user, uid, start_time   <- CLAIMED id, keep, on_no_keyring
 *   -> PLACED ring                           <- VERDICT result
 *
 *   A connection that closes between the two: tokens are revoked.  A wrong,
 *   used or expired ticket, or another user's: VERDICT instead of CLAIMED.
 *
 * Also on the pam socket: ABANDON ticket (the session is somebody else's),
 * ACCOUNT user, uid, service (is this user still allowed here), CLOSE id, RENEW
 * id (unlock), SESSIONS (any number of SESSION, then VERDICT), END_ALL (the
 * host shuts down: every session ends; VERDICT when all has been revoked at the
 * providers, or shutdown_revoke_timeout has passed).
 *
 * REUSE user, uid, service, id, secret (pam socket): may this sign-in do
 * without a password, because that very session signed in so recently
 * ([access SERVICE] reuse_sign_in)?  VERDICT; WIRE_OK only if the provider
 * still honours its token.
 *
 * Directory, pam socket, for administrators: USERS, GROUPS and SHOW_USER user
 * answer with any number of ITEM, then VERDICT.  REFRESH_USERS asks the
 * directories anew: VERDICT when that has ended.  FORGET user: VERDICT.
 *
 *   USERS      name, uid, state, origin (the directory), value (immutable id)
 *   GROUPS     name, gid, state, origin, value (immutable id)
 *   SHOW_USER  name (of a property), value, origin (where it came from)
 *
 * On the nss socket: LOOKUP user [service] <- ENTRY person (people.h), or
 * VERDICT unknown_user.  It is asked only what the snapshot does not hold, and
 * answered from what signind knows.  SERVICE is the caller's program, sent
 * only by root's processes: a login service is told of a name that may sign
 * in here for the first time.
 *
 * On the public socket: KEYS user <- any number of ITEM (name "key", value: a
 * line of authorized_keys), VERDICT.
 *
 * On the public socket: VERIFY (as AUTHENTICATE, own uid only, no ticket; its
 * RHOST is not believed),
 * ACCOUNT (about oneself),
 * REFRESH id, secret [min_valid] [force] (answered when the one refresh that
 * all callers share has ended), LOGOUT id, secret.  The secret is the
 * hand-out secret of the session's record: who can read that is inside the
 * session; the peer's uid must be the session's as well.
 */
#ifndef SIGNIN_WIRE_H
#define SIGNIN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 1

/* Longest message, header included, in bytes.  A password of 4,095 bytes and
 * every other field at its longest fit. */
#define WIRE_MESSAGE_MAX 12288

/* Longest value of a text field, in bytes, without its NUL: of the password,
 * and of every other. */
#define WIRE_TEXT_MAX       4095
#define WIRE_SHORT_TEXT_MAX 1023

/* Length of a session id, a ticket and a hand-out secret: 128 random bits
 * in lower-case hexadecimal, without the NUL. */
#define WIRE_ID_LENGTH 32

enum wire_type {
    WIRE_NONE = 0,
    /* requests, pam socket */
    WIRE_BEGIN,
    WIRE_AUTHENTICATE,
    WIRE_CLAIM,
    WIRE_PLACED,
    WIRE_ABANDON,
    WIRE_ACCOUNT,
    WIRE_CLOSE,
    WIRE_RENEW,
    WIRE_SESSIONS,
    WIRE_END_ALL,
    /* requests, public socket */
    WIRE_VERIFY,
    WIRE_REFRESH,
    WIRE_LOGOUT,
    /* answers */
    WIRE_PLACE,
    WIRE_CLAIMED,
    WIRE_SESSION,
    WIRE_VERDICT,
    /* The numbers are the protocol, and modules of a version before live on in
     * running sessions: new types stand at the end.  requests, pam socket */
    WIRE_REUSE,
    WIRE_USERS,
    WIRE_GROUPS,
    WIRE_SHOW_USER,
    WIRE_REFRESH_USERS,
    WIRE_FORGET,
    /* public socket */
    WIRE_KEYS,
    /* nss socket */
    WIRE_LOOKUP,
    /* answers */
    WIRE_ITEM,
    WIRE_ENTRY,
    WIRE_TYPES /* how many there are; not a type */
};

enum wire_field {
    WIRE_FIELD_NONE = 0,
    WIRE_USER,          /* text: the name as the host knows it */
    WIRE_UID,           /* number: the uid NSS gave the module */
    WIRE_PASSWORD,      /* text, secret */
    WIRE_SERVICE,       /* text: PAM_SERVICE */
    WIRE_RHOST,         /* text: PAM_RHOST, not verified by anyone */
    WIRE_TTY,           /* text: PAM_TTY */
    WIRE_PROVIDER,      /* text: a [provider NAME] */
    WIRE_ID,            /* text: session id */
    WIRE_TICKET,        /* text, secret: claims one sign-in's tokens, once */
    WIRE_SECRET,        /* text, secret: hand-out secret */
    WIRE_SHARD,         /* number: key serial of the shard */
    WIRE_KEEP,          /* number: key serial of K */
    WIRE_RING,          /* number: key serial of S */
    WIRE_GID,           /* number: gid of _signin */
    WIRE_START_TIME,    /* number: field 22 of /proc/PID/stat, clock ticks */
    WIRE_ON_NO_KEYRING, /* number: enum wire_no_keyring */
    WIRE_MIN_VALID,     /* number: seconds the token must still be valid */
    WIRE_FORCE,         /* number: 1 = refresh even a fresh token */
    WIRE_RESULT,        /* number: enum wire_result */
    WIRE_MESSAGE,       /* text: for the person; never a secret */
    WIRE_EXPIRES_AT,    /* number: seconds since the epoch, 0 = unknown */
    WIRE_OPENED_AT,     /* number: seconds since the epoch */
    WIRE_OPENER,        /* number: pid */
    WIRE_STATE,         /* text: what a session is doing, for people */
    WIRE_RETRY_AFTER,   /* number: seconds after which asking again may help */
    WIRE_NAME,          /* text: what an ITEM is about */
    WIRE_VALUE,         /* text, up to WIRE_TEXT_MAX */
    WIRE_ORIGIN,        /* text: where it came from, for people */
    WIRE_PERSON,        /* text: a user entry of people.h */
    WIRE_FIELDS         /* how many there are; not a field */
};

/* [session] on_no_keyring: key placement is impossible. */
enum wire_no_keyring {
    WIRE_NO_KEYRING_DENY = 0,
    WIRE_NO_KEYRING_ALLOW = 1, /* let in without a token */
};

/*
 * What came of a request.  The only maps from these to PAM codes and to exit
 * statuses are pam/verdict.c and helper/signin/verdict.c.
 */
enum wire_result {
    WIRE_RESULT_NONE = 0, /* never sent; never success */
    WIRE_OK,
    WIRE_WRONG_CREDENTIALS,    /* the provider refused name or password */
    WIRE_ACCOUNT_DISABLED,     /* disabled or locked at the provider */
    WIRE_NEED_SECOND_FACTOR,   /* the provider asks for one */
    WIRE_MUST_CHANGE_PASSWORD, /* at the provider, before it signs in */
    WIRE_SLOW_DOWN,            /* the provider throttles (429) */
    WIRE_THROTTLED,            /* signind's own limits; provider not asked */
    WIRE_MISCONFIGURED,        /* the provider refuses our client, or answers
                                  with what the configuration cannot read */
    WIRE_UNAVAILABLE,          /* provider unreachable, or 5xx, in the time */
    WIRE_IDENTITY_MISMATCH,    /* the answer names somebody else, or nobody */
    WIRE_UNKNOWN_USER,         /* not a user signin may sign in here */
    WIRE_DENIED,               /* the access rules say no */
    WIRE_NO_SESSION,           /* no such session, ticket or secret */
    WIRE_REFUSED,              /* the refresh token is dead: sign in again */
    WIRE_TOO_SHORT,            /* tokens live less than MIN_VALID asks for */
    WIRE_NO_KEYS,              /* the keys are not as the layout says */
    WIRE_BAD_REQUEST,          /* malformed, or not now */
    WIRE_NOT_PERMITTED,        /* this peer may not ask that */
    WIRE_BUSY,                 /* over a limit of signind; try again */
    WIRE_INTERNAL,             /* a fault in signind; its log has more */
    WIRE_RESULTS               /* how many there are; not a result */
};

/*
 * The short stable name of a result, such as "wrong_credentials": used in
 * logs, in JSON and in manual pages.  "unknown" for a number out of range.
 */
const char *wire_result_name(enum wire_result result);

/* The name of a message type, such as "AUTHENTICATE"; "?" out of range. */
const char *wire_type_name(enum wire_type type);

/*
 * One message, encoded.  Treat the members as private.  Contains passwords
 * and tickets: every message ends in message_done(), which wipes it.
 */
struct message {
    enum wire_type type;
    size_t length;                /* bytes of data in use */
    uint16_t offset[WIRE_FIELDS]; /* of each value in data; 0 = absent */
    unsigned char data[WIRE_MESSAGE_MAX];
};

/* Begin an empty message of this type.  Nothing to free. */
void message_init(struct message *message, enum wire_type type);

/* Wipe.  Accepts NULL and a message that was never filled. */
void message_done(struct message *message);

/*
 * Append one field.  Returns 0, or -EINVAL (the type does not carry that
 * field, the field is of the other kind or cannot have that value, or it is
 * there already) or -EMSGSIZE (text too long).  The message is unchanged on
 * error.
 * A NULL text appends nothing and succeeds: the field is then absent.
 */
int message_put_text(struct message *message, enum wire_field field,
                     const char *text);
int message_put_number(struct message *message, enum wire_field field,
                       uint64_t number);

/*
 * The value of a field.  The text is NUL-terminated, inside the message, and
 * valid until message_done(); NULL if the field is absent.  The number is
 * only stored if the field is present (true).
 */
const char *message_text(const struct message *message, enum wire_field field);
bool message_number(const struct message *message, enum wire_field field,
                    uint64_t *ret_number);

/*
 * Read a packet of length bytes into *ret_message.  Returns 0, -EMSGSIZE
 * (longer than WIRE_MESSAGE_MAX), -EPROTONOSUPPORT (another WIRE_VERSION) or
 * -EPROTO (anything malformed; see "MESSAGES").  On error *ret_message is
 * wiped and empty.  Safe on hostile input: this is the fuzzed entry.
 */
int message_decode(struct message *ret_message, const void *packet,
                   size_t length);

/* Are all fields there that the type must carry?  0 or -EPROTO. */
int message_check(const struct message *message);

#endif
