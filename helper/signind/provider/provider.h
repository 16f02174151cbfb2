/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: what an identity provider can do for a session: sign in, refresh,
 * revoke.  Everything a provider says or is asked comes from its
 * struct provider_config; nothing here knows any product.
 *
 * All calls are asynchronous: done() is called exactly once, later, from the
 * event loop, unless the call is cancelled.  A struct provider_call belongs
 * to this room until then; the struct provider_context and provider_config
 * it was given, and the context's http, must live as long.
 */
#ifndef SIGNIN_PROVIDER_H
#define SIGNIN_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "signind/config/config.h"
#include "signind/http.h"
#include "wire/memory.h"
#include "wire/wire.h"

/* Limits on what is taken from an answer, in bytes. */
#define PROVIDER_ACCESS_TOKEN_MAX  32767 /* a "user" key's payload */
#define PROVIDER_REFRESH_TOKEN_MAX 24576
#define PROVIDER_SUBJECT_MAX       1024
#define PROVIDER_KEEP_MAX          1024 /* each kept field */
#define PROVIDER_GROUP_MAX         255  /* a group's name */
#define PROVIDER_GROUPS_MAX        4096 /* how many */

struct provider_kept {
    char *name;
    char *value;
};

/* A group that a sign-in names (identity.groups): printable, without control
 * characters.  id is the same text: claims have nothing else. */
struct provider_group {
    char *id;
    char *name;
};

/* What came back: the tokens and what is kept with them. */
struct provider_tokens {
    struct secret access_token;
    struct secret refresh_token; /* empty: none came (keep the old one) */
    int64_t expires_at_s;        /* epoch seconds, by our clock; 0: unknown */
    char *subject;               /* NULL: not configured or not there */
    struct provider_kept *kept;
    size_t kept_count;
    /* Of a sign-in.  groups_known: its answer has a list of them, perhaps an
     * empty one; false: not configured, not there, or of no use. */
    struct provider_group *groups;
    size_t group_count;
    bool groups_known;
};
void provider_tokens_done(struct provider_tokens *tokens);

struct provider_result {
    enum wire_result result;
    /* Why, for one log line: "403 sign_in", "/error=invalid_grant", "curl:
     * ...".  No secret, printable ASCII.  With WIRE_OK: "200 sign_in", and
     * after a comma what is odd (a scope not granted, clocks that differ). */
    char why[256];
    unsigned retry_after_s; /* 0: none said */
    bool sent; /* not WIRE_OK: the provider may have done it all the same */
    /* Of a sign-in, with WIRE_UNAVAILABLE: nobody was there.  No name, no
     * connection, or no time left and not one byte from the provider (or the
     * proxy) on its connection.  Never with an answer of any kind. */
    bool unreachable;
};

struct provider_call;
typedef void provider_done(void *context, const struct provider_result *result,
                           struct provider_tokens *tokens);

/* Shared by all calls.  Borrowed. */
struct provider_context {
    struct http *http;
    const char *host_name; /* {{host}} */
    /* Returns a secret's value (borrowed until the next call), or NULL. */
    const char *(*secret)(void *context, const char *name);
    void *secret_context;
    /* NULL, or told while an answer is read which field gave which value:
     * "access token", "/access_token, a JWT of 812 bytes".  Never a secret. */
    void (*trace)(void *context, const char *step, const char *detail);
    void *trace_context;
};

/*
 * Sign in: request, outcome, identity check (from the whole answer, before
 * anything is dropped; userinfo or introspection as the configuration asks),
 * groups, kept fields.  WIRE_OK only if an access token came and the answer
 * names the user.  Tokens that came but may not be used are in *tokens all the
 * same (e.g. with WIRE_IDENTITY_MISMATCH): the caller revokes them.  done()
 * takes what it wants out of *tokens; the rest is wiped after it returns. rhost
 * may be NULL.  NULL return: out of memory; done is not called.
 */
struct provider_call *provider_sign_in(const struct provider_context *context,
                                       const struct provider_config *provider,
                                       const char *user, const char *password,
                                       provider_done *done, void *done_context);

/*
 * Refresh (RFC 6749, 6).  Results: WIRE_OK, WIRE_REFUSED (the refresh token
 * is dead), or as above.  subject: what the session signed in as, or NULL; an
 * answer that names another is WIRE_IDENTITY_MISMATCH.
 *
 * check_at_refresh that says no is WIRE_REFUSED.  One that cannot be asked
 * for now (unreachable, 5xx, 429) leaves the refresh WIRE_OK, and why says
 * "not checked": the old refresh token is spent, and the next one checks.
 */
struct provider_call *provider_refresh(const struct provider_context *context,
                                       const struct provider_config *provider,
                                       const char *user, const char *subject,
                                       const char *refresh_token,
                                       provider_done *done, void *done_context);

/*
 * Revoke one token (RFC 7009 or the provider's own way): WIRE_OK if the
 * answer's status is in the request's success list.  kind:
 * REQUEST_REVOKE_ACCESS or REQUEST_REVOKE_REFRESH.  Tokens that are not
 * there are NULL.  tokens in done() is NULL.
 */
struct provider_call *provider_revoke(const struct provider_context *context,
                                      const struct provider_config *provider,
                                      enum request_kind kind, const char *user,
                                      const char *subject,
                                      const char *access_token,
                                      const char *refresh_token,
                                      provider_done *done, void *done_context);

/*
 * Does the provider honour an access token at this moment?  Asked by
 * check_at_refresh, else by introspection (RFC 7662), else by userinfo (OpenID
 * Connect Core, 5.3).  WIRE_OK; WIRE_REFUSED: not active, or 401 or 403;
 * WIRE_IDENTITY_MISMATCH: another's; anything else: it cannot be told, which
 * is no yes.  There is nothing in done()'s tokens.
 * NULL: out of memory, or none of these is configured (provider_can_check).
 */
bool provider_can_check(const struct provider_config *provider);
struct provider_call *provider_check(const struct provider_context *context,
                                     const struct provider_config *provider,
                                     const char *user, const char *subject,
                                     const char *access_token,
                                     provider_done *done, void *done_context);

/*
 * Be told that tokens have come while more is still to be asked about them
 * (userinfo, introspection): nobody else knows of them, and who dies meanwhile
 * must have kept them.  Whose they are is not known yet.  tokens are borrowed;
 * refresh_token may be empty, the rest is not there yet.  At most once, before
 * done(), from the event loop.  Gets done's context.
 */
typedef void provider_received(void *context,
                               const struct provider_tokens *tokens);
void provider_watch(struct provider_call *call, provider_received *received);

/* Give up; done is not called.  Accepts NULL. */
void provider_cancel(struct provider_call *call);

/* The name to sign in with (login_name), or NULL: wipe_free().  */
char *provider_login(const struct provider_context *context,
                     const struct provider_config *provider, const char *user);

#endif
