/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake-provider: a provider configuration that points at a fake-idp, and
 * calls of signind/provider run to their end.  Ends the test program where
 * something fails that no test is about.
 */
#ifndef SIGNIN_FAKE_PROVIDER_H
#define SIGNIN_FAKE_PROVIDER_H

#include "fake-idp.h"
#include "signind/config/config.h"
#include "signind/provider/provider.h"

struct fake_provider {
    struct fake_idp *idp;
    struct event_base *base;
    struct provider_context context;
    struct config *config;
    const struct provider_config *provider;

    /* What came of the last call. */
    bool done;
    bool had_tokens; /* done() was given some, if only empty ones */
    struct provider_result result;
    struct provider_tokens tokens;
};

/*
 * text: lines of [provider fake], after base_url (the server's good port) and
 * ca_file.  The secrets "client" and "key" are readable.
 */
void fake_provider_start(struct fake_provider *fake, struct fake_idp *idp,
                         const char *text);
void fake_provider_stop(struct fake_provider *fake);

/* A provider_done, whose context is the fake_provider. */
provider_done fake_provider_done;

/* Run the loop until fake_provider_done() is called. */
void fake_provider_wait(struct fake_provider *fake);

void fake_sign_in(struct fake_provider *fake, const char *user,
                  const char *password);
void fake_refresh(struct fake_provider *fake, const char *user,
                  const char *subject, const char *refresh_token);
void fake_revoke(struct fake_provider *fake, enum request_kind kind,
                 const char *access_token, const char *refresh_token);

/* The value of a kept field, or NULL. */
const char *fake_kept(const struct fake_provider *fake, const char *name);

#endif
