/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "directories.h"
#include "wire/people.h"

#define COUNT(table)       (sizeof(table) / sizeof((table)[0]))
#define AT(member)         offsetof(struct directory_config, member)
#define IN_REQUEST(member) offsetof(struct directory_request_config, member)
#define IN_PAGE(member)    offsetof(struct page_config, member)
#define DAY                (24 * 3600)

#define POINTER(name, member)                                                  \
    {                                                                          \
        .key = (name), .parse = key_pointer, .offset = AT(member)              \
    }

static const struct key_rule directory_rules[] = {
    {.key = "provider", .parse = key_text, .offset = AT(provider)},
    {.key = "type",
     .parse = key_choice,
     .offset = AT(type),
     .words = "none first_sign_in scim rest"},
    {.key = "preset", .parse = key_deferred},
    {.key = "issuer", .parse = key_text, .offset = AT(issuer)},
    {.key = "base_url", .parse = key_base_url, .offset = AT(base_url)},
    {.key = "auth",
     .parse = key_choice,
     .offset = AT(auth),
     .words = "none static client_credentials"},
    {.key = "authorization", .parse = key_deferred},
    {.key = "client_id", .parse = key_text, .offset = AT(client_id)},
    {.key = "client_secret",
     .parse = key_secret_name,
     .offset = AT(client_secret)},
    {.key = "client_auth",
     .parse = key_directory_client_auth,
     .offset = AT(client_auth)},
    {.key = "scope", .parse = key_text, .offset = AT(scope)},
    {.key = "login_name", .parse = key_login_name, .offset = AT(login_name)},
    POINTER("attribute.name", attribute.name),
    POINTER("attribute.subject", attribute.subject),
    POINTER("attribute.uid", attribute.uid),
    POINTER("attribute.gecos", attribute.gecos),
    POINTER("attribute.home", attribute.home),
    POINTER("attribute.shell", attribute.shell),
    POINTER("attribute.ssh_keys", attribute.ssh_keys),
    POINTER("attribute.enabled", attribute.enabled),
    POINTER("attribute.disabled", attribute.disabled),
    POINTER("attribute.groups", attribute.groups),
    POINTER("group.name", group.name),
    POINTER("group.id", group.id),
    POINTER("group.members", group.members),
    POINTER("group.member", group.member),
    {.key = "match",
     .parse = key_choice,
     .offset = AT(match),
     .words = "subject name"},
    {.key = "refresh_every",
     .parse = key_seconds,
     .offset = AT(refresh_every_s),
     .min = 1,
     .max = 30 * DAY},
    {.key = "missing_for",
     .parse = key_seconds,
     .offset = AT(missing_for_s),
     .min = 1,
     .max = PEOPLE_MISS_MAX_S},
    {.key = "disabled_grace",
     .parse = key_seconds,
     .offset = AT(disabled_grace_s),
     .max = 3650 * DAY},
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
    {.key = "max_answer",
     .parse = key_size,
     .offset = AT(max_answer),
     .min = 1024,
     .max = 16 * 1024 * 1024},
};

static const struct key_rule request_rules[] = {
    {.key = "url",
     .parse = key_directory_url,
     .offset = IN_REQUEST(request.url)},
    {.key = "method",
     .parse = key_method,
     .offset = IN_REQUEST(request.method)},
    {.key = "format",
     .parse = key_choice,
     .offset = IN_REQUEST(request.format),
     .words = "none form json"},
    {.key = "body", .parse = key_deferred},
    {.key = "authorization",
     .parse = key_header_value,
     .offset = IN_REQUEST(request.authorization)},
    {.key = "success",
     .parse = key_statuses,
     .offset = IN_REQUEST(request.success)},
    {.key = "header.", .parse = key_header, .offset = IN_REQUEST(request)},
};

/* Not of the token, which stands where RFC 6749, 5.1 says. */
static const struct key_rule answer_rules[] = {
    {.key = "answer", .parse = key_pointer, .offset = IN_REQUEST(items)},
};

static const struct key_rule page_rules[] = {
    {.key = "page",
     .parse = key_choice,
     .offset = IN_PAGE(kind),
     .words = "none offset page next"},
    {.key = "page_parameter", .parse = key_text, .offset = IN_PAGE(parameter)},
    {.key = "page_size_parameter",
     .parse = key_text,
     .offset = IN_PAGE(size_parameter)},
    {.key = "page_size",
     .parse = key_number,
     .offset = IN_PAGE(size),
     .min = 1,
     .max = 10000},
    {.key = "page_first",
     .parse = key_number,
     .offset = IN_PAGE(first),
     .max = 1},
    {.key = "next", .parse = key_page_next, .offset = IN_PAGE(next)},
};

static const struct key_rule missing_rules[] = {
    {.key = "missing", .parse = key_statuses},
};

/* The tables of a request's keys and where they lead to (directory may be
 * NULL).  false beyond the last. */
struct table {
    const struct key_rule *rules;
    size_t count;
    void *base;
};

static bool
request_table(struct directory_config *directory,
              enum directory_request request, unsigned index,
              struct table *ret_table)
{
    struct table tables[3] = {
        {request_rules, COUNT(request_rules), NULL},
        {answer_rules, COUNT(answer_rules), NULL},
    };
    unsigned count = request == DIRECTORY_TOKEN ? 1 : 2;

