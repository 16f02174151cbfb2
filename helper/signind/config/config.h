/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: /etc/signin/signin.conf as data (signin.conf(5)).
 *
 * Files, in order, each replacing single keys: VENDORDIR/signin.conf and
 * the .conf files of VENDORDIR/signin.conf.d (except those that the
 * administrator has a file, or a link to /dev/null, of the same name for),
 * then SYSCONFDIR/signin/signin.conf and the .conf files of
 * SYSCONFDIR/signin/signin.conf.d; both by name in the C locale.  A preset
 * (PRESETDIR/NAME.conf, section [preset]) is the layer below a [provider]'s own
 * keys.
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

#include "source.h"
#include "template.h"

/* A list of strings; items is NULL-terminated, NULL if count is 0. */
struct text_list {
    char **items;
    size_t count;
};

enum request_kind {
    REQUEST_SIGN_IN,
    REQUEST_REFRESH,
    REQUEST_REVOKE_ACCESS,
    REQUEST_REVOKE_REFRESH,
    REQUEST_USERINFO,
    REQUEST_INTROSPECT,
    REQUEST_KINDS
};

/* "sign_in", "refresh", "revoke.access", ...: the prefix of a request's keys.
 */
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
    bool identity_ignore_case;
    bool identity_accepted_password;
    struct keep_config *keep;
    size_t keep_count;
    enum request_kind revoke_order[2];
    size_t revoke_count;
    char *authorization; /* template text for `signin header` */
    unsigned grace_s;    /* provider honours a spent refresh token so long */
    enum request_kind check_at_refresh; /* REQUEST_KINDS: none */
    struct tls_config tls;
    unsigned connect_timeout_ms;
    unsigned request_timeout_ms;
    unsigned sign_in_timeout_ms;
    size_t max_answer; /* bytes of body */
};

enum on_refusal { ON_REFUSAL_NOTIFY, ON_REFUSAL_LOCK, ON_REFUSAL_TERMINATE };

struct access_config {
    char *service;        /* NULL: [access], for every service */
    bool allow_all_users; /* allow_users = * */
    struct text_list allow_users, deny_users;
};

struct config {
    char *default_provider; /* NULL: none */
    int log_level;          /* LOG_ERR .. LOG_DEBUG */
    struct provider_config *providers;
    size_t provider_count;
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

/* May this user sign in at this service: deny_*, then allow_*; nothing
 * allowed is nobody.  "sudo" also stands for "sudo-i". */
bool config_access(const struct config *config, const char *service,
                   const char *user);

bool config_local_user(const struct config *config, const char *user);

#endif
