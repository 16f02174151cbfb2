/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "view.h"

#define COUNT(table)       (sizeof(table) / sizeof((table)[0]))
#define AT(member)         offsetof(struct provider_config, member)
#define IN_REQUEST(member) offsetof(struct request_config, member)
#define ANSWER(member)     IN_REQUEST(answer.member)
#define OUTCOME(class)                                                         \
    (IN_REQUEST(outcomes) + (class) * sizeof(struct outcome_rules))

static const struct key_rule provider_rules[] = {
    {.key = "preset", .parse = key_deferred},
    {.key = "base_url", .parse = key_base_url, .offset = AT(base_url)},
    {.key = "suffix", .parse = key_suffix, .offset = AT(suffix)},
    {.key = "login_name", .parse = key_login_name, .offset = AT(login_name)},
    {.key = "client_id", .parse = key_text, .offset = AT(client_id)},
    {.key = "client_secret",
     .parse = key_secret_name,
     .offset = AT(client_secret)},
    {.key = "client_auth", .parse = key_client_auth, .offset = AT(client_auth)},
    {.key = "scope", .parse = key_text, .offset = AT(scope)},
    {.key = "identity.user", .parse = key_source, .offset = AT(identity_user)},
    {.key = "identity.subject",
     .parse = key_source,
     .offset = AT(identity_subject)},
    {.key = "identity.groups",
     .parse = key_source,
     .offset = AT(identity_groups)},
    {.key = "identity.compare",
     .parse = key_choice_bool,
     .offset = AT(identity_ignore_case),
     .words = "exact ignore_case"},
    {.key = "identity.check",
     .parse = key_choice_bool,
     .offset = AT(identity_accepted_password),
     .words = "required accepted_password"},
    {.key = "keep.", .parse = key_keep},
    {.key = "revoke", .parse = key_deferred},
    {.key = "authorization",
     .parse = key_authorization,
     .offset = AT(authorization)},
    {.key = "grace", .parse = key_seconds, .offset = AT(grace_s), .max = 3600},
    {.key = "check_at_refresh", .parse = key_check_at_refresh},
    {.key = "ca_file", .parse = key_path, .offset = AT(tls.ca_file)},
    {.key = "pin_sha256", .parse = key_pin, .offset = AT(tls.pin_sha256)},
    {.key = "client_cert", .parse = key_path, .offset = AT(tls.client_cert)},
    {.key = "client_key_secret",
     .parse = key_secret_name,
     .offset = AT(tls.client_key_secret)},
    {.key = "proxy", .parse = key_proxy, .offset = AT(tls.proxy)},
    {.key = "allow_http_loopback",
     .parse = key_yes_no,
     .offset = AT(tls.allow_http_loopback)},
    {.key = "connect_timeout",
     .parse = key_milliseconds,
     .offset = AT(connect_timeout_ms),
     .min = 1000,
     .max = 60000},
    {.key = "request_timeout",
     .parse = key_milliseconds,
     .offset = AT(request_timeout_ms),
     .min = 1000,
     .max = 300000},
    {.key = "sign_in_timeout",
     .parse = key_milliseconds,
     .offset = AT(sign_in_timeout_ms),
     .min = 1000,
     .max = 300000},
    {.key = "max_answer",
     .parse = key_size,
     .offset = AT(max_answer),
     .min = 1024,
     .max = 16 * 1024 * 1024},
    /* Of the grammar, and of later versions. */
    {.key = "issuer",
     .parse = key_never,
     .words = "there is no discovery yet; write sign_in.url and the other "
              "URLs"},
    {.key = "methods", .parse = key_later, .words = "password"},
    {.key = "audience", .parse = key_later, .words = ""},
    {.key = "device.qr", .parse = key_later, .words = "auto"},
    {.key = "device.", .parse = key_never, .words = "remove the line"},
};