    if (directory != NULL)
        tables[0].base = tables[1].base = &directory->requests[request];
    if (request == DIRECTORY_USERS || request == DIRECTORY_GROUPS) {
        tables[count] = (struct table){page_rules, COUNT(page_rules), NULL};
        if (directory != NULL)
            tables[count].base = request == DIRECTORY_USERS
                                     ? &directory->users_page
                                     : &directory->groups_page;
        count++;
    } else if (request == DIRECTORY_USER_BY_NAME) {
        tables[count] =
            (struct table){missing_rules, COUNT(missing_rules), NULL};
        if (directory != NULL)
            tables[count].base = &directory->missing;
        count++;
    }
    if (index >= count)
        return false;
    *ret_table = tables[index];
    return true;
}

/* NULL: there is no such key.  *ret_base: what its offset is from. */
static const struct key_rule *
find_request_rule(struct directory_config *directory,
                  enum directory_request request, const char *key,
                  const char **ret_name, void **ret_base)
{
    const struct key_rule *rule = NULL;
    struct table table;

    for (unsigned i = 0;
         rule == NULL && request_table(directory, request, i, &table); i++) {
        rule = key_rule_find(table.rules, table.count, key, ret_name);
        *ret_base = table.base;
    }
    return rule;
}

bool
directory_knows_key(const char *key)
{
    const char *name, *rest;
    void *base;
    enum directory_request request = directory_key_request(key, &rest);

    return request < DIRECTORY_REQUESTS &&
           find_request_rule(NULL, request, rest, &name, &base) != NULL;
}

/*
 * header.NAME goes with every request but the token's: that is often asked of
 * another server, and what stands there may be a secret.
 */
static void
apply_header(struct view *view, const struct setting *setting)
{
    struct reader *reader = view->reader;
    unsigned mistakes = reader->mistakes;
    char key[VIEW_KEY_MAX];

    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        enum directory_request request = (enum directory_request)i;
        const char *name = "";
        const struct key_rule *rule;
        struct setting shared = *setting;

        view_key_of(key, directory_request_name(request), setting->key);
        if (request == DIRECTORY_TOKEN || view_setting(view, key) != NULL)
            continue;
        rule = key_rule_find(request_rules, COUNT(request_rules), shared.key,
                             &name);
        /* The same text is read once per request: complain once. */
        reader->quiet = reader->mistakes > mistakes;
        if (rule != NULL)
            key_rule_apply(reader, &shared, rule, name, &directory_scope,
                           &view->directory->requests[request]);
    }
    reader->quiet = false;
}

static bool
apply_setting(struct view *view, const struct setting *setting)
{
    const struct key_rule *rule;
    const char *name, *rest;
    void *base = view->directory;
    enum directory_request request = directory_key_request(setting->key, &rest);

    if (request < DIRECTORY_REQUESTS) {
        rule = find_request_rule(view->directory, request, rest, &name, &base);
    } else if (strncmp(setting->key, "header.", 7) == 0 &&
               setting->key[7] != '\0') {
        apply_header(view, setting);
        return true;
    } else {
        rule = key_rule_find(directory_rules, COUNT(directory_rules),
                             setting->key, &name);
    }
    if (rule != NULL)
        key_rule_apply(view->reader, setting, rule, name, &directory_scope,
                       base);
    return rule != NULL;
}

static void
complain_unknown(const struct view *view, const struct section *section,
                 const struct setting *setting)
{
    struct nearest nearest;
    char prefix[VIEW_KEY_MAX];
    struct table table;

    nearest_begin(&nearest, setting->key);
    key_rules_offer(directory_rules, COUNT(directory_rules), "", &nearest);
    nearest_offer(&nearest, "", "header.");
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        enum directory_request request = (enum directory_request)i;

        view_key_of(prefix, directory_request_name(request), "");
        for (unsigned n = 0; request_table(NULL, request, n, &table); n++)
            key_rules_offer(table.rules, table.count, prefix, &nearest);
    }
    keys_complain_unknown(view->reader, section, setting, &nearest);
}

/* Only what holds is read: a key of a layer that another one covers is not. */
static void
read_section(struct view *view, const struct section *section)
{
    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const struct setting *setting = &section->settings[i];
        const struct setting *holds = view_setting(view, setting->key);

        if (holds != NULL && holds != setting && section != view->own)
            continue;
        if (!apply_setting(view, setting))
            complain_unknown(view, section, setting);
    }
}

void
directory_read_keys(struct view *view)
{
    struct directory_config *directory = view->directory;

    directory->client_auth = CLIENT_AUTH_BASIC;
    directory->refresh_every_s = 900;
    directory->missing_for_s = 60;
    directory->disabled_grace_s = 30 * DAY;
    directory->connect_timeout_ms = 5000;
    directory->request_timeout_ms = 15000;
    directory->max_answer = 1024 * 1024;
    directory->users_page.size = directory->groups_page.size = 100;
    read_section(view, view->builtin);
    read_section(view, view->preset);
    read_section(view, view->own);
}
