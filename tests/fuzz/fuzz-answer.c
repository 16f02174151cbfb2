/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A provider's answer: JSON, pointers into it, JWT claims, expiry, tokens.
 * The first byte chooses how the answer is configured.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "signind/provider/answer.h"

static struct source *
source(const char *text)
{
    const char *error;

    return text == NULL ? NULL : source_parse(text, &error);
}

static void
configure(struct provider_config *provider, unsigned choice)
{
    static const char *const expiries[][3] = {{"/expires_in", NULL, NULL},
                                              {NULL, "/ms", NULL},
                                              {NULL, NULL, "/at"},
                                              {NULL, NULL, "access:/exp"}};
    struct answer_config *config = &provider->requests[REQUEST_SIGN_IN].answer;
    const char *const *expiry = expiries[choice % 4];

    config->access_token = source(choice & 4 ? "/data/0/token" : "/access");
    config->refresh_token = source("/refresh");
    config->expires_in = source(expiry[0]);
    config->expires_in_ms = source(expiry[1]);
    config->expires_at = source(expiry[2]);
    config->scope = source("/scope");
}

static void
forget(struct provider_config *provider)
{
    struct answer_config *config = &provider->requests[REQUEST_SIGN_IN].answer;

    source_free(config->access_token);
    source_free(config->refresh_token);
    source_free(config->expires_in);
    source_free(config->expires_in_ms);
    source_free(config->expires_at);
    source_free(config->scope);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char scope[] = "login admin", kept[] = "kept";
    struct keep_config keep = {.name = kept, .source = NULL};
    struct provider_config provider = {
        .scope = scope, .keep = &keep, .keep_count = 1};
    struct http_answer http = {.status = 200};
    struct provider_result result = {.result = WIRE_OK};
    struct provider_tokens tokens = {0};
    struct answer answer = {0};
    char *body;

    if (size < 1 || (body = malloc(size)) == NULL)
        return 0;
    memcpy(body, data + 1, size - 1);
    body[size - 1] = '\0';
    http.body = body;
    http.body_length = size - 1;
    configure(&provider, data[0]);
    keep.source = source("/keep");
    if (answer_take(&answer, &http) == 0) {
        enum wire_result got = answer_tokens(&answer, &provider,
                                             REQUEST_SIGN_IN, &tokens, &result);

        /* Success is one thing: a token that can stand in a header. */
        MUST(got != WIRE_OK ||
             (tokens.access_token.text != NULL &&
              tokens.access_token.length <= PROVIDER_ACCESS_TOKEN_MAX &&
              strpbrk(tokens.access_token.text, "\r\n ") == NULL));
        if (got == WIRE_OK)
            answer_details(&answer, &provider, REQUEST_SIGN_IN, &tokens,
                           &result);
        MUST(tokens.expires_at_s >= 0);
        MUST(memchr(result.why, '\0', sizeof(result.why)) != NULL);
    }
    answer_done(&answer);
    provider_tokens_done(&tokens);
    source_free(keep.source);
    forget(&provider);
    free(body);
    return 0;
}
