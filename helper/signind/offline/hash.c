/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yescrypt, as crypt(5) has it.
 */
#include "offline_private.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * yescrypt's cost, of 1 to 11; crypt(5)'s default is 5.  8 takes 128 MiB, and
 * 0.16 s of a processor of 2023: the most that stays below a quarter of a
 * second.  Guessing at a stolen file costs as much for each guess.
 */
#define HASH_COST 8

/* crypt(3) into a scratch area of its own, which is wiped. */
static int
hash_run(const char *password, const char *setting,
         char ret_hash[OFFLINE_VERIFIER_MAX + 1])
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *hash;
    int error = 0;

    if (data == NULL)
        return -ENOMEM;
    errno = 0;
    hash = crypt_rn(password, setting, data, sizeof(*data));
    if (hash == NULL)
        error = errno == 0 ? -EIO : -errno;
    else if (strlen(hash) > OFFLINE_VERIFIER_MAX)
        error = -EFBIG;
    else
        strcpy(ret_hash, hash);
    explicit_bzero(data, sizeof(*data));
    free(data);
    return error;
}

int
offline_hash_make(const char *password,
                  char ret_verifier[OFFLINE_VERIFIER_MAX + 1])
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];

    errno = 0;
    if (crypt_gensalt_rn("$y$", HASH_COST, NULL, 0, setting, sizeof(setting)) ==
        NULL)
        return errno == 0 ? -EIO : -errno;
    return hash_run(password, setting, ret_verifier);
}

int
offline_hash_check(const char *password, const char *verifier)
{
    char hash[OFFLINE_VERIFIER_MAX + 1];
    int error = hash_run(password, verifier, hash);
    unsigned char differs = 0;

    if (error != 0)
        return error;
    if (strlen(hash) != strlen(verifier))
        error = -EACCES;
    for (size_t i = 0; error == 0 && verifier[i] != '\0'; i++)
        differs |= (unsigned char)(hash[i] ^ verifier[i]);
    explicit_bzero(hash, sizeof(hash));
    return differs != 0 ? -EACCES : error;
}
