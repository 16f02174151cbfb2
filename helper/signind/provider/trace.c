/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/jwt.h"

static void
trace_tell(const struct provider_context *context, const char *step,
           const struct provider_result *words)
{
    context->trace(context->trace_context, step, words->why);
}

void
trace_say(const struct provider_context *context, const char *step,
          const char *format, ...)
{
    struct provider_result words;
    char text[sizeof(words.why)];
    va_list arguments;

    if (context == NULL || context->trace == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    why_set(&words, WIRE_RESULT_NONE, "%s", text);
    trace_tell(context, step, &words);
}

void
trace_name(const struct provider_call *call, const char *step,
           const struct source *source, const char *value)
{
    size_t length = strlen(value);
    struct provider_result words;
    json_t *claims = NULL;
    const char **items;

    if (call->context->trace == NULL)
        return;
    if (jwt_claims(value, length, &claims) == 0) {
        json_decref(claims);
        trace_say(call->context, step, "%s, a JWT of %zu bytes, not a name",
                  source->text, length);
        return;
    }
    items = calloc(call_secrets_room(call), sizeof(*items));
    why_set(&words, WIRE_RESULT_NONE, "%s =", source->text);
    if (items != NULL) {
        const struct why_secrets secrets = call_secrets(call, items);

        why_add_quoted(&words, value, &secrets);
        trace_tell(call->context, step, &words);
    }
    free(items);
}
