/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "keys.h"
#include "load.h"

static void
answer_done(struct answer_config *answer)
{
    source_free(answer->access_token);
    source_free(answer->refresh_token);
    source_free(answer->id_token);
    source_free(answer->expires_in);
    source_free(answer->expires_in_ms);
    source_free(answer->expires_at);
    source_free(answer->scope);
    source_free(answer->message);
}

static void
request_done(struct request_config *request)
{
    free(request->method);
    template_free(request->url);
    template_body_free(request->body);
    template_free(request->authorization);
    for (size_t i = 0; i < request->header_count; i++) {
        free(request->headers[i].name);
        template_free(request->headers[i].value);
    }
    free(request->headers);
    free(request->success.ranges);
    answer_done(&request->answer);
    for (unsigned i = 0; i < OUTCOME_CLASSES; i++)
        outcome_rules_done(&request->outcomes[i]);
}

static void
provider_done(struct provider_config *provider)
{
    free(provider->name);
    free(provider->preset);
    free(provider->base_url);
    free(provider->suffix);
    free(provider->client_id);
    free(provider->client_secret);
    free(provider->scope);
    template_free(provider->login_name);
    for (unsigned i = 0; i < REQUEST_KINDS; i++)
        request_done(&provider->requests[i]);
    source_free(provider->identity_user);
    source_free(provider->identity_subject);
    for (size_t i = 0; i < provider->keep_count; i++) {
        free(provider->keep[i].name);
        source_free(provider->keep[i].source);
    }
    free(provider->keep);
    free(provider->authorization);
    free(provider->tls.ca_file);
    free(provider->tls.pin_sha256);
    free(provider->tls.client_cert);
    free(provider->tls.client_key_secret);
    free(provider->tls.proxy);
}

void
access_done(struct access_config *access)
{
    free(access->service);
    text_list_done(&access->allow_users);
    text_list_done(&access->deny_users);
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    free(config->default_provider);
    for (size_t i = 0; i < config->provider_count; i++)
        provider_done(&config->providers[i]);
    free(config->providers);
    text_list_done(&config->local_users);
    for (size_t i = 0; i < config->access_count; i++)
        access_done(&config->access[i]);
    free(config->access);
    free(config);
}
