/* SPDX-License-Identifier: BSD-2-Clause */
#include "outcome.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/memory.h"

/* The configuration's names of the classes: result.NAME. */
static const char *const outcome_names[OUTCOME_CLASSES] = {
    [OUTCOME_WRONG_CREDENTIALS] = "wrong_credentials",
    [OUTCOME_ACCOUNT_DISABLED] = "account_disabled",
    [OUTCOME_NEED_SECOND_FACTOR] = "need_second_factor",
    [OUTCOME_MUST_CHANGE_PASSWORD] = "must_change_password",
    [OUTCOME_SLOW_DOWN] = "slow_down",
    [OUTCOME_REFUSED] = "refused",
};

void
outcome_of_failure(const char *name, const struct http_answer *http,
                   struct provider_result *result)
{
    result->sent = http->sent;
    result->unreachable = http->unreachable;
    switch (http->failure) {
    case HTTP_UNTRUSTED:
        why_set(result, WIRE_UNAVAILABLE, "%s: certificate: %s", name,
                http->reason);
        return;
    case HTTP_TOO_LARGE:
        why_set(result, WIRE_MISCONFIGURED, "%s: %s (see max_answer)", name,
                http->reason);
        return;
    case HTTP_NOT_ALLOWED:
        why_set(result, WIRE_MISCONFIGURED, "%s: %s", name, http->reason);
        return;
    case HTTP_ANSWERED:
    case HTTP_UNREACHABLE:
    case HTTP_TIMED_OUT:
    case HTTP_BROKEN:
        break;
    }
    why_set(result, WIRE_UNAVAILABLE, "%s: curl: %s", name, http->reason);
}

static bool
outcome_rule_matches(const struct outcome_rule *rule, unsigned status,
                     const struct answer *answer)
{
    cleanup_wipe char *text = NULL;

    if (status < rule->status.from || status > rule->status.to)
        return false;
    if (rule->source == NULL)
        return true;
    if (answer_text(answer, rule->source, &text) < 0)
        return false;
    return rule->value != NULL && strcmp(text, rule->value) == 0;
}

/* A rule that looks at a value says more than one that does not, and one
 * status more than a range: "wrong_credentials = 400-499" must not swallow
 * "account_disabled = 400 /error=banned".  other may be NULL. */
static bool
outcome_more_exact(const struct outcome_rule *rule,
                   const struct outcome_rule *other)
{
    if (other == NULL)
        return true;
    if ((rule->source != NULL) != (other->source != NULL))
        return rule->source != NULL;
    return rule->status.to - rule->status.from <
           other->status.to - other->status.from;
}

/* The most exact rule of a class that matches, or NULL. */
static const struct outcome_rule *
outcome_match(const struct request_config *request, enum outcome_class class,
              unsigned status, const struct answer *answer)
{
    const struct outcome_rules *rules = &request->outcomes[class];
    const struct outcome_rule *best = NULL;

    for (size_t i = 0; i < rules->count; i++)
        if (outcome_rule_matches(&rules->rules[i], status, answer) &&
            outcome_more_exact(&rules->rules[i], best))
            best = &rules->rules[i];
    return best;
}

/* What a class is, in answer to this request. */
static enum wire_result
outcome_result(enum outcome_class class, enum request_kind kind)
{
    switch (class) {
    case OUTCOME_WRONG_CREDENTIALS:
        /* The credentials of a refresh are the refresh token. */
        if (kind == REQUEST_SIGN_IN)
            return WIRE_WRONG_CREDENTIALS;
        return kind == REQUEST_REFRESH ? WIRE_REFUSED : WIRE_MISCONFIGURED;
    case OUTCOME_ACCOUNT_DISABLED:
        return WIRE_ACCOUNT_DISABLED;
    case OUTCOME_NEED_SECOND_FACTOR:
        return WIRE_NEED_SECOND_FACTOR;
    case OUTCOME_MUST_CHANGE_PASSWORD:
        return WIRE_MUST_CHANGE_PASSWORD;
    case OUTCOME_SLOW_DOWN:
        return WIRE_SLOW_DOWN;
    case OUTCOME_REFUSED:
        return kind == REQUEST_SIGN_IN ? WIRE_WRONG_CREDENTIALS : WIRE_REFUSED;
    case OUTCOME_CLASSES:
        break;
    }
    return WIRE_INTERNAL;
}

