/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "signind/jwt.h"
#include "trace.h"

/* ASCII only: folding other scripts makes different names equal. */
static bool
identity_same(const char *one, const char *other, bool ignore_case)
{
    for (;; one++, other++) {
        char a = *one, b = *other;

        if (ignore_case && a >= 'A' && a <= 'Z')
            a = (char)(a + 'a' - 'A');
        if (ignore_case && b >= 'A' && b <= 'Z')
            b = (char)(b + 'a' - 'A');
        if (a != b)
            return false;
        if (a == '\0')
            return true;
    }
}

/* Fill the result: "SOURCE names "NAMED", not ...".  A JWT is no name, and
 * may be one that nobody else took for a secret. */
static void
identity_refuse(struct provider_call *call, const struct source *source,
                const char *named, const char *expected)
{
    const char **items = calloc(call_secrets_room(call), sizeof(*items));
    json_t *claims = NULL;

    why_set(&call->result, WIRE_IDENTITY_MISMATCH, "%s: %s names",
            request_kind_name(call->kind), source->text);
    if (jwt_claims(named, strlen(named), &claims) == 0) {
        why_add(&call->result, " a JWT");
    } else if (items != NULL) {
        const struct why_secrets secrets = call_secrets(call, items);

        why_add_quoted(&call->result, named, &secrets);
    } else {
        why_add(&call->result, " somebody");
    }
    why_add(&call->result, ", not %s", expected);
    json_decref(claims);
    free(items);
}

static bool
identity_out_of_memory(struct provider_call *call)
{
    why_set(&call->result, WIRE_INTERNAL, "out of memory");
    return false;
}

/* Take identity.subject out of the answer, where it is. */
static bool
identity_take_subject(struct provider_call *call)
{
    const struct source *source = call->provider->identity_subject;
    char *subject = NULL;
    int r = answer_text(&call->answer, source, &subject);

    if (r == -ENOMEM)
        return identity_out_of_memory(call);
    if (r == -ENOENT) {
        if (source != NULL)
            trace_say(call->context, "subject", "nothing at %s", source->text);
        return true;
    }
    if (r < 0 || strlen(subject) > PROVIDER_SUBJECT_MAX) {
        wipe_free(subject);
        why_set(&call->result, WIRE_MISCONFIGURED, "%s: %s is no subject: %s",
                request_kind_name(call->kind), source->text,
                r < 0 ? "not a scalar" : "too long");
        return false;
    }
    trace_name(call, "subject", source, subject);
    call->tokens.subject = subject;
    return true;
}

/* One group more.  0, -EINVAL (it does not fit) or -ENOMEM. */
static int
identity_add_group(struct provider_tokens *tokens, const json_t *item)
{
    struct provider_group *group = &tokens->groups[tokens->group_count];
    int r = json_is_string(item)
                ? json_plain_text(item, PROVIDER_GROUP_MAX, &group->name)
                : -EINVAL;

    if (r < 0)
        return r == -ENOENT ? -EINVAL : r;
    group->id = strdup(group->name);
    if (group->id == NULL) {
        wipe_free(group->name);
        return -ENOMEM;
    }
    tokens->group_count++;
    return 0;
}

/*
 * identity.groups.  A list that is not there or of no use is not an empty
 * one: providers leave the claim out when it would be too long.
 */
static bool
identity_take_groups(struct provider_call *call)
{
    const struct source *source = call->provider->identity_groups;
    struct provider_tokens *tokens = &call->tokens;
    const json_t *list =
        source == NULL ? NULL : answer_json(&call->answer, source);
    size_t count = json_array_size(list), dropped = 0;

    if (source == NULL)
        return true;
    if (list == NULL || json_is_null(list)) {
        trace_say(call->context, "groups", "nothing at %s", source->text);
        return true;
    }
    if (!json_is_array(list) || count > PROVIDER_GROUPS_MAX) {
        why_add(&call->result, ", groups not taken: %s is %s", source->text,
                json_is_array(list) ? "too long" : "no array");
        return true;
    }
    tokens->groups = calloc(count + 1, sizeof(*tokens->groups));
    for (size_t i = 0; i < count; i++) {
        int r = tokens->groups == NULL
                    ? -ENOMEM
                    : identity_add_group(tokens, json_array_get(list, i));

        if (r == -ENOMEM)
            return identity_out_of_memory(call);
        dropped += r < 0;
    }
    tokens->groups_known = true;
    if (dropped > 0)
        why_add(&call->result, ", %zu groups at %s are no names", dropped,
                source->text);
    trace_say(call->context, "groups", "%s, %zu", source->text,
              tokens->group_count);
    return true;
}

bool
identity_check_sign_in(struct provider_call *call)
{
    const struct provider_config *provider = call->provider;
    const struct source *source = provider->identity_user;
    cleanup_wipe char *named = NULL;
    int r = answer_text(&call->answer, source, &named);

    if (r == -ENOMEM)
        return identity_out_of_memory(call);
    if (r == 0 &&
        !identity_same(named, call->login, provider->identity_ignore_case)) {
        identity_refuse(call, source, named, "the user that signs in");
        return false;
    }
    if (r == -EINVAL ||
        (r == -ENOENT && !provider->identity_accepted_password)) {
        why_set(&call->result, WIRE_IDENTITY_MISMATCH,
                "%s: nobody is named at %s (see identity.user)",
                request_kind_name(call->kind),
                source == NULL ? "identity.user" : source->text);
        return false;
    }
    if (r == 0)
        trace_name(call, "user", source, named);
    else
        trace_say(call->context, "user",
                  "not named; identity.check = "
                  "accepted_password lets it pass");
    return identity_take_subject(call) && identity_take_groups(call);
}

bool
identity_check_refresh(struct provider_call *call)
{
    const struct provider_config *provider = call->provider;
    cleanup_wipe char *named = NULL;
    int r;

    if (!identity_take_subject(call))
        return false;
    if (call->subject != NULL && call->tokens.subject != NULL) {
        if (strcmp(call->subject, call->tokens.subject) == 0)
            return true;
        identity_refuse(call, provider->identity_subject, call->tokens.subject,
                        "the session's subject");
        return false;
    }
    r = answer_text(&call->answer, provider->identity_user, &named);
    if (r == -ENOMEM)
        return identity_out_of_memory(call);
    if (r == 0 &&
        !identity_same(named, call->login, provider->identity_ignore_case)) {
        identity_refuse(call, provider->identity_user, named,
                        "the session's user");
        return false;
    }
    if (r == 0)
        trace_name(call, "user", provider->identity_user, named);
    return true;
}
