/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of people.h: the first byte of the input chooses the kind. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "wire/people.h"

static void
try_user(char *text, size_t length)
{
    char again[PEOPLE_USER_MAX + 1], copy[PEOPLE_USER_MAX + 1];
    struct people_user user, same;

    if (length <= PEOPLE_USER_MAX)
        memcpy(copy, text, length);
    if (people_user_parse(text, length, &user) != 0)
        return;
    MUST(people_name_valid(user.name));
    MUST(people_id_valid(user.uid));
    MUST(people_id_valid(user.gid) || user.gid < PEOPLE_ID_FLOOR);
    /* What was read can be written, and is the same. */
    MUST(people_user_format(&user, again) == 0);
    MUST(strlen(again) == length && memcmp(again, copy, length) == 0);
    MUST(people_user_parse(again, length, &same) == 0);
    MUST(same.uid == user.uid && same.gid == user.gid);
}

static void
try_group(char *text, size_t length)
{
    const char *name, *member;
    size_t members = 0;
    uint32_t gid;
    char *rest;

    if (people_group_parse(text, length, &name, &gid, &rest) != 0)
        return;
    MUST(people_name_valid(name) && people_id_valid(gid));
    MUST(rest >= text && rest <= text + length);
    while (people_next_member(&rest, &member) == 1) {
        MUST(people_name_valid(member));
        MUST(rest >= text && rest <= text + length);
        MUST(++members <= length);
    }
}

static void
try_gids(char *text, size_t length)
{
    const char *name;
    size_t gids = 0;
    uint32_t gid;
    char *rest;

    if (people_gids_parse(text, length, &name, &rest) != 0)
        return;
    MUST(people_name_valid(name));
    while (people_next_gid(&rest, &gid) == 1) {
        MUST(rest >= text && rest <= text + length);
        MUST(++gids <= length);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    /* Room for the NUL, and not a byte more. */
    text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    if (data[0] == 'u')
        try_user(text, size - 1);
    else if (data[0] == 'g')
        try_group(text, size - 1);
    else
        try_gids(text, size - 1);
    free(text);
    return 0;
}
