/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSH keys from a directory, as lines of authorized_keys(5).  Only the key:
 * options in front of it (command=, environment=) would be orders to sshd.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_private.h"

/* Of sshd(8), without what is obsolete and without certificates. */
static const char *const key_types[] = {
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
};

static bool
key_type_known(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
        if (strlen(key_types[i]) == length &&
            memcmp(key_types[i], text, length) == 0)
            return true;
    return false;
}

/* The value of a digit of base64 (RFC 4648, 4), or -1. */
static int
key_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    return found == NULL ? -1 : (int)(found - digits);
}

/*
 * Is it base64, and does what it encodes begin with the type, as RFC 4253,
 * 6.6 has it?  type is of type_length bytes, at most 40.
 */
static bool
key_blob_valid(const char *text, size_t length, const char *type,
               size_t type_length)
{
    size_t padding = 0, bytes = 0;
    unsigned char start[48];
    unsigned bits = 0;

    while (padding < 2 && padding < length && text[length - padding - 1] == '=')
        padding++;
    if (length % 4 != 0)
        return false;
    for (size_t i = 0; i < length - padding; i++) {
        int digit = key_digit(text[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 != 0 && bytes < sizeof(start))
            start[bytes++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    return bytes > 4 + type_length && start[0] == 0 && start[1] == 0 &&
           start[2] == 0 && start[3] == type_length &&
           memcmp(start + 4, type, type_length) == 0;
}

/* One line into the list, if it is a key.  0 or -ENOMEM. */
static int
key_add(struct person *person, const char *line, size_t length)
{
    const char *blob;
    size_t type_length, blob_length;
    char *copy;

    while (length > 0 && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        length--;
    for (type_length = 0; type_length < length && line[type_length] != ' ';)
        type_length++;
    if (length > PERSON_KEY_MAX || person->ssh_key_count >= PERSON_KEYS_MAX ||
        type_length == length || !key_type_known(line, type_length))
        return 0;
    blob = line + type_length + 1;
    for (blob_length = 0; blob + blob_length < line + length;)
        if (blob[blob_length++] == ' ') {
            blob_length--;
            break;
        }
    if (!key_blob_valid(blob, blob_length, line, type_length))
        return 0;
    copy = strndup(line, length);
    if (copy == NULL)
        return -ENOMEM;
    /* The comment is for people alone. */
    for (char *p = copy + (blob - line) + blob_length; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    person->ssh_keys[person->ssh_key_count++] = copy;
    return 0;
}

static int
key_add_lines(struct person *person, const char *text)
{
    int r = 0;

    while (r == 0 && text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\r\n");

        r = key_add(person, text, length);
        text += length;
        text += strspn(text, "\r\n");
    }
    return r;
}

int
person_read_keys(const json_t *json, struct person *person)
{
    size_t count = json_array_size(json);
    int r;

    if (json == NULL || json_is_null(json))
        return 0;
    person->ssh_keys = calloc(PERSON_KEYS_MAX, sizeof(*person->ssh_keys));
    if (person->ssh_keys == NULL)
        return -ENOMEM;
    r = key_add_lines(person, json_string_value(json));
    for (size_t i = 0; r == 0 && i < count; i++)
        r = key_add_lines(person, json_string_value(json_array_get(json, i)));
    return r;
}
