/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: /etc/signin/signin.conf as data (signin.conf(5)).
 *
 * Files, in order, each replacing single keys: VENDORDIR/signin.conf and
 * the .conf files of VENDORDIR/signin.conf.d (except those that the
 * administrator has a file, or a link to /dev/null, of the same name for),
 * then SYSCONFDIR/signin/signin.conf and the .conf files of
 * SYSCONFDIR/signin/signin.conf.d; both by name in the C locale.  A preset
 * (PRESETDIR/NAME.conf, sections [preset] and [directory]) is the layer below
 * the keys of a [provider] or [directory] that names it.
 *
 * The structures are built whole and never changed afterwards: a reload makes
 * a new struct config, and a session's provider is found again by name.
 */
#ifndef SIGNIN_CONFIG_H
#define SIGNIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "accounts.h"
#include "source.h"
#include "template.h"

enum request_kind {
    REQUEST_SIGN_IN,
    REQUEST_REFRESH,
    REQUEST_REVOKE_ACCESS,
    REQUEST_REVOKE_REFRESH,
    REQUEST_USERINFO,
    REQUEST_INTROSPECT,
    REQUEST_KINDS
};

/* "sign_in", "revoke.access", ...: the prefix of a request's keys. */
const char *request_kind_name(enum request_kind kind);

enum body_format {
    BODY_NONE = 0,
    BODY_FORM, /* application/x-www-form-urlencoded */
    BODY_JSON  /* application/json */
};

enum client_auth {
    CLIENT_AUTH_NONE = 0, /* client_id in the form body, if there is one */
    CLIENT_AUTH_BASIC,    /* RFC 6749, 2.3.1 */
    CLIENT_AUTH_POST
};

/* Inclusive ranges of HTTP statuses: "200-299 401 404". */
struct status_range {
    uint16_t from, to;
};
struct status_list {
    struct status_range *ranges;
    size_t count;
};
bool status_list_has(const struct status_list *list, unsigned status);

struct header_config {
    char *name;
    struct template *value;
};

/* Where an answer's values stand; NULL members are not configured. */
struct answer_config {
    struct source *access_token;
    struct source *refresh_token;
    struct source *id_token;
    struct source *expires_in;    /* seconds from now */
    struct source *expires_in_ms; /* milliseconds from now */
    struct source *expires_at;    /* epoch seconds or ms, or RFC 3339 */
    struct source *scope;
    struct source *message; /* the provider's words for the log */
};

/* One alternative of "CLASS = STATUS [SOURCE=VALUE] | ...". */
struct outcome_rule {
    struct status_range status;
    struct source *source; /* NULL: the status decides alone */
    char *value;
};
struct outcome_rules {
    struct outcome_rule *rules;
    size_t count;
};

/*
 * What an answer can mean; the order is the order of evaluation.  A
 * [provider]'s result.CLASS reaches sign_in and refresh, except: slow_down
 * reaches every request, wrong_credentials sign_in alone, and refused refresh
 * alone.  Without any rule for refused, refresh takes the rules of
 * result.wrong_credentials for it.
 */
enum outcome_class {
    OUTCOME_WRONG_CREDENTIALS,
    OUTCOME_ACCOUNT_DISABLED,
    OUTCOME_NEED_SECOND_FACTOR,
    OUTCOME_MUST_CHANGE_PASSWORD,
    OUTCOME_SLOW_DOWN,
    OUTCOME_REFUSED,
    OUTCOME_CLASSES
};

struct request_config {
    bool configured; /* has a url */
    char *method;    /* "POST", "GET", ... */
    struct template *url;
    enum body_format format;
    struct template_body *body;     /* NULL with BODY_NONE */
    struct template *authorization; /* NULL: by client_auth; never with
                                       REQUEST_USERINFO */
    struct header_config *headers;  /* each name once: the request's own, and
                                       the provider's others */
    size_t header_count;
    struct status_list success; /* default 200-299 */
    bool refresh_first;         /* revoke.*: needs a live access token */
    struct answer_config answer;
    struct outcome_rules outcomes[OUTCOME_CLASSES];
};

struct keep_config {
    char *name; /* of `signin get NAME` */
    struct source *source;
};

struct tls_config {
    char *ca_file;    /* NULL: the system's bundle */
    char *pin_sha256; /* base64 of the key's SHA-256, NULL: none */
    char *client_cert;
    char *client_key_secret; /* name of a secret */
    char *proxy;
    bool allow_http_loopback;
};

