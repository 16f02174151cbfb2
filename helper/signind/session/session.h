/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: the live sessions, their refresh schedule, and their end.
 *
 * The kernel is the database: what a session is stands in the record in its
 * "signin:private" key (store.c), and struct session is what signind works
 * with until it is restarted.  Tokens stay in the kernel; only a session that
 * is being revoked, and has no K of its own, holds them in memory.
 *
 *   PENDING    signed in, ticket not claimed yet
 *   CLAIMED    ticket claimed, the module is making S
 *   LIVE       S is in somebody's session keyring; refreshed on schedule
 *   CLOSING    ended on this host; being revoked at the provider
 */
#ifndef SIGNIN_SESSION_H
#define SIGNIN_SESSION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "keyring/keyring.h"
#include "keyring/record.h"
#include "signind/config/config.h"
#include "signind/provider/provider.h"
#include "wire/memory.h"
#include "wire/wire.h"

#include "pace.h"

enum session_state {
    SESSION_NONE = 0,
    SESSION_PENDING,
    SESSION_CLAIMED,
    SESSION_LIVE,
    SESSION_CLOSING
};

/* How a live session's tokens fare; in its record for `signin status`. */
enum session_health {
    HEALTH_LIVE = 0,
    HEALTH_UNAVAILABLE, /* the last refresh failed; it is tried again */
    HEALTH_REFUSED      /* the provider refused: sign in again */
};

/* Somebody who waits for the refresh that is under way (peer.c). */
struct session_waiter {
    TAILQ_ENTRY(session_waiter) link;
    void (*done)(struct session_waiter *waiter, enum wire_result result);
    int64_t min_valid_s;
};

struct session_table;
struct pace;
struct circuit;

struct session {
    TAILQ_ENTRY(session) bucket; /* in the table's hash */
    struct session_table *table;
    struct keyring_session keys; /* keep == 0: no keys, tokens in memory */
    key_serial_t shard;
    enum session_state state;
    enum session_health health;
    int64_t health_since_s;
    char *reason;                /* REFUSED: our words for the user; or NULL */
    bool enforced;               /* REFUSED: on_refusal has been asked for */
    bool enforce_failed;         /* ... could not be, and that has been said */
    enum wire_result refused_as; /* while call is under way: afterwards */
    bool quiet; /* its trouble is the provider's, which one line has told */
    char *user, *provider, *subject;
    char *service, *tty, *rhost;
    uid_t uid;
    char ticket[WIRE_ID_LENGTH + 1];
    int64_t ticket_until_s; /* epoch */
    char secret[WIRE_ID_LENGTH + 1];
    int64_t opened_at_s, refreshed_at_s;
    int64_t expires_at_s;     /* 0: unknown */
    int64_t lifetime_s;       /* of the present access token */
    int64_t previous_until_s; /* the replaced one's end; 0: none is kept */
    bool parked;              /* the access token is out of S */
    bool received;            /* new tokens are kept, but not checked yet */
    bool unwritten;           /* its pocket or record is not as it should be */
    bool renewable;           /* there is a refresh token */
    bool refresh_lost; /* recovered: one was under way, no answer known */
    /* refresh */
    int64_t refresh_at_ms; /* epoch ms; 0: not planned */
    unsigned backoff_ms;
    struct provider_call *call;
    TAILQ_HEAD(, session_waiter) waiters;
    struct event *timer;
    /* signed in offline (late.c) */
    bool offline;           /* there are no tokens yet */
    bool late_asked;        /* they are being asked for */
    bool late_shown;        /* the provider may have seen the password */
    unsigned odd_answers;   /* which nobody could understand */
    struct secret password; /* to ask with; empty: signind was restarted */
    /* opener */
    pid_t opener;
    uint64_t opener_start; /* clock ticks since boot */
    int opener_fd;
    struct event *opener_event;
    /* end */
    int64_t closed_at_s;
    unsigned revoked; /* bits 1 << enum request_kind that are done */
    bool refreshed_to_revoke;
    struct secret access_token, refresh_token; /* see above */
    /* The refused session whose K has these too, until they are revoked. */
    char refused_id[KEYRING_ID_LENGTH + 1];
};

