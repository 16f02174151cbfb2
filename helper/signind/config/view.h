/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view: a [provider] or [directory] over its preset, on its way into its
 * structure.
 */
#ifndef SIGNIN_VIEW_H
#define SIGNIN_VIEW_H

#include "keys.h"

struct view {
    struct reader *reader;
    const struct section *own;
    const struct section *preset;       /* NULL: none */
    const struct section *builtin;      /* below the preset; NULL: none */
    struct provider_config *provider;   /* of a [provider] */
    struct directory_config *directory; /* of a [directory] */
};

/* ---- view.c -------------------------------------------------------------- */

/* What holds for a key: the section's own, else the preset's, else what is
 * built in, else NULL. */
const struct setting *view_setting(const struct view *view, const char *key);
/* The section's own, if it has a value. */
const struct setting *view_own(const struct view *view, const char *key);

/* Does the key stand nowhere, not even in a line that could not be read? */
bool view_missing(const struct view *view, const char *key);

/* Complain of a key where it stands, or of the section if it does not. */
void view_complain(const struct view *view, const char *key, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* "REQUEST.KEY" in the caller's buffer, which it returns. */
#define VIEW_KEY_MAX (CONFIG_KEY_MAX + 32)
const char *view_key_of(char buffer[VIEW_KEY_MAX], const char *request,
                        const char *key);
const char *view_key(char buffer[VIEW_KEY_MAX], enum request_kind kind,
                     const char *key);

/* ---- preset.c: the layer below ------------------------------------------- */

/*
 * Read the preset that view->own names, as far as it is about sections of
 * that kind ("preset" for a [provider], "directory"): into *settings, which
 * must outlive the view, and view->preset.  *ret_name is its name, or NULL.
 * 0 (also after a complaint) or -ENOMEM.
 */
int preset_read(struct view *view, const char *kind, struct settings *settings,
                char **ret_name);

/* ---- provider_keys.c: single keys ---------------------------------------- */

/* Fill the provider with its defaults, then with every key. */
void provider_read_keys(struct view *view);

/* Is this the key of a request, and known? */
bool provider_knows_key(const char *key);

/* ---- provider_parse.c: values of its keys -------------------------------- */

key_parser key_suffix;           /* char * */
key_parser key_client_auth;      /* enum client_auth */
key_parser key_check_at_refresh; /* struct provider_config */
key_parser key_authorization;    /* char *, of `signin header` */

/* The request whose keys begin as this one does, or REQUEST_KINDS; *ret_rest
 * is what follows the prefix and its dot. */
enum request_kind key_request(const char *key, const char **ret_rest);

/* Names of [provider]'s templates that have a value at a key. */
extern const struct key_scope provider_scope;

/* ---- templates.c, sources.c: values of any section's requests ------------ */

key_parser key_base_url;     /* char * */
key_parser key_login_name;   /* struct template * */
key_parser key_url;          /* struct template * */
key_parser key_header_value; /* struct template * */
key_parser key_header;       /* struct request_config */
key_parser key_method;       /* char * */
key_parser key_source;       /* struct source * */
key_parser key_keep;         /* struct provider_config */

/* A template with its names checked; NULL: complained. */
struct template *key_template(const struct key_use *use,
                              enum template_where where);

/* ---- request_finish.c: what several keys of one request make ------------- */

void provider_finish_requests(struct view *view);

/* ---- request.c: the same for requests of any section --------------------- */

/* Read NAME.body, now that its format is known. */
void request_finish_body(struct view *view, const char *name,
                         struct request_config *request,
                         const struct key_scope *scope);

bool request_sends(const struct request_config *request,
                   enum template_name name);

/* Scheme and host of NAME.url, which templates do not know. */
void request_check_url(struct view *view, const char *name,
                       const struct request_config *request,
                       const struct tls_config *tls);

/* A body, and a method that sends none? */
void request_check_method(struct view *view, const char *name,
                          const struct request_config *request);

/* base_url: if there is one, or one of the URLs begins with it. */
void request_check_base_url(struct view *view, const char *base_url, bool used,
                            const struct tls_config *tls);

/* client_cert, client_key_secret, connect_timeout. */
void request_check_transport(struct view *view, unsigned connect_timeout_ms,
                             unsigned request_timeout_ms);

/* ---- provider_check.c: what keys mean together --------------------------- */

void provider_finish(struct view *view);

/* ---- url.c --------------------------------------------------------------- */

/*
 * What is wrong with a URL, or NULL: https, or http to a loopback address if
 * allowed; a host; no user.  base: no query either.  Only the part in front
 * of any {{ }} is looked at.
 */
const char *url_mistake(const char *url, bool base, bool allow_http_loopback);

#endif
