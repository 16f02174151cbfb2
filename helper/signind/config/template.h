/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template: text with {{names}}, whose values are bound after the text around
 * them has been parsed as what it is (a URL, a header, JSON, a form), never
 * pasted into it.  A password of `","admin":true` is just a password.
 *
 * Names: user, login, password, otp, access_token, refresh_token, subject,
 * host, base_url, client_id, scope, secret.NAME.  Anything else in {{ }} is
 * an error when the configuration is read.
 */
#ifndef SIGNIN_TEMPLATE_H
#define SIGNIN_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

enum template_name {
    NAME_USER,
    NAME_LOGIN,
    NAME_PASSWORD,
    NAME_OTP,
    NAME_ACCESS_TOKEN,
    NAME_REFRESH_TOKEN,
    NAME_SUBJECT,
    NAME_HOST,
    NAME_BASE_URL,
    NAME_CLIENT_ID,
    NAME_SCOPE,
    NAME_SECRET,
    TEMPLATE_NAMES
};

struct template;      /* a parsed one-line text: URL, header value, login */
struct template_body; /* a parsed form or JSON body */

/* Where values come from; a NULL value is "none".  All borrowed. */
struct template_values {
    const char *value[TEMPLATE_NAMES]; /* NAME_SECRET unused */
    /* Value of {{secret.NAME}}; NULL: not readable.  Borrowed until the
     * template call returns. */
    const char *(*secret)(void *context, const char *name);
    void *context;
};

enum template_where {
    TEMPLATE_PLAIN,  /* the values as they are (login_name) */
    TEMPLATE_HEADER, /* a value with CR, LF, NUL or other controls: refused */
    TEMPLATE_URL     /* values percent-encoded (RFC 3986 unreserved stay),
                        except {{base_url}} and secrets-free prefix text */
};

/*
 * Parse.  *ret_error (static storage or NULL) says what is wrong in words for
 * an administrator.  Returns NULL on error.  Caller frees.
 */
struct template *template_parse(const char *text, enum template_where where,
                                const char **ret_error);
void template_free(struct template *template);

/* Does it use this name (for NAME_SECRET: any secret)? */
bool template_uses(const struct template *template, enum template_name name);

/* "https://host:port" of a URL that begins with text and not with a {{name}},
 * as written; NULL otherwise, or out of memory.  Caller frees. */
char *template_origin(const struct template *template);

/* Call each(name) for every {{secret.NAME}}. */
void template_each_secret(const struct template *template,
                          void (*each)(const char *name, void *context),
                          void *context);

/*
 * Bind.  The caller wipes and frees *ret_text (wipe_free): it may hold
 * secrets.  0; -EINVAL: a value cannot stand there (control characters in a
 * header); -ENODATA: a value is missing; -ENOMEM.  An empty path segment made
 * by an empty value in a URL is -EINVAL too: `GET /users/` lists everybody.
 */
int template_bind(const struct template *template,
                  const struct template_values *values, char **ret_text);

/*
 * Bodies.  A form body is name=template pairs joined by '&' ('+' and %XX mean
 * what they do in a form); a JSON body is JSON whose string values may hold
 * {{names}} (member names may not).  Values are form-encoded or JSON-encoded
 * when bound.  A pair or member whose whole value is one {{name}} that has no
 * value (NULL) is left out.
 */
enum template_body_kind { TEMPLATE_FORM, TEMPLATE_JSON };
struct template_body *template_body_parse(const char *text,
                                          enum template_body_kind kind,
                                          const char **ret_error);
void template_body_free(struct template_body *body);
void template_body_each_secret(const struct template_body *body,
                               void (*each)(const char *name, void *context),
                               void *context);
bool template_body_uses(const struct template_body *body,
                        enum template_name name);

/* As template_bind; *ret_text is NUL-terminated, its length in *ret_length.
 * -EILSEQ: a value that is not UTF-8 cannot stand in JSON. */
int template_body_bind(const struct template_body *body,
                       const struct template_values *values, char **ret_text,
                       size_t *ret_length);

#endif
