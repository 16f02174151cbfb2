/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin token, header, get, refresh.
 */
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "wire/memory.h"

#define DEFAULT_MIN_VALID_S 10
#define ACCESS_TOKEN        "{{access_token}}"
#define KEEP_PREFIX         "keep."

void
token_done(struct token *token)
{
    if (token->bytes != NULL)
        explicit_bzero(token->bytes, token->length);
    free(token->bytes);
    *token = (struct token){0};
}

bool
token_read(const struct session *session, struct token *ret_token)
{
    ssize_t length;

    token_done(ret_token);
    if (session->keys.access_token == 0)
        return false;
    ret_token->bytes = malloc(KEYRING_PAYLOAD_MAX);
    if (ret_token->bytes == NULL)
        return false;
    length = keyring_read(session->keys.access_token, ret_token->bytes,
                          KEYRING_PAYLOAD_MAX);
    if (length <= 0 || (length == 1 && ret_token->bytes[0] == '-'))
        return false;
    ret_token->length = (size_t)length;
    return true;
}

int64_t
token_default_min_valid(int64_t lifetime_s)
{
    if (lifetime_s > 0 && lifetime_s / 10 < DEFAULT_MIN_VALID_S)
        return lifetime_s / 10;
    return DEFAULT_MIN_VALID_S;
}

bool
token_lasts(int64_t expires_at_s, int64_t now_s, int64_t min_valid_s)
{
    if (expires_at_s == 0)
        return true;
    return expires_at_s > now_s && expires_at_s - now_s >= min_valid_s;
}

/* Read the token, and say whether it is there and lasts. */
static bool
read_lasting(const struct session *session, int64_t min_valid_s,
             struct token *ret_token)
{
    return token_read(session, ret_token) &&
           token_lasts(session_number(session, "expires_at"), time(NULL),
                       min_valid_s);
}

/* signind has renewed it: look for the keys again, it may have made new ones.
 */
static enum status
fetch_renewed(const struct arguments *arguments, int64_t min_valid_s,
              struct session *session, struct token *ret_token)
{
    enum status status;

    session_done(session);
    status = session_find(session);
    if (status != STATUS_OK)
        return status;
    if (read_lasting(session, min_valid_s, ret_token))
        return STATUS_OK;
    if (ret_token->length == 0) {
        text_complain("the token has gone again since it was renewed; try "
                      "again");
        return STATUS_EXPIRED;
    }
    /* Nobody asked for these seconds: what is valid now will do. */
    if (!arguments->min_valid_given)
        return STATUS_OK;
    text_complain("%s", verdict_of_result(WIRE_TOO_SHORT).sentence);
    return STATUS_TOO_SHORT;
}

/* What signind said; a session without tokens has the better words itself. */
static enum status
complain_of_answer(const struct session *session, const struct answer *answer)
{
    enum status status = STATUS_OK;

    if (answer->status == STATUS_EXPIRED || answer->status == STATUS_REFUSED)
        status = daemon_complain_offline(session);
    return status != STATUS_OK ? status : daemon_complain(answer);
}

/*
 * The session and a token that lasts as the arguments say, renewed by signind
 * only if it must be.  STATUS_OK, or it has complained.
 */
static enum status
fetch_token(const struct arguments *arguments, struct session *ret_session,
            struct token *ret_token)
{
    enum status status = session_find(ret_session);
    int64_t min_valid_s = arguments->min_valid_s;
    struct answer answer;

    if (status != STATUS_OK)
        return status;
    if (!arguments->min_valid_given)
        min_valid_s =
            token_default_min_valid(session_number(ret_session, "lifetime"));
    if (read_lasting(ret_session, min_valid_s, ret_token))
        return STATUS_OK;
    answer = daemon_refresh(ret_session, min_valid_s, false);
    if (answer.status == STATUS_OK)
        return fetch_renewed(arguments, min_valid_s, ret_session, ret_token);
    /* A token that is valid now is what was asked for, if no more was.  It is
     * read once more: asking may have taken longer than it had left. */
    if (!arguments->min_valid_given && read_lasting(ret_session, 0, ret_token))
        return STATUS_OK;
    return complain_of_answer(ret_session, &answer);
}

