/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory's users and groups, and where its next page is.  The first byte
 * chooses how the directory is configured; the rest is the JSON of an answer.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "signind/directory/fetch_private.h"
#include "wire/people.h"

static char name_at[] = "/n", subject_at[] = "/s", uid_at[] = "/u",
            text_at[] = "/t", keys_at[] = "/k", enabled_at[] = "/e",
            disabled_at[] = "/d", groups_at[] = "/g", members_at[] = "/m",
            whole[] = "", pattern[] = "[a-f]*";

static bool
printable(const char *text, size_t most)
{
    if (text == NULL)
        return true;
    if (*text == '\0' || strlen(text) > most)
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static void
check_person(const struct person *person)
{
    MUST(people_name_valid(person->name));
    MUST(person->subject != NULL &&
         printable(person->subject, PERSON_SUBJECT_MAX));
    MUST(printable(person->gecos, PERSON_VALUE_MAX));
    MUST(printable(person->home, PERSON_VALUE_MAX));
    MUST(printable(person->shell, PERSON_VALUE_MAX));
    MUST(person->uid < UINT32_MAX - 1);
    MUST(person->ssh_key_count <= PERSON_KEYS_MAX);
    MUST(person->group_count <= PERSON_GROUPS_MAX);
    MUST(person->groups_known || person->group_count == 0);
    for (size_t i = 0; i < person->ssh_key_count; i++) {
        const char *key = person->ssh_keys[i];

        MUST(printable(key, PERSON_KEY_MAX));
        MUST(strncmp(key, "ssh-", 4) == 0 || strncmp(key, "ecdsa-", 6) == 0 ||
             strncmp(key, "sk-", 3) == 0);
    }
    for (size_t i = 0; i < person->group_count; i++) {
        MUST(person->groups[i].id != NULL && person->groups[i].name != NULL);
        MUST(printable(person->groups[i].id, PERSON_VALUE_MAX));
        MUST(printable(person->groups[i].name, PERSON_VALUE_MAX));
    }
}

static void
read_one(const struct config *config, const struct directory_config *directory,
         const json_t *json)
{
    struct person person = {0};
    struct person_team team = {0};
    const char *why = NULL;

    if (fetch_read_user(config, directory, json, &person, &why) == 0)
        check_person(&person);
    else
        MUST(why != NULL);
    person_done(&person);
    if (person_read_team(directory, json, &team) == 0) {
        MUST(team.group.id != NULL && team.group.name != NULL);
        for (size_t i = 0; i < team.member_count; i++)
            MUST(printable(team.members[i], PERSON_SUBJECT_MAX));
    }
    person_team_done(&team);
}

/* Wherever a page sends us, it is the same host. */
static void
follow(const json_t *json, bool by_header)
{
    static const char first[] = "https://host.example:8443/a/b?c";
    char at[] = "/next";
    struct source next = {.kind = by_header ? SOURCE_HEADER : SOURCE_ANSWER,
                          .pointer = by_header ? at + 1 : at};
    const struct page_config config = {.kind = PAGE_NEXT, .next = &next};
    struct page_walk walk = {.config = &config, .pages = 1};
    const char *text = json_string_value(json_at(json, "/next")), *why = "";
    char *value = strdup(text == NULL ? "" : text);
    struct http_header header = {.name = at + 1, .value = value};
    const struct http_answer http = {.headers = &header};
    char *url = strdup(first);

    if (url != NULL && value != NULL && page_walk_url(&walk, &url) == 0 &&
        page_walk_next(&walk, url, json, &http, NULL, NULL, -1, &why) == 1) {
        char *origin = page_origin(walk.url);

        MUST(origin != NULL &&
             strcmp(origin, "https://host.example:8443") == 0);
        MUST(strpbrk(walk.url, " \r\n\t\\#") == NULL);
        free(origin);
    }
    page_walk_done(&walk);
    free(url);
    free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    struct directory_config directory = {
        .type = DIRECTORY_REST,
        .attribute = {name_at, subject_at, uid_at, text_at, text_at, text_at,
                      keys_at, enabled_at, disabled_at, groups_at},
        .group = {name_at, subject_at, members_at, whole},
    };
    const char *mistake, *why;
    json_t *json = NULL;

    if (size < 1)
        return 0;
    if (data[0] & 1)
        directory.type = DIRECTORY_SCIM;
    if (data[0] & 2)
        directory.group.id = NULL;
    if (data[0] & 4)
        config.accounts.name_pattern = pattern;
    if (data[0] & 8)
        directory.login_name =
            template_parse("{{user}}@x", TEMPLATE_PLAIN, &mistake);
    if (data[0] & 16)
        directory.group.member = subject_at;
    if (json_read_any((const char *)data + 1, size - 1, &json, &why) == 0) {
        read_one(&config, &directory, json);
        for (size_t i = 0; i < json_array_size(json); i++)
            read_one(&config, &directory, json_array_get(json, i));
        follow(json, data[0] & 32);
    }
    json_decref(json);
    template_free(directory.login_name);
    return 0;
}