/* How the clocks stood to each other when they were last compared. */
struct session_clock {
    int fd; /* timerfd(2), which is told when the clock is set; -1: none */
    struct event *event;
    int64_t wall_ms;  /* CLOCK_REALTIME less CLOCK_BOOTTIME */
    int64_t slept_ms; /* CLOCK_BOOTTIME less CLOCK_MONOTONIC */
};

/* What the sessions need of the daemon.  Borrowed; config may be replaced. */
struct session_table {
    struct event_base *base;
    const struct config *config;
    struct provider_context provider_context;
    struct keyring_anchor anchor;
    gid_t gid;
    TAILQ_HEAD(session_bucket, session) buckets[1024];
    size_t count;
    struct event *sweep;
    SLIST_HEAD(, pace) paces;
    SLIST_HEAD(, circuit) circuits;
    /* A provider that a reload dropped; NULL: none.  May be NULL itself. */
    const struct provider_config *(*former_provider)(void *context,
                                                     const char *name);
    void *former_context;
    /* Root is to look (wire/enforce.h); NULL: it does by itself. */
    void (*enforce)(void *context);
    void *enforce_context;
    bool openers_died; /* root's files of their sessions are there still */
    /* Ask the directory about a session's user beside its refresh, and
     * session_refuse() if need be (check_at_refresh = directory); NULL: not. */
    void (*recheck)(void *context, const struct session *session);
    void *recheck_context;
    /* Ask for the tokens of a session that was signed in offline, beginning
     * with the directory: leads to session_late_send() or session_late_stop(),
     * perhaps at once.  false: no memory. */
    bool (*late_begin)(void *context, struct session *session);
    /* The provider has answered: whose tokens are these, and may they in? */
    enum wire_result (*late_accept)(void *context, struct session *session,
                                    const struct provider_result *result,
                                    const struct provider_tokens *tokens);
    void *late_context;
    /* Told of every session_refuse(); NULL: nobody is. */
    void (*refused)(void *context, const struct session *session,
                    enum wire_result result);
    void *refused_context;
    const char *runtime; /* where requests go; NULL: CHANNEL_DIRECTORY */
    struct session_clock clock;
    bool anchor_lost; /* and it has been said */
};

/* ---- table.c ---- */
int session_table_start(struct session_table *table);
void session_table_stop(struct session_table *table);
/* What is done every few seconds: look at the clock, and at all keys. */
void session_table_look(struct session_table *table);
/* NULL if there is none. */
struct session *session_find(struct session_table *table, const char *id);
/* The session of a ticket that is not claimed yet. */
struct session *session_find_ticket(struct session_table *table,
                                    const char *ticket);
/* Is it the session's hand-out secret?  Compared in constant time. */
bool session_has_secret(const struct session *session, const char *secret);
/* A new one, in the table under its id; NULL: no memory. */
struct session *session_new(struct session_table *table, const char *id);
/* Out of the table and freed; keys are not touched. */
void session_free(struct session *session);
/* Call each() on all; each() may free the session it is given. */
void session_each(struct session_table *table,
                  void (*each)(struct session *session, void *context),
                  void *context);
int64_t session_now_ms(void); /* CLOCK_REALTIME */
int64_t session_now_s(void);
/* The session's provider in today's configuration, or NULL. */
const struct provider_config *session_provider(const struct session *session);
/* Replace a string member.  -ENOMEM leaves the old one. */
int session_set(char **member, const char *value);
const char *session_state_name(const struct session *session);

/* ---- load.c, store.c, renewal.c: struct session <-> the kernel ---- */
/* The refresh token of the private record; -ENOENT: none. */
int session_load_refresh_token(const struct session *session,
                               struct secret *ret_token);
int session_load_access_token(const struct session *session,
                              struct secret *ret_token);
/* The access token before the present one, while it may be alive. */
int session_load_previous_token(const struct session *session,
                                struct secret *ret_token);
/* An access token that may not have reached its pocket when signind died. */
int session_load_coming_token(const struct session *session,
                              struct secret *ret_token);
/* Whatever copy of the access token there is, for its revocation: the session
 * itself can destroy its own (keyctl_invalidate(3)). */
int session_load_last_token(const struct session *session,
                            struct secret *ret_token);
/* Put such a token into its pocket, with the timeout its expiry asks for. */
int session_finish_renewal(struct session *session);
/* The same while it lives, and its record: where they could not be written, or
 * somebody has destroyed them, or the clock was set. */