static const struct key_rule request_rules[] = {
    {.key = "url", .parse = key_url, .offset = IN_REQUEST(url)},
    {.key = "method", .parse = key_method, .offset = IN_REQUEST(method)},
    {.key = "format",
     .parse = key_choice,
     .offset = IN_REQUEST(format),
     .words = "none form json"},
    {.key = "body", .parse = key_deferred},
    {.key = "authorization",
     .parse = key_header_value,
     .offset = IN_REQUEST(authorization)},
    {.key = "success", .parse = key_statuses, .offset = IN_REQUEST(success)},
    {.key = "header.", .parse = key_header},
    {.key = "answer.message", .parse = key_source, .offset = ANSWER(message)},
    {.key = "result.wrong_credentials",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_WRONG_CREDENTIALS)},
    {.key = "result.account_disabled",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_ACCOUNT_DISABLED)},
    {.key = "result.need_second_factor",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_NEED_SECOND_FACTOR)},
    {.key = "result.must_change_password",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_MUST_CHANGE_PASSWORD)},
    {.key = "result.slow_down",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_SLOW_DOWN)},
    {.key = "result.refused",
     .parse = key_outcomes,
     .offset = OUTCOME(OUTCOME_REFUSED)},
};

/* Only answers that bring tokens. */
static const struct key_rule token_rules[] = {
    {.key = "answer.access_token",
     .parse = key_source,
     .offset = ANSWER(access_token)},
    {.key = "answer.refresh_token",
     .parse = key_source,
     .offset = ANSWER(refresh_token)},
    {.key = "answer.expires_in",
     .parse = key_source,
     .offset = ANSWER(expires_in)},
    {.key = "answer.expires_in_ms",
     .parse = key_source,
     .offset = ANSWER(expires_in_ms)},
    {.key = "answer.expires_at",
     .parse = key_source,
     .offset = ANSWER(expires_at)},
    {.key = "answer.scope", .parse = key_source, .offset = ANSWER(scope)},
    {.key = "answer.id_token",
     .parse = key_never,
     .words = "ID tokens are not verified yet; take identity.user from "
              "access:, userinfo: or introspect:"},
};

static const struct key_rule revoke_rules[] = {
    {.key = "refresh_first",
     .parse = key_yes_no,
     .offset = IN_REQUEST(refresh_first)},
};

/* The tables of a request's keys; NULL, 0 beyond the last. */
static const struct key_rule *
request_table(enum request_kind kind, unsigned index, size_t *ret_count)
{
    if (index == 0) {
        *ret_count = COUNT(request_rules);
        return request_rules;
    }
    if (index == 1 && (kind == REQUEST_SIGN_IN || kind == REQUEST_REFRESH)) {
        *ret_count = COUNT(token_rules);
        return token_rules;
    }
    if (index == 1 &&
        (kind == REQUEST_REVOKE_ACCESS || kind == REQUEST_REVOKE_REFRESH)) {
        *ret_count = COUNT(revoke_rules);
        return revoke_rules;
    }
    *ret_count = 0;
    return NULL;
}

static const struct key_rule *
find_request_rule(enum request_kind kind, const char *key,
                  const char **ret_name)
{
    const struct key_rule *rule = NULL, *table;
    size_t count;

    for (unsigned i = 0; rule == NULL; i++) {
        table = request_table(kind, i, &count);
        if (table == NULL)
            break;
        rule = key_rule_find(table, count, key, ret_name);
    }
    return rule;
}

/* Keys that stand for every request, unless that has one of its own. */
static bool
is_shared(const char *key)
{
    return strncmp(key, "header.", 7) == 0 || strncmp(key, "answer.", 7) == 0 ||
           strncmp(key, "result.", 7) == 0;
}

static bool
is_expiry(const char *key)
{
    return strncmp(key, "answer.expires_", 15) == 0;
}

/* Does a request say itself what this shared key would say? */
static bool
is_overridden(const struct view *view, enum request_kind kind, const char *key)
{
    static const char *const expiries[] = {
        "answer.expires_in", "answer.expires_in_ms", "answer.expires_at"};
    char name[VIEW_KEY_MAX];

    if (!is_expiry(key))
        return view_setting(view, view_key(name, kind, key)) != NULL;
    for (size_t i = 0; i < COUNT(expiries); i++)
        if (view_setting(view, view_key(name, kind, expiries[i])) != NULL)
            return true;
    return false;
}

/*
 * Which requests a shared key reaches.  What a refused password looks like
 * says nothing about a refused introspection, whose 401 is our client's
 * fault: result.CLASS is for the requests a person waits for.  A refresh has
 * no credentials that could be wrong: see request_finish.c.
 */
static bool
reaches(enum request_kind kind, const char *key)
{
    if (strcmp(key, "result.slow_down") == 0)
        return true;
    if (strcmp(key, "result.wrong_credentials") == 0)
        return kind == REQUEST_SIGN_IN;
    if (strcmp(key, "result.refused") == 0)
        return kind == REQUEST_REFRESH;
    if (strncmp(key, "result.", 7) == 0)
        return kind == REQUEST_SIGN_IN || kind == REQUEST_REFRESH;
    return true;
}