struct provider_config {
    char *name;
    char *preset;    /* NULL: none */
    char *base_url;  /* NULL or without trailing slash */
    char *suffix;    /* "@tables.example.io": chooses by user name; or NULL */
    char *client_id; /* NULL: none */
    char *client_secret; /* name of a secret; NULL: none */
    enum client_auth client_auth;
    char *scope; /* NULL: none */
    struct template *login_name;
    struct request_config requests[REQUEST_KINDS];
    struct source *identity_user; /* NULL only with accepted_password */
    struct source *identity_subject;
    struct source *identity_groups; /* array of names in the answer or token;
                                       NULL: none */
    bool identity_ignore_case;
    bool identity_accepted_password;
    struct keep_config *keep;
    size_t keep_count;
    enum request_kind revoke_order[2];
    size_t revoke_count;
    char *authorization; /* template text for `signin header` */
    unsigned grace_s;    /* provider honours a spent refresh token so long */
    /* check_at_refresh: a request, or REQUEST_KINDS and perhaps the
     * directory. */
    enum request_kind check_at_refresh;
    bool check_directory_at_refresh;
    struct tls_config tls;
    unsigned connect_timeout_ms;
    unsigned request_timeout_ms;
    unsigned sign_in_timeout_ms;
    size_t max_answer; /* bytes of body */
};

/* What becomes of a session that its provider has refused. */
enum on_refusal { ON_REFUSAL_NOTIFY, ON_REFUSAL_LOCK, ON_REFUSAL_TERMINATE };

/*
 * Who may.  An item is a name, or "id:" and an immutable id (of the user or
 * the group at its directory), compared exactly.
 */
struct access_config {
    char *service;        /* NULL: [access], for every service */
    bool allow_all_users; /* allow_users = * */
    struct text_list allow_users, deny_users;
    struct text_list allow_groups, deny_groups;
    unsigned stale_ok_s;      /* 0: never */
    unsigned reuse_sign_in_s; /* 0: always ask */
};

/* ---- [directory NAME] ---------------------------------------------------- */

enum directory_type {
    DIRECTORY_NONE = 0,      /* local accounts alone */
    DIRECTORY_FIRST_SIGN_IN, /* whoever the provider accepts, bound then */
    DIRECTORY_SCIM,          /* RFC 7644; URLs are built in */
    DIRECTORY_REST
};

enum directory_request {
    DIRECTORY_TOKEN = 0,    /* client credentials (RFC 6749, 4.4) */
    DIRECTORY_USER_BY_NAME, /* one user; {{user}} and {{login}} */
    DIRECTORY_USERS,        /* all of them, in pages */
    DIRECTORY_GROUPS,       /* all groups, in pages */
    DIRECTORY_USER_GROUPS,  /* groups of one user; {{subject}}, {{user}} */
    DIRECTORY_REQUESTS
};

/* "token", "user_by_name", "users", "groups", "user_groups": the prefix of a
 * request's keys. */
const char *directory_request_name(enum directory_request request);

enum page_kind {
    PAGE_NONE = 0, /* all in one answer */
    PAGE_OFFSET,   /* page_parameter counts items, from page_first */
    PAGE_NUMBER,   /* page_parameter counts pages, from page_first */
    PAGE_NEXT      /* the answer names the next URL (page_next) */
};
struct page_config {
    enum page_kind kind;
    char *parameter;      /* of the URL's query; NULL with NONE and NEXT */
    char *size_parameter; /* NULL: none */
    unsigned size;        /* items asked for, 1 to 10,000; default 100 */
    unsigned first;       /* 0 or 1 */
    struct source *next;  /* /pointer, or header:Link (RFC 8288, rel=next) */
};

enum directory_auth {
    DIRECTORY_AUTH_NONE = 0,
    DIRECTORY_AUTH_STATIC, /* authorization = ...{{secret.NAME}} */
    DIRECTORY_AUTH_CLIENT_CREDENTIALS
};

/* What a sign-in must agree with the directory in. */
enum directory_match {
    DIRECTORY_MATCH_SUBJECT = 0, /* identity.subject and attribute.subject */
    DIRECTORY_MATCH_NAME         /* the name alone: the directory has no id
                                    that the provider's answer repeats */
};

/* JSON pointers (RFC 6901) into one user, NULL: not configured.  "" is the
 * whole. */
struct user_attributes {
    char *name;    /* the login name; required */
    char *subject; /* the immutable id; required */
    char *uid, *gecos, *home, *shell;
    char *ssh_keys; /* a string, or an array of strings */
    char *enabled;  /* true, "true", 1: enabled; absent: enabled */
    char *disabled; /* the opposite sense; a date (RFC 3339) to come or past:
                       disabled until then */
    char *groups;   /* an array of strings or of objects */
};
struct group_attributes {
    char *name;    /* inside an element of groups; "" if that is a string */
    char *id;      /* immutable; NULL: the name */
    char *members; /* array, inside a group of DIRECTORY_GROUPS */
    char *member;  /* subject, inside a member; "" if that is a string */
};

