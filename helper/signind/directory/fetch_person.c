/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user as a directory describes it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fetch_private.h"
#include "signind/provider/answer.h"
#include "wire/people.h"

/* ---- names ------------------------------------------------------------------
 */

char *
person_login(const struct directory_config *directory, const char *host_name,
             const char *name)
{
    const struct template_values values = {
        .value = {[NAME_USER] = name,
                  [NAME_HOST] = host_name,
                  [NAME_BASE_URL] = directory->base_url,
                  [NAME_CLIENT_ID] = directory->client_id,
                  [NAME_SCOPE] = directory->scope}};
    char *login = NULL;

    if (directory->login_name == NULL)
        return strdup(name);
    if (template_bind(directory->login_name, &values, &login) < 0)
        return NULL;
    return login;
}

/* What stands behind {{user}} if that stands in front of all and nowhere
 * else; NULL otherwise. */
static char *
person_login_suffix(const struct directory_config *directory,
                    const char *host_name)
{
    cleanup_wipe char *with = person_login(directory, host_name, "x");
    char *suffix = person_login(directory, host_name, "");

    if (suffix != NULL && with != NULL && *with == 'x' &&
        strcmp(with + 1, suffix) == 0)
        return suffix;
    wipe_free(suffix);
    return NULL;
}

static int
person_reader_compile(struct person_reader *reader, const char *pattern)
{
    size_t size = strlen(pattern) + sizeof("^()$");
    cleanup_free char *whole = malloc(size);
    int r;

    if (whole == NULL)
        return -ENOMEM;
    snprintf(whole, size, "^(%s)$", pattern);
    r = regcomp(&reader->pattern, whole, REG_EXTENDED | REG_NOSUB);
    reader->has_pattern = r == 0;
    if (r == REG_ESPACE)
        return -ENOMEM;
    return r == 0 ? 0 : -EINVAL;
}

int
person_reader_init(struct person_reader *reader, const struct config *config,
                   const struct directory_config *directory,
                   const char *host_name)
{
    *reader = (struct person_reader){
        .directory = directory,
        .suffix = person_login_suffix(directory, host_name),
    };
    if (reader->suffix == NULL && directory->login_name == NULL)
        return -ENOMEM;
    if (config->accounts.name_pattern == NULL)
        return 0;
    return person_reader_compile(reader, config->accounts.name_pattern);
}

void
person_reader_done(struct person_reader *reader)
{
    wipe_free(reader->suffix);
    if (reader->has_pattern)
        regfree(&reader->pattern);
    *reader = (struct person_reader){0};
}

bool
person_reader_takes(const struct person_reader *reader, const char *name)
{
    return people_name_valid(name) &&
           (!reader->has_pattern ||
            regexec(&reader->pattern, name, 0, NULL, 0) == 0);
}

/* ---- values -----------------------------------------------------------------
 */

/* A value that may be missing: what does not fit is as if absent. */
static int
person_take_text(const json_t *json, const char *pointer, char **ret_text)
{
    int r;

    if (pointer == NULL)
        return 0;
    r = json_plain_text(json_at(json, pointer), PERSON_VALUE_MAX, ret_text);
    return r == -ENOMEM ? r : 0;
}

/* A number from 1 on below the two highest, or 0. */
static uint32_t
person_take_uid(const json_t *json, const char *pointer)
{
    cleanup_wipe char *text = NULL;
    uint64_t number = 0;

    if (pointer == NULL || json_plain_text(json_at(json, pointer),
                                           sizeof("4294967295") - 1, &text) < 0)
        return 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return 0;
        number = number * 10 + (uint64_t)(*p - '0');
    }
    if (text[0] == '0' || number > UINT32_MAX - 2)
        return 0;
    return (uint32_t)number;
}

/* 1: yes, 0: no, -ENOENT: nothing is said, -EINVAL: neither. */
static int
person_truth(const json_t *value)
{
    const char *text = json_string_value(value);

    if (value == NULL || json_is_null(value) || (text != NULL && *text == '\0'))
        return -ENOENT;
    if (json_is_boolean(value))
        return json_is_true(value);
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) <= 1)
        return (int)json_integer_value(value);
    if (text == NULL)
        return -EINVAL;
    if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
        return 1;
    if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
        return 0;
    return -EINVAL;
}

