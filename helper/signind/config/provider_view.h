/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider_view: a [provider] over its preset, on its way into a struct
 * provider_config.
 */
#ifndef SIGNIN_PROVIDER_VIEW_H
#define SIGNIN_PROVIDER_VIEW_H

#include "keys.h"

struct provider_view {
    struct reader *reader;
    const struct section *own;
    const struct section *preset; /* NULL: none */
    struct provider_config *provider;
};

/* ---- provider_view.c ------------------------------------------------------
 */

/* What holds for a key: the provider's own, else the preset's, else NULL. */
const struct setting *view_setting(const struct provider_view *view,
                                   const char *key);
/* The provider's own, if it has a value. */
const struct setting *view_own(const struct provider_view *view,
                               const char *key);

/* Complain of a key where it stands, or of the section if it does not. */
void view_complain(const struct provider_view *view, const char *key,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "REQUEST.KEY" in the caller's buffer, which it returns. */
#define VIEW_KEY_MAX (CONFIG_KEY_MAX + 32)
const char *view_key(char buffer[VIEW_KEY_MAX], enum request_kind kind,
                     const char *key);

/* ---- provider_keys.c: single keys ------------------------------------------
 */

/* Fill the provider with its defaults, then with every key. */
void provider_read_keys(struct provider_view *view);

/* Is this the key of a request, and known? */
bool provider_knows_key(const char *key);

/* ---- provider_parse.c: values of its keys -----------------------------------
 */

key_parser key_base_url;         /* char * */
key_parser key_suffix;           /* char * */
key_parser key_client_auth;      /* enum client_auth */
key_parser key_check_at_refresh; /* enum request_kind */
key_parser key_authorization;    /* char *, of `signin header` */
key_parser key_login_name;       /* struct template * */
key_parser key_source;           /* struct source * */
key_parser key_keep;             /* struct provider_config */
key_parser key_url;              /* struct template * */
key_parser key_header_value;     /* struct template * */
key_parser key_header;           /* struct request_config */
key_parser key_method;           /* char * */

/* The request whose keys begin as this one does, or REQUEST_KINDS; *ret_rest
 * is what follows the prefix and its dot. */
enum request_kind key_request(const char *key, const char **ret_rest);

/* Complain of a name that has no value where this key stands. */
void key_check_names(const struct key_use *use,
                     bool (*uses)(const void *template,
                                  enum template_name name),
                     const void *template);

/* ---- request_finish.c: what several keys of one request make ----------------
 */

void provider_finish_requests(struct provider_view *view);

/* ---- provider_check.c: what keys mean together
 * ------------------------------- */

void provider_finish(struct provider_view *view);

/* ---- url.c
 * -------------------------------------------------------------------- */

/*
 * What is wrong with a URL, or NULL: https, or http to a loopback address if
 * allowed; a host; no user.  base: no query either.  Only the part in front
 * of any {{ }} is looked at.
 */
const char *url_mistake(const char *url, bool base, bool allow_http_loopback);

#endif
