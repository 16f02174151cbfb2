/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: one sign-in, refresh or revocation under way: what it was asked,
 * what has come, and what comes next.
 */
#ifndef SIGNIN_CALL_H
#define SIGNIN_CALL_H

#include "answer.h"
#include "provider.h"
#include "request.h"
#include "why.h"

struct event;

struct provider_call {
    const struct provider_context *context;
    const struct provider_config *provider;
    enum request_kind kind; /* what was asked for */
    provider_done *done;
    void *done_context;
    provider_received *received; /* NULL: nobody wants to know, any more */

    /* The values of templates; NULL: none. */
    char *user;
    char *login;
    char *subject; /* what the session signed in as */
    struct secret password;
    struct secret access_token;     /* of a revocation */
    struct secret refresh_token;    /* of a refresh or revocation */
    struct request_secrets secrets; /* so that none of them is ever logged */

    int64_t deadline_ms; /* CLOCK_BOOTTIME; 0: each request's own */
    struct http_request *http;
    struct event *later;       /* ends the call from the loop */
    bool want[REQUEST_KINDS];  /* lookups still to make (lookup.c) */
    enum request_kind looking; /* the one under way */
    void (*found)(struct provider_call *call); /* ... and what follows */

    struct answer answer;
    struct provider_tokens tokens;
    struct provider_result result;
};

/* NULL: out of memory.  user may not be NULL. */
struct provider_call *call_new(const struct provider_context *context,
                               const struct provider_config *provider,
                               enum request_kind kind, const char *user,
                               provider_done *done, void *done_context);

/* Copy into the call; NULL stays NULL.  false: out of memory. */
bool call_set_secret(struct secret *secret, const char *text);

/* Wipe and free, without calling back.  Accepts NULL. */
void call_free(struct provider_call *call);

/* Call back with call->result, then free.  Only from the event loop. */
void call_finish(struct provider_call *call);

/* The same, from the event loop, soon. */
void call_finish_later(struct provider_call *call);

/* End with WIRE_INTERNAL, as call_finish(). */
void call_fail(struct provider_call *call, const char *what);

/*
 * What no log may show, into items, which has room for the result of
 * call_secrets_room().
 */
size_t call_secrets_room(const struct provider_call *call);
struct why_secrets call_secrets(const struct provider_call *call,
                                const char **items);

/*
 * Build the request from its configuration and start it.  done's context is
 * the call.  If that fails the result is filled and the call ends from the
 * loop (call_finish_later).
 */
void request_start(struct provider_call *call, enum request_kind kind,
                   http_done *done);

/*
 * Judge the answer to `kind` into call->result (outcome.h).  answer is where
 * its documents are; NULL: call->answer.  Returns the result.
 */
enum wire_result call_judge(struct provider_call *call, enum request_kind kind,
                            const struct http_answer *http,
                            const struct answer *answer);

/*
 * Make the lookups in call->want (userinfo, introspection), one after
 * another, into call->answer; then call->found(call).  Ends the call if one
 * fails: at sign-in with what it means; at refresh as WIRE_REFUSED where the
 * provider says so.  A refreshed token whose check cannot be made for now
 * stands: the provider itself renewed it, and the next refresh checks again.
 */
void lookup_next(struct provider_call *call);

/* Ask for the lookups this source needs. */
void lookup_want(struct provider_call *call, const struct source *source);

/*
 * identity: is it the user that asked?  Each fills call->result if not.
 *
 * sign_in: identity.user against the login name; sets call->tokens.subject
 * and the groups.
 * refresh: the subject, or where none can be compared the user, against what
 * the session signed in as; an answer that names nobody passes, since only
 * this session's refresh token asked for it.
 */
bool identity_check_sign_in(struct provider_call *call);
bool identity_check_refresh(struct provider_call *call);

#endif
