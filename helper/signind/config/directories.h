/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directories: the steps that make a struct directory_config.
 */
#ifndef SIGNIN_DIRECTORIES_H
#define SIGNIN_DIRECTORIES_H

#include "view.h"

/* ---- directory_keys.c: single keys --------------------------------------- */

/* Fill the directory with its defaults, then with every key. */
void directory_read_keys(struct view *view);

/* Is this the key of a request, and known? */
bool directory_knows_key(const char *key);

/* ---- directory_parse.c: values of its keys ------------------------------- */

/* {{names}} of a [directory]'s templates that have a value at a key. */
extern const struct key_scope directory_scope;

key_parser key_directory_url;         /* struct template * */
key_parser key_directory_client_auth; /* enum client_auth */
key_parser key_pointer;               /* char *, a JSON Pointer */
key_parser key_page_next;             /* struct source * */

/* The request whose keys begin as this one does, or DIRECTORY_REQUESTS;
 * *ret_rest is what follows the prefix and its dot. */
enum directory_request directory_key_request(const char *key,
                                             const char **ret_rest);

/* "none": takes back what a preset or type says. */
bool value_is_none(const struct setting *setting);

/* ---- directory_builtin.c: what type = scim says by itself ---------------- */

/* A section [directory] in *settings, to be released with settings_done().
 * 0 or -ENOMEM. */
int directory_builtin_scim(struct settings *settings);

/* ---- directory_finish.c: requests ---------------------------------------- */

/*
 * Bodies, defaults and checks of all requests.  token_url: where a token is
 * asked for if token.url is not written; NULL: nowhere.
 */
void directory_finish_requests(struct view *view, const char *token_url);

/* ---- directory_check.c: what keys mean together -------------------------- */

/* provider: whose people these are; never NULL. */
void directory_finish(struct view *view, const struct provider_config *provider,
                      const struct section *provider_section);

#endif