struct directory_request_config {
    struct request_config request; /* url, method, format, body,
                                      authorization, headers, success */
    char *items; /* REQUEST.answer: pointer to the user, or to the array */
};

struct directory_config {
    char *name;
    char *preset;   /* NULL: none */
    char *provider; /* of its users; NULL: the only or default provider */
    enum directory_type type;
    char *issuer;   /* for derived ids; NULL: the provider's base_url */
    char *base_url; /* NULL or without trailing slash */
    enum directory_auth auth;
    char *client_id, *client_secret; /* secret: its name */
    enum client_auth client_auth;
    char *scope;
    struct template *login_name; /* {{login}}; NULL: the user's name */
    struct directory_request_config requests[DIRECTORY_REQUESTS];
    struct status_list missing; /* of user_by_name: no such user; default 404 */
    struct page_config users_page, groups_page;
    struct user_attributes attribute;
    struct group_attributes group;
    enum directory_match match;
    unsigned refresh_every_s;  /* default 900 */
    unsigned missing_for_s;    /* a miss is remembered so long; default 60 */
    unsigned disabled_grace_s; /* then gone from NSS, too; default 30 d */
    struct tls_config tls;
    unsigned connect_timeout_ms, request_timeout_ms;
    size_t max_answer;
};

struct config {
    char *default_provider; /* NULL: none */
    int log_level;          /* LOG_ERR .. LOG_DEBUG */
    struct provider_config *providers;
    size_t provider_count;
    struct directory_config *directories;
    size_t directory_count;
    struct accounts_config accounts;
    struct text_list local_users; /* [accounts] */
    struct access_config *access;
    size_t access_count;
    /* [session] */
    unsigned refresh_at_percent; /* 1..99 */
    unsigned unknown_lifetime_s;
    enum on_refusal on_refusal;
    bool on_no_keyring_allow;
    unsigned shutdown_revoke_timeout_ms;
    unsigned revoke_retry_for_s;
    /* [limits] */
    unsigned failures_per_user, failures_per_host;
    unsigned window_s;
    unsigned sign_ins_in_flight;
    unsigned unclaimed_ticket_s;
    /* [offline] */
    bool cached_sign_in;
    unsigned offline_valid_for_s; /* since the last online sign-in */
    unsigned offline_attempts;    /* wrong passwords since then */
};

/* Where the files lie; tests and --config-root set another root. */
struct config_paths {
    const char *vendor;         /* VENDORDIR/signin.conf */
    const char *vendor_dropins; /* VENDORDIR/signin.conf.d, or NULL */
    const char *main;           /* SYSCONFDIR/signin/signin.conf */
    const char *dropins;        /* SYSCONFDIR/signin/signin.conf.d */
    const char *presets;        /* PRESETDIR */
    uid_t owner; /* who may own the files, beside root; 0: nobody (tests) */
};
extern const struct config_paths config_default_paths;

/*
 * Called once per mistake, in the order found: file and line (0: the file as
 * a whole), and a sentence that says what to do.  Never a secret.
 */
typedef void config_complain(void *context, const char *file, unsigned line,
                             const char *message);

/*
 * Read everything.  Goes on after a mistake, to report them all.  Returns the
 * configuration, or NULL if there was any mistake (at least one complaint was
 * made then).  The caller owns it: config_free().
 */
struct config *config_load(const struct config_paths *paths,
                           config_complain *complain, void *context);
void config_free(struct config *config);

/* NULL if there is none of that name.  Borrowed from config. */
const struct provider_config *config_provider(const struct config *config,
                                              const char *name);

/*
 * The provider for a user: the one asked for by name (pam_signin.so
 * provider=NAME), else by suffix, else default_provider, else the only one.
 * NULL: none.  Borrowed.
 */
const struct provider_config *
config_choose(const struct config *config, const char *asked, const char *user);

/* May this user sign in at this service, by the rules on names alone (local
 * accounts have no groups here): deny_users, then allow_users. */
bool config_access(const struct config *config, const char *service,
                   const char *user);

/* The rules for a service: its own, or [access].  "sudo" also stands for
 * "sudo-i". */
const struct access_config *config_access_of(const struct config *config,
                                             const char *service);

/* NULL: none.  Borrowed. */
const struct directory_config *config_directory(const struct config *config,
                                                const char *name);

/* The provider whose people a directory lists.  Borrowed. */
const struct provider_config *
config_directory_provider(const struct config *config,
                          const struct directory_config *directory);

/* The issuer that ids of this directory are derived with. */
const char *config_directory_issuer(const struct config *config,
                                    const struct directory_config *directory);

bool config_local_user(const struct config *config, const char *user);
#endif
