/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON Web Token: three segments, base64url, an object of claims.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "signind/jwt.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *claims = NULL;
    char *token = malloc(size + 1);
    int error;

    if (token == NULL)
        return 0;
    /* A copy of just that length: one byte too far is seen by ASan. */
    memcpy(token, data, size);
    token[size] = '\0';
    error = jwt_claims(token, size, &claims);
    MUST(error != 0 || json_is_object(claims));
    MUST(error == 0 || claims == NULL);
    /* What is taken has exactly two dots, and nothing beyond the alphabet. */
    if (error == 0) {
        size_t dots = 0;

        MUST(strlen(token) == size);
        for (size_t i = 0; i < size; i++)
            dots += token[i] == '.';
        MUST(dots == 2);
        MUST(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
                           "wxyz0123456789-_.") == size);
    }
    json_decref(claims);
    free(token);
    return 0;
}
