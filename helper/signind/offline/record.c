/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A verifier's file: lines "KEY VALUE", all of them, in one order.  A file of
 * another version is as good as none.
 */
#include "offline_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "signin offline verifier 1"
#define LAST_LINE  "end"

/* May it stand in a line? */
static bool
record_is_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static int
record_copy(char *to, size_t size, const char *from)
{
    size_t length = from == NULL ? 0 : strlen(from);

    if (length >= size || !record_is_text(from == NULL ? "" : from, length))
        return -EINVAL;
    memcpy(to, from == NULL ? "" : from, length + 1);
    return 0;
}

int
offline_record_fill(struct offline_record *ret_record,
                    const struct offline_user *user, int64_t now_s)
{
    struct offline_record made = {
        .uid = user->uid, .written_at_s = now_s, .seen_at_s = now_s};

    if (user->name == NULL || user->name[0] == '\0' || user->provider == NULL ||
        user->provider[0] == '\0' || user->issuer == NULL ||
        user->issuer[0] == '\0' || now_s < 0 ||
        record_copy(made.name, sizeof(made.name), user->name) != 0 ||
        record_copy(made.provider, sizeof(made.provider), user->provider) !=
            0 ||
        record_copy(made.issuer, sizeof(made.issuer), user->issuer) != 0 ||
        record_copy(made.subject, sizeof(made.subject), user->subject) != 0)
        return -EINVAL;
    *ret_record = made;
    return 0;
}

size_t
offline_record_format(const struct offline_record *record,
                      char text[OFFLINE_FILE_MAX + 1])
{
    int length = snprintf(
        text, OFFLINE_FILE_MAX + 1,
        FIRST_LINE "\nname %s\nuid %" PRIu32
                   "\nprovider %s\nissuer %s\nsubject %s\nwritten_at %" PRId64
                   "\nseen_at %" PRId64 "\nfailures %" PRIu32
                   "\nverifier %s\n" LAST_LINE "\n",
        record->name, record->uid, record->provider, record->issuer,
        record->subject, record->written_at_s, record->seen_at_s,
        record->failures, record->verifier);

    return length < 0 ? 0 : (size_t)length;
}

/* The value of the next line, which must be of that key; *text moves behind
 * it.  Empty values only where that is said. */
static int
record_line(const char **text, const char *end, const char *key, char *value,
            size_t size)
{
    const char *newline = memchr(*text, '\n', (size_t)(end - *text));
    size_t skip = strlen(key) + 1, length;

    if (newline == NULL || (size_t)(newline - *text) < skip ||
        strncmp(*text, key, skip - 1) != 0 || (*text)[skip - 1] != ' ')
        return -EPROTO;
    length = (size_t)(newline - *text) - skip;
    if (length >= size || !record_is_text(*text + skip, length))
        return -EPROTO;
    memcpy(value, *text + skip, length);
    value[length] = '\0';
    *text = newline + 1;
    return 0;
}

/* Digits alone, without a leading zero. */
static int
record_number(const char **text, const char *end, const char *key,
              int64_t largest, int64_t *ret_number)
{
    char value[20];
    int64_t number = 0;

    if (record_line(text, end, key, value, sizeof(value)) != 0 ||
        value[0] == '\0' || (value[0] == '0' && value[1] != '\0'))
        return -EPROTO;
    for (const char *digit = value; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' ||
            number > (largest - (*digit - '0')) / 10)
            return -EPROTO;
        number = number * 10 + (*digit - '0');
    }
    *ret_number = number;
    return 0;
}

static int
record_fixed(const char **text, const char *end, const char *line)
{
    size_t length = strlen(line);

    if ((size_t)(end - *text) < length + 1 ||
        memcmp(*text, line, length) != 0 || (*text)[length] != '\n')
        return -EPROTO;
    *text += length + 1;
    return 0;
}

/* crypt(5): "$y$", then its own alphabet alone. */
static bool
record_is_verifier(const char *verifier)
{
    static const char alphabet[] = "./0123456789"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz$";

    return strncmp(verifier, "$y$", 3) == 0 &&
           strlen(verifier) > strlen("$y$j9T$") &&
           strspn(verifier, alphabet) == strlen(verifier);
}

int
offline_record_parse(struct offline_record *ret_record, const char *text,
                     size_t length)
{
    struct offline_record read = {0};
    const char *end = text + length;
    int64_t uid = 0, failures = 0;

    if (length > OFFLINE_FILE_MAX ||
        record_fixed(&text, end, FIRST_LINE) != 0 ||
        record_line(&text, end, "name", read.name, sizeof(read.name)) != 0 ||
        record_number(&text, end, "uid", UINT32_MAX - 1, &uid) != 0 ||
        record_line(&text, end, "provider", read.provider,
                    sizeof(read.provider)) != 0 ||
        record_line(&text, end, "issuer", read.issuer, sizeof(read.issuer)) !=
            0 ||
        record_line(&text, end, "subject", read.subject,
                    sizeof(read.subject)) != 0 ||
        record_number(&text, end, "written_at", INT64_MAX / 1000,
                      &read.written_at_s) != 0 ||
        record_number(&text, end, "seen_at", INT64_MAX / 1000,
                      &read.seen_at_s) != 0 ||
        record_number(&text, end, "failures", UINT32_MAX - 1, &failures) != 0 ||
        record_line(&text, end, "verifier", read.verifier,
                    sizeof(read.verifier)) != 0 ||
        record_fixed(&text, end, LAST_LINE) != 0 || text != end ||
        read.name[0] == '\0' || read.provider[0] == '\0' ||
        read.issuer[0] == '\0' || !record_is_verifier(read.verifier))
        return -EPROTO;
    read.uid = (uint32_t)uid;
    read.failures = (uint32_t)failures;
    *ret_record = read;
    return 0;
}

bool
offline_record_is_of(const struct offline_record *record,
                     const struct offline_user *user)
{
    return record->uid == user->uid && strcmp(record->name, user->name) == 0 &&
           strcmp(record->provider, user->provider) == 0 &&
           strcmp(record->issuer, user->issuer) == 0 &&
           (user->subject == NULL ||
            strcmp(record->subject, user->subject) == 0);
}