/* What cannot be understood is a no: somebody meant to say something. */
static bool
person_is_enabled(const struct user_attributes *attribute, const json_t *json)
{
    const json_t *until;
    int64_t until_s = 0;
    int r;

    if (attribute->enabled != NULL) {
        r = person_truth(json_at(json, attribute->enabled));
        if (r != 1 && r != -ENOENT)
            return false;
    }
    if (attribute->disabled == NULL)
        return true;
    until = json_at(json, attribute->disabled);
    r = person_truth(until);
    if (r != -EINVAL)
        return r != 1;
    return json_is_string(until) &&
           expiry_parse_date(json_string_value(until), &until_s) == 0 &&
           until_s <= (int64_t)time(NULL);
}

/* ---- the whole --------------------------------------------------------------
 */

/* The name, from what the directory calls the user. */
static int
person_take_name(const struct person_reader *reader, const json_t *json,
                 const char *asked, const char *login, struct person *person,
                 const char **ret_why)
{
    const char *pointer = reader->directory->attribute.name;
    cleanup_wipe char *text = NULL;
    size_t length, behind;
    int r = json_plain_text(pointer == NULL ? NULL : json_at(json, pointer),
                            WIRE_SHORT_TEXT_MAX, &text);

    *ret_why = "there is no name at attribute.name";
    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    if (asked != NULL) {
        *ret_why = "it is somebody else";
        if (strcmp(text, login) != 0)
            return -EXDEV;
        person->name = strdup(asked);
        return person->name == NULL ? -ENOMEM : 0;
    }
    *ret_why = "the name at attribute.name does not end as login_name does";
    length = strlen(text);
    behind = reader->suffix == NULL ? 0 : strlen(reader->suffix);
    if (reader->suffix == NULL || behind > length ||
        strcmp(text + length - behind, reader->suffix) != 0)
        return -EINVAL;
    text[length - behind] = '\0';
    *ret_why = "the name at attribute.name cannot be a user's here";
    if (!person_reader_takes(reader, text))
        return -EINVAL;
    person->name = strdup(text);
    return person->name == NULL ? -ENOMEM : 0;
}

static int
person_take_rest(const struct directory_config *directory, const json_t *json,
                 struct person *person, const char **ret_why)
{
    const struct user_attributes *attribute = &directory->attribute;
    int r = json_plain_text(
        attribute->subject == NULL ? NULL : json_at(json, attribute->subject),
        PERSON_SUBJECT_MAX, &person->subject);

    *ret_why = "there is no immutable id at attribute.subject";
    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    person->uid = person_take_uid(json, attribute->uid);
    person->enabled = person_is_enabled(attribute, json);
    r = person_take_text(json, attribute->gecos, &person->gecos);
    if (r == 0)
        r = person_take_text(json, attribute->home, &person->home);
    if (r == 0)
        r = person_take_text(json, attribute->shell, &person->shell);
    if (r == 0 && attribute->ssh_keys != NULL)
        r = person_read_keys(json_at(json, attribute->ssh_keys), person);
    if (r == 0)
        r = person_read_groups(directory, json, person);
    return r;
}

int
person_read(const struct person_reader *reader, const json_t *json,
            const char *asked, const char *login, struct person *ret_person,
            const char **ret_why)
{
    struct person person = {0};
    const char *why = "it is no JSON object";
    int r = -EINVAL;

    if (json_is_object(json))
        r = person_take_name(reader, json, asked, login, &person, &why);
    if (r == 0)
        r = person_take_rest(reader->directory, json, &person, &why);
    if (r == 0) {
        *ret_person = person;
        return 0;
    }
    person_done(&person);
    *ret_why = r == -ENOMEM ? "out of memory" : why;
    return r;
}

int
fetch_read_user(const struct config *config,
                const struct directory_config *directory,
                const struct json_t *json, struct person *ret_person,
                const char **ret_why)
{
    struct person_reader reader;
    int r = person_reader_init(&reader, config, directory, NULL);

    *ret_why = r == -ENOMEM ? "out of memory" : "[accounts] name_pattern";
    if (r == 0)
        r = person_read(&reader, json, NULL, NULL, ret_person, ret_why);
    person_reader_done(&reader);
    return r;
}
