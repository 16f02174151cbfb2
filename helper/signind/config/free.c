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

void
request_config_done(struct request_config *request)
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
tls_done(struct tls_config *tls)
{
    free(tls->ca_file);
    free(tls->pin_sha256);
    free(tls->client_cert);
    free(tls->client_key_secret);
    free(tls->proxy);
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
        request_config_done(&provider->requests[i]);
    source_free(provider->identity_user);
    source_free(provider->identity_subject);
    source_free(provider->identity_groups);
    for (size_t i = 0; i < provider->keep_count; i++) {
        free(provider->keep[i].name);
        source_free(provider->keep[i].source);
    }
    free(provider->keep);
    free(provider->authorization);
    tls_done(&provider->tls);
}

static void
user_attributes_done(struct user_attributes *attribute)
{
    free(attribute->name);
    free(attribute->subject);
    free(attribute->uid);
    free(attribute->gecos);
    free(attribute->home);
    free(attribute->shell);
    free(attribute->ssh_keys);
    free(attribute->enabled);
    free(attribute->disabled);
    free(attribute->groups);
}

static void
page_done(struct page_config *page)
{
    free(page->parameter);
    free(page->size_parameter);
    source_free(page->next);
}

static void
directory_done(struct directory_config *directory)
{
    free(directory->name);
    free(directory->preset);
    free(directory->provider);
    free(directory->issuer);
    free(directory->base_url);
    free(directory->client_id);
    free(directory->client_secret);
    free(directory->scope);
    template_free(directory->login_name);
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        request_config_done(&directory->requests[i].request);
        free(directory->requests[i].items);
    }
    free(directory->missing.ranges);
    page_done(&directory->users_page);
    page_done(&directory->groups_page);
    user_attributes_done(&directory->attribute);
    free(directory->group.name);
    free(directory->group.id);
    free(directory->group.members);
    free(directory->group.member);
    tls_done(&directory->tls);
}

void
accounts_done(struct accounts_config *accounts)
{
    free(accounts->name_pattern);
    for (size_t i = 0; i < accounts->id_count; i++)
        free(accounts->ids[i].name);
    free(accounts->ids);
    template_free(accounts->home);
    free(accounts->shell);
    free(accounts->group_prefix);
    text_list_done(&accounts->local_groups);
}

void
access_done(struct access_config *access)
{
    free(access->service);
    text_list_done(&access->allow_users);
    text_list_done(&access->deny_users);
    text_list_done(&access->allow_groups);
    text_list_done(&access->deny_groups);
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
    for (size_t i = 0; i < config->directory_count; i++)
        directory_done(&config->directories[i]);
    free(config->directories);
    accounts_done(&config->accounts);
    text_list_done(&config->local_users);
    for (size_t i = 0; i < config->access_count; i++)
        access_done(&config->access[i]);
    free(config->access);
    free(config);
}