/* Did a rule decide? */
static bool
outcome_by_rules(const struct request_config *request, enum request_kind kind,
                 const struct http_answer *http, const struct answer *answer,
                 struct provider_result *result,
                 const struct outcome_rule **ret_rule)
{
    enum outcome_class decided = OUTCOME_CLASSES;
    const struct outcome_rule *best = NULL;

    for (unsigned i = 0; i < OUTCOME_CLASSES; i++) {
        enum outcome_class class = (enum outcome_class)i;
        const struct outcome_rule *rule;

        /* Among equals, whether a session ends at once is asked first. */
        if (kind == REQUEST_REFRESH)
            class = i == 0 ? OUTCOME_REFUSED : (enum outcome_class)(i - 1);
        rule = outcome_match(request, class, http->status, answer);
        if (rule != NULL && outcome_more_exact(rule, best)) {
            best = rule;
            decided = class;
        }
    }
    if (best == NULL)
        return false;
    why_set(result, outcome_result(decided, kind), "%u %s: ", http->status,
            request_kind_name(kind));
    if (best->source != NULL)
        why_add(result, "%s=%s is ", best->source->text, best->value);
    why_add(result, "result.%s", outcome_names[decided]);
    *ret_rule = best;
    return true;
}

/* RFC 6749, 5.2: a refresh token "invalid, expired, revoked". */
static bool
outcome_is_invalid_grant(const struct answer *answer)
{
    const json_t *error = json_at(answer->body, "/error");

    return json_is_string(error) &&
           strcmp(json_string_value(error), "invalid_grant") == 0;
}

bool
outcome_is_html(const struct http_answer *http)
{
    const char *body = http->body + strspn(http->body, " \t\r\n");

    if (*body == '\0')
        return false;
    return *body == '<' ||
           (http->content_type != NULL &&
            strncasecmp(http->content_type, "text/html", 9) == 0);
}

static void
outcome_by_status(const struct request_config *request, enum request_kind kind,
                  const struct http_answer *http, const struct answer *answer,
                  struct provider_result *result)
{
    bool revoke =
        kind == REQUEST_REVOKE_ACCESS || kind == REQUEST_REVOKE_REFRESH;
    const char *name = request_kind_name(kind);
    unsigned status = http->status;

    if (status_list_has(&request->success, status)) {
        if (revoke && outcome_is_html(http))
            why_set(result, WIRE_MISCONFIGURED, "%u %s: a page of HTML", status,
                    name);
        else
            why_set(result, WIRE_OK, "%u %s", status, name);
    } else if (status == 429) {
        why_set(result, WIRE_SLOW_DOWN, "429 %s", name);
    } else if (status >= 500) {
        why_set(result, WIRE_UNAVAILABLE, "%u %s", status, name);
    } else if (kind == REQUEST_REFRESH && status >= 400 &&
               outcome_is_invalid_grant(answer)) {
        why_set(result, WIRE_REFUSED, "%u %s: /error=invalid_grant", status,
                name);
    } else if (status >= 300 && status < 400) {
        why_set(result, WIRE_MISCONFIGURED, "%u %s: redirects are not followed",
                status, name);
    } else if (status >= 400) {
        why_set(result, WIRE_MISCONFIGURED, "%u %s: no %sresult.* has it",
                status, name, kind == REQUEST_REFRESH ? "refresh." : "");
    } else {
        why_set(result, WIRE_MISCONFIGURED, "%u %s: not in %s.success", status,
                name, name);
    }
}

/* The provider's words: answer.message, else RFC 6749's error. */
static void
outcome_add_message(const struct request_config *request,
                    const struct answer *answer,
                    const struct outcome_rule *rule,
                    const struct why_secrets *secrets,
                    struct provider_result *result)
{
    cleanup_wipe char *text = NULL;

    if (request->answer.message != NULL) {
        if (answer_text(answer, request->answer.message, &text) < 0)
            return;
    } else {
        if (rule != NULL && rule->source != NULL &&
            strcmp(rule->source->text, "/error") == 0)
            return;
        if (json_scalar_text(json_at(answer->body, "/error"), &text) < 0)
            return;
    }
    why_add_quoted(result, text, secrets);
}

void
outcome_decide(const struct request_config *request, enum request_kind kind,
               const struct http_answer *http, const struct answer *answer,
               const struct why_secrets *secrets,
               struct provider_result *result)
{
    bool revoke =
        kind == REQUEST_REVOKE_ACCESS || kind == REQUEST_REVOKE_REFRESH;
    const struct outcome_rule *rule = NULL;

    if (http->failure != HTTP_ANSWERED) {
        outcome_of_failure(request_kind_name(kind), http, result);
        return;
    }
    /* Who refuses has done nothing; what fails half way may have. */
    result->sent = http->status < 300 || http->status >= 500;
    result->retry_after_s = http->retry_after_s;
    /* result.wrong_credentials = 401 is about a password; a token that is
     * dead already is what a revocation wanted. */
    if ((revoke && status_list_has(&request->success, http->status)) ||
        !outcome_by_rules(request, kind, http, answer, result, &rule))
        outcome_by_status(request, kind, http, answer, result);
    if (result->result != WIRE_OK)
        outcome_add_message(request, answer, rule, secrets, result);
}