int session_write_token(struct session *session);
/* Has the kernel got these tokens, whatever else failed?  Has it got the
 * refresh token, if one came? */
bool session_has_saved(const struct session *session,
                       const struct provider_tokens *tokens);
bool session_has_saved_refresh(const struct session *session,
                               const struct provider_tokens *tokens);
/* A refresh has brought tokens that are still being checked: keep them, so that
 * a crash loses none.  When its answer is whole: session_take_renewal(). */
void session_receive_renewal(struct session *session,
                             const struct provider_tokens *tokens);
void session_take_renewal(struct session *session);
/* When it is not, and the session goes on with what it had: nobody will use
 * that access token.  K keeps it until it can be revoked, or it is now. */
void session_leave_renewal(struct session *session,
                           struct provider_tokens *tokens);
/* Revoke the access token before the present one now. */
void session_discard_previous(struct session *session);
/* The present access token is about to be replaced, by session_save_tokens():
 * call before expires_at_s changes. */
void session_supersede(struct session *session);
/* Write the private record; refresh_token NULL: keep the one that is there,
 * "": remove it, and the copy of the access token.  in_flight_s: 0, or since
 * when a refresh is under way: then there is room in the kernel for what its
 * answer brings, or -EDQUOT. */
int session_save_private(struct session *session, const char *refresh_token,
                         int64_t in_flight_s);
/* The same in full.  NULL tokens stay as they are; "" removes.  coming_token: a
 * copy of the access token, which its pocket has or is about to get. */
int session_write_private(struct session *session, const char *refresh_token,
                          const char *previous_token, const char *coming_token,
                          int64_t in_flight_s);
/* Write what came from the provider, in the order that survives a crash
 * (refresh token, access token, its timeout, record). */
int session_save_tokens(struct session *session,
                        const struct provider_tokens *tokens);
/* Write the session's record; kept fields NULL: those that are there stay. */
int session_save_record(struct session *session,
                        const struct provider_tokens *tokens);
/* Read the private record back (recovery).  -EPROTO: not filled. */
int session_load(struct session *session);
/* Whose it is, at which provider and until when, from the record that the
 * session itself reads.  -EPROTO: not filled. */
int session_load_shared(struct session *session);

/* ---- sign_in.c ---- */
/* Keep under K what a sign-in brought, before it is known whose it is: should
 * signind die now, recovery revokes it.  session_begin() writes over it. */
int session_receive(struct session_table *table, key_serial_t keep,
                    const char *expected_id, const struct session *who,
                    const struct provider_tokens *tokens);
/* Keep what a sign-in brought, under K, until its ticket is claimed.  0 and a
 * ticket in session->ticket; on error the caller revokes. */
int session_begin(struct session_table *table, key_serial_t keep,
                  const char *expected_id, const struct session *who,
                  const struct provider_tokens *tokens,
                  struct session **ret_session);
/* The same for somebody whom this host alone has let in: there are no tokens
 * yet.  Takes the password; subject: NULL if it is not known. */
int session_begin_offline(struct session_table *table, key_serial_t keep,
                          const char *expected_id, const struct session *who,
                          const char *subject, struct secret *password,
                          struct session **ret_session);
/* Revoke what a sign-in brought and nobody will own.  It is under K until that
 * is done; false: K has no room for it, the caller revokes. */
bool session_discard_in(struct session_table *table, key_serial_t keep,
                        const char *expected_id, const struct session *who,
                        const struct provider_tokens *tokens);
/* Nobody will own these tokens: revoke them at the provider.  Takes them. */
void session_discard(struct session_table *table, const char *provider,
                     const char *user, struct provider_tokens *tokens);
/* The same for those of a refused session.  Its K has a copy until the end, in
 * case signind dies before; then session_refused_revoked() is called. */
void session_discard_refused(const struct session *refused,
                             struct provider_tokens *tokens);
/* The module holds S: the session lives. */
enum wire_result session_live(struct session *session, key_serial_t ring);

/* ---- schedule.c ---- */
/* Plan the next refresh if none is planned, and set the timer. */
void session_schedule(struct session *session);
/* Set the timer for what is due next. */
void session_arm(struct session *session);
/* Is there anything to ask the provider with: a refresh token, or the password
 * of a session that was signed in offline? */
bool session_can_renew(const struct session *session);