enum status
command_token(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    cleanup_token struct token token = {0};
    cleanup_text struct text text = {0};
    enum status status = fetch_token(arguments, &session, &token);

    if (status != STATUS_OK)
        return status;
    text_add_bytes(&text, token.bytes, token.length);
    text_add(&text, "\n");
    return command_print(&text);
}

/* ---- header ---------------------------------------------------------------
 */

/* What would end or break the header line (RFC 9110, 5.5). */
static bool
has_controls(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
            return true;
    return false;
}

/* Bind the template, whose only name is {{access_token}}. */
static bool
bind_header(const char *template, const struct token *token, struct text *text)
{
    const char *name;

    text_add(text, "Authorization: ");
    while ((name = strstr(template, "{{")) != NULL) {
        if (strncmp(name, ACCESS_TOKEN, strlen(ACCESS_TOKEN)) != 0)
            return false;
        text_add_bytes(text, template, (size_t)(name - template));
        text_add_bytes(text, token->bytes, token->length);
        template = name + strlen(ACCESS_TOKEN);
    }
    text_add(text, template);
    text_add(text, "\n");
    return true;
}

enum status
command_header(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    cleanup_token struct token token = {0};
    cleanup_text struct text text = {0};
    cleanup_wipe char *template = NULL;
    const char *bound = "Bearer " ACCESS_TOKEN; /* RFC 6750, 2.1 */
    enum status status = fetch_token(arguments, &session, &token);

    if (status != STATUS_OK)
        return status;
    template = session_text(&session, "authorization");
    if (template != NULL)
        bound = template;
    if (has_controls(token.bytes, token.length)) {
        text_complain("the token holds control characters and cannot stand in "
                      "a header; ask the administrator what the provider "
                      "sends");
        return STATUS_FAILURE;
    }
    if (has_controls(bound, strlen(bound)) ||
        !bind_header(bound, &token, &text)) {
        text_complain("the session's authorization template makes no header; "
                      "ask the administrator to correct \"authorization\" in "
                      "signin.conf");
        return STATUS_FAILURE;
    }
    return command_print(&text);
}

/* ---- get, refresh ---------------------------------------------------------
 */

/* "; there is: token_type, id_token" */
static void
complain_of_name(const struct session *session, const char *name)
{
    cleanup_text struct text names = {0};
    char found[sizeof(KEEP_PREFIX) + 64];
    size_t position = 0;

    while (record_next(session->record, &position, found, sizeof(found))) {
        if (strncmp(found, KEEP_PREFIX, strlen(KEEP_PREFIX)) != 0)
            continue;
        text_add(&names, names.length == 0 ? "it keeps: " : ", ");
        text_add(&names, found + strlen(KEEP_PREFIX));
    }
    if (names.length == 0)
        text_add(&names, "it keeps none (keep.NAME in signin.conf)");
    text_complain("the session keeps no field \"%s\"; %.*s", name,
                  (int)names.length, names.bytes);
}

enum status
command_get(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    cleanup_text struct text text = {0};
    cleanup_wipe char *value = NULL;
    char name[sizeof(KEEP_PREFIX) + 64];
    enum status status = session_find(&session);
    int length;

    if (status != STATUS_OK)
        return status;
    length = snprintf(name, sizeof(name), KEEP_PREFIX "%s", arguments->name);
    if (length > 0 && (size_t)length < sizeof(name))
        value = session_text(&session, name);
    if (value == NULL) {
        complain_of_name(&session, arguments->name);
        return STATUS_FAILURE;
    }
    text_format(&text, "%s\n", value);
    return command_print(&text);
}

enum status
command_refresh(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    enum status status = session_find(&session);
    struct answer answer;

    (void)arguments;
    if (status != STATUS_OK)
        return status;
    answer = daemon_refresh(&session, 0, true);
    return complain_of_answer(&session, &answer);
}