/* Returns whether the key is known. */
static bool
apply_shared(struct view *view, const struct setting *setting)
{
    struct reader *reader = view->reader;
    unsigned mistakes = reader->mistakes;
    const struct key_rule *rule;
    const char *name;
    bool known = false;

    for (unsigned i = 0; i < REQUEST_KINDS; i++) {
        enum request_kind kind = (enum request_kind)i;

        rule = find_request_rule(kind, setting->key, &name);
        if (rule == NULL)
            continue;
        known = true;
        if (is_overridden(view, kind, setting->key) ||
            !reaches(kind, setting->key))
            continue;
        /* The same text is read once per request: complain once. */
        reader->quiet = reader->mistakes > mistakes;
        key_rule_apply(reader, setting, rule, name, &provider_scope,
                       &view->provider->requests[kind]);
    }
    reader->quiet = false;
    return known;
}

static bool
apply_setting(struct view *view, const struct setting *setting)
{
    const struct key_rule *rule;
    const char *name, *rest;
    enum request_kind kind = key_request(setting->key, &rest);

    if (kind < REQUEST_KINDS) {
        rule = find_request_rule(kind, rest, &name);
        if (rule != NULL)
            key_rule_apply(view->reader, setting, rule, name, &provider_scope,
                           &view->provider->requests[kind]);
        return rule != NULL;
    }
    if (is_shared(setting->key))
        return apply_shared(view, setting);
    rule = key_rule_find(provider_rules, COUNT(provider_rules), setting->key,
                         &name);
    if (rule != NULL)
        key_rule_apply(view->reader, setting, rule, name, &provider_scope,
                       view->provider);
    return rule != NULL;
}

static void
complain_unknown(const struct view *view, const struct section *section,
                 const struct setting *setting)
{
    const struct key_rule *table;
    struct nearest nearest;
    char prefix[VIEW_KEY_MAX];
    size_t count;

    nearest_begin(&nearest, setting->key);
    key_rules_offer(provider_rules, COUNT(provider_rules), "", &nearest);
    for (unsigned i = 0; i < REQUEST_KINDS; i++) {
        enum request_kind kind = (enum request_kind)i;

        view_key(prefix, kind, "");
        for (unsigned n = 0; (table = request_table(kind, n, &count)) != NULL;
             n++) {
            key_rules_offer(table, count, prefix, &nearest);
            for (size_t k = 0; k < count; k++)
                if (is_shared(table[k].key))
                    nearest_offer(&nearest, "", table[k].key);
        }
    }
    keys_complain_unknown(view->reader, section, setting, &nearest);
}

/* Does the provider's own section say what this key of its preset says? */
static bool
preset_overridden(const struct view *view, const char *key)
{
    static const char *const expiries[] = {
        "answer.expires_in", "answer.expires_in_ms", "answer.expires_at"};
    char name[VIEW_KEY_MAX];
    const char *rest;
    enum request_kind kind = key_request(key, &rest);

    if (!is_expiry(rest))
        return view_own(view, key) != NULL;
    for (size_t i = 0; i < COUNT(expiries); i++)
        if (view_own(view, kind < REQUEST_KINDS
                               ? view_key(name, kind, expiries[i])
                               : expiries[i]) != NULL)
            return true;
    return false;
}

bool
provider_knows_key(const char *key)
{
    const char *name, *rest;
    enum request_kind kind = key_request(key, &rest);

    return kind < REQUEST_KINDS && find_request_rule(kind, rest, &name) != NULL;
}

static void
read_section(struct view *view, const struct section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct setting *setting = &section->settings[i];

        if (section == view->preset && preset_overridden(view, setting->key))
            continue;
        if (!apply_setting(view, setting))
            complain_unknown(view, section, setting);
    }
}

void
provider_read_keys(struct view *view)
{
    struct provider_config *provider = view->provider;

    provider->check_at_refresh = REQUEST_KINDS;
    provider->connect_timeout_ms = 5000;
    provider->request_timeout_ms = 15000;
    provider->sign_in_timeout_ms = 60000;
    provider->max_answer = 262144;
    if (view->preset != NULL)
        read_section(view, view->preset);
    read_section(view, view->own);
}