/* ---- refresh.c ---- */
/* Send the one refresh.  asked: somebody waits for it.  WIRE_OK: it is under
 * way; else why it cannot be. */
enum wire_result session_refresh(struct session *session, bool asked);
/* Do what is due: refresh, park, give up a ticket. */
void session_due(struct session *session);
/* The answer to a refresh is lost: if that may have spent the refresh token,
 * plan the next try for the end of the access token's life. */
void session_refresh_was_lost(struct session *session);

/* ---- refusal.c ---- */
/*
 * The provider or the directory has said no, for good: the tokens are dropped
 * and revoked, and on_refusal is asked for.  Only LIVE; if a refresh is under
 * way, after its answer.  why: for the log.
 */
void session_refuse(struct session *session, enum wire_result result,
                    const char *why);
/* After a restart: revoke what a refused session's K has still. */
void session_refuse_on(struct session *session);
/* The tokens of the refused session with that id are dead, or given up. */
void session_refused_revoked(struct session_table *table, const char *id);
/* Ask for what on_refusal says, unless that has been done. */
void session_enforce(struct session *session);
/* Where openers have died without closing: have root remove its files. */
void session_enforce_sweep(struct session_table *table);
/* For the person: "your account is disabled". */
const char *session_refusal_reason(enum wire_result result);
/* Is the user kept out until the next sign-in with a password? */
bool session_user_locked(const struct session_table *table, const char *user);
/* That has happened. */
void session_unlock_user(const struct session_table *table, const char *user);

/* ---- late.c: a session that was signed in offline ---- */
/* Does it wait for its time to ask for tokens? */
bool session_is_late(const struct session *session);
/* When to ask for them first, epoch ms. */
int64_t session_late_first_ms(void);
/* Ask for them; results as session_refresh() has them. */
enum wire_result session_sign_in_late(struct session *session, bool asked);
/* The directory has nothing against it: ask the provider. */
void session_late_send(struct session *session);
/* It has, or cannot be asked. */
void session_late_stop(struct session *session, enum wire_result result,
                       const char *why);
/* Passwords are not to be kept any more ([offline] cached_sign_in). */
void session_late_forget(struct session_table *table);

/* ---- wait.c ---- */
/*
 * Wait until the token is valid for waiter->min_valid_s more seconds: done()
 * is called at once, or when the refresh that all share has ended.
 */
void session_wait(struct session *session, struct session_waiter *waiter,
                  bool force);
void session_unwait(struct session *session, struct session_waiter *waiter);
/* A refresh has ended: answer those who waited for it. */
void session_answer(struct session *session, enum wire_result result);

/* ---- close.c ---- */
/* Is a replaced access token revoked by itself?  Not where the provider has no
 * such request, or one that needs a live token (refresh_first): that is a
 * logout, which ends the whole session. */
bool session_ends_previous(const struct session *session);
/* End it on this host at once, and at the provider in the background.  The
 * session may be freed when this returns.  why: for the log. */
void session_close(struct session *session, const char *why);
/* Go on with a closing session (after a restart, or a refresh). */
void session_revoke(struct session *session);

/* ---- clock.c ---- */
/* From now on, notice when the clock is set and when the host has slept. */
void session_clock_start(struct session_table *table);
void session_clock_stop(struct session_table *table);
/* Has that happened?  Then see to all sessions. */
void session_clock_check(struct session_table *table);
/* The clock was set forward by so much: all the session's times move along. */
void session_shift(struct session *session, int64_t step_s);

/* ---- keys.c ---- */
/*
 * Are a live session's keys what they were?  Anybody in it can invalidate
 * those that it reads, and root can do anything.  false: they were not, and it
 * has been closed (it may have been freed).
 */
bool session_check_keys(struct session *session);
/* What only root can have destroyed is gone, and with it the only refresh
 * token: revoke what is left and end it.  It may have been freed. */
void session_lose_keys(struct session *session);
/* Say once that new sessions have no place; `signind --prepare` makes one. */
void session_check_anchor(struct session_table *table);

/* ---- opener.c ---- */
/* Close the session when the process that opened it ends.  -ESRCH: it has, or
 * its number is another process's by now. */
int session_watch_opener(struct session *session);
void session_unwatch_opener(struct session *session);

/* ---- recovery.c ---- */
/* Rebuild every session from the kernel after a restart. */
int session_recover(struct session_table *table);

#endif
