/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake-provider.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *
fake_secret(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "client") == 0)
        return "s3cret & more";
    return strcmp(name, "key") == 0 ? "api-key-1" : NULL;
}

static void
fake_complain(void *context, const char *file, unsigned line,
              const char *message)
{
    (void)context;
    warnx("%s:%u: %s", file, line, message);
}

static struct config *
fake_config(struct fake_idp *idp, const char *text)
{
    const struct config_paths paths = {
        .vendor = "/nonexistent/vendor.conf",
        .main = fake_idp_file(idp, "signin.conf"),
        .dropins = "/nonexistent",
        .presets = PRESETS,
        .owner = getuid(),
    };
    FILE *file = fopen(paths.main, "w");
    struct config *config;

    if (file == NULL)
        err(1, "%s", paths.main);
    fprintf(file,
            "[signin]\nconfig_version = 1\n"
            "[access]\nallow_users = *\n"
            "[provider fake]\nbase_url = %s\nca_file = %s\n%s\n",
            fake_idp_url(idp, FAKE_GOOD, ""), fake_idp_file(idp, "ca.crt"),
            text);
    if (fclose(file) != 0)
        err(1, "%s", paths.main);
    config = config_load(&paths, fake_complain, NULL);
    if (config == NULL)
        errx(1, "that is no configuration:\n%s", text);
    return config;
}

void
fake_provider_start(struct fake_provider *fake, struct fake_idp *idp,
                    const char *text)
{
    *fake = (struct fake_provider){.idp = idp};
    fake_idp_reset(idp);
    fake->base = event_base_new();
    fake->context = (struct provider_context){
        .http = http_new(fake->base),
        .host_name = "host.example",
        .secret = fake_secret,
    };
    if (fake->base == NULL || fake->context.http == NULL)
        errx(1, "fake_provider_start");
    fake->config = fake_config(idp, text);
    fake->provider = config_provider(fake->config, "fake");
}

void
fake_provider_stop(struct fake_provider *fake)
{
    provider_tokens_done(&fake->tokens);
    config_free(fake->config);
    http_free(fake->context.http);
    event_base_free(fake->base);
}

void
fake_provider_done(void *context, const struct provider_result *result,
                   struct provider_tokens *tokens)
{
    struct fake_provider *fake = context;

    if (fake->done)
        errx(1, "done() was called twice");
    fake->done = true;
    fake->result = *result;
    fake->had_tokens = tokens != NULL;
    if (tokens != NULL) {
        fake->tokens = *tokens;
        *tokens = (struct provider_tokens){0};
    }
}

/* Forget the last call. */
static void
fake_begin(struct fake_provider *fake)
{
    provider_tokens_done(&fake->tokens);
    fake->done = false;
    fake->had_tokens = false;
    memset(&fake->result, 0, sizeof(fake->result));
}

void
fake_provider_wait(struct fake_provider *fake)
{
    while (!fake->done)
        if (event_base_loop(fake->base, EVLOOP_ONCE) != 0)
            errx(1, "nothing left to wait for");
}

/* call was just started. */
static void
fake_run(struct fake_provider *fake, struct provider_call *call)
{
    if (call == NULL)
        errx(1, "no call");
    if (fake->done)
        errx(1, "done() was called too early");
    fake_provider_wait(fake);
}

void
fake_sign_in(struct fake_provider *fake, const char *user, const char *password)
{
    fake_begin(fake);
    fake_run(fake, provider_sign_in(&fake->context, fake->provider, user,
                                    password, fake_provider_done, fake));
}

void
fake_refresh(struct fake_provider *fake, const char *user, const char *subject,
             const char *refresh_token)
{
    fake_begin(fake);
    fake_run(fake,
             provider_refresh(&fake->context, fake->provider, user, subject,
                              refresh_token, fake_provider_done, fake));
}

void
fake_revoke(struct fake_provider *fake, enum request_kind kind,
            const char *access_token, const char *refresh_token)
{
    fake_begin(fake);
    fake_run(fake, provider_revoke(&fake->context, fake->provider, kind,
                                   "alice", "subject-1", access_token,
                                   refresh_token, fake_provider_done, fake));
}

const char *
fake_kept(const struct fake_provider *fake, const char *name)
{
    for (size_t i = 0; i < fake->tokens.kept_count; i++)
        if (strcmp(fake->tokens.kept[i].name, name) == 0)
            return fake->tokens.kept[i].value;
    return NULL;
}
