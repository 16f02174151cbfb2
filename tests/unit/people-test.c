/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people: names, numbers and entries, good and bad; SipHash by its authors'
 * vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/people.h"

/* ---- names and numbers --------------------------------------------------- */

static void
names(void **state)
{
    static const char *const good[] = {"a",
                                       "_",
                                       "_a",
                                       "a-",
                                       "a_-0",
                                       "root",
                                       "a2345678901234567890123456789012"};
    static const char *const bad[] = {
        "",      "-a",       "0a",  "A",   "aB",
        "a b",   "a.b",      "a:b", "a/b", "a\n",
        "a\177", "\303\244", "a$",  "a@b", "a23456789012345678901234567890123"};

    (void)state;
    assert_false(people_name_valid(NULL));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(people_name_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(people_name_valid(bad[i]));
    for (int byte = 1; byte < 256; byte++) {
        const char first[] = {(char)byte, '\0'};
        const char second[] = {'a', (char)byte, '\0'};
        bool letter = (byte >= 'a' && byte <= 'z') || byte == '_';

        assert_int_equal(people_name_valid(first), letter);
        assert_int_equal(people_name_valid(second),
                         letter || byte == '-' || (byte >= '0' && byte <= '9'));
    }
}

static void
numbers(void **state)
{
    /* Where an answer begins to hold, in ascending order. */
    static const struct {
        uint32_t first;
        bool valid;
    } ranges[] = {{0, false},          {1000, true},       {61184, false},
                  {65520, true},       {65534, false},     {65536, true},
                  {2147352576, false}, {2147418112, true}, {4294967294, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        assert_int_equal(people_id_valid(ranges[i].first), ranges[i].valid);
        if (i > 0)
            assert_int_equal(people_id_valid(ranges[i].first - 1),
                             ranges[i - 1].valid);
    }
    assert_false(people_id_valid(UINT32_MAX));
}

static void
login_services(void **state)
{
    (void)state;
    assert_true(people_login_service("sshd"));
    assert_true(people_login_service("sshd-session"));
    assert_true(people_login_service("login"));
    assert_false(people_login_service("sshd2"));
    assert_false(people_login_service("useradd"));
    assert_false(people_login_service(""));
}

/* ---- users --------------------------------------------------------------- */

/* In a block of exactly that size: a sanitizer sees one byte too many. */
static int
parse_user(const char *line, struct people_user *user, char **ret_block)
{
    size_t length = strlen(line);
    char *block = malloc(length + 1);

    assert_non_null(block);
    memcpy(block, line, length);
    block[length] = 'x'; /* there is no NUL yet */
    *ret_block = block;
    return people_user_parse(block, length, user);
}

static void
users(void **state)
{
    static const char *const lines[] = {
        "alice:1879048192:1879048193:Alice \303\204,,,:/home/alice:/bin/bash",
        "a:1000:0::/:/",
        "a:1000:999::/:/",
        "a:2147418112:4294967293:x y;z:/a b:/bin/false",
    };
    char *block, again[PEOPLE_USER_MAX + 1];
    struct people_user user;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse_user(lines[i], &user, &block), 0);
        assert_int_equal(people_user_format(&user, again), 0);
        assert_string_equal(again, lines[i]);
        free(block);
    }
    assert_int_equal(parse_user(lines[0], &user, &block), 0);
    assert_string_equal(user.name, "alice");
    assert_int_equal(user.uid, 1879048192);
    assert_int_equal(user.gid, 1879048193);
    assert_string_equal(user.gecos, "Alice \303\204,,,");
    assert_string_equal(user.home, "/home/alice");
    assert_string_equal(user.shell, "/bin/bash");
    free(block);
}

static void
lines_that_are_no_user(void **state)
{
    static const char *const lines[] = {
        "",
        "a",
        ":::::",
        "a:1000:1000:::",
        "a:1000:1000::/:",
        "a:1000:1000::/",
        "a:1000:1000::/:/bin/sh:",
        "a:1000:1000:g:h:/bin/sh",
        "a:1000:1000:g:/h:sh",
        "A:1000:1000::/:/",
        ":1000:1000::/:/",
        "a::1000::/:/",
        "a:1000:::/:/",
        "a:999:1000::/:/",
        "a:0:1000::/:/",
        "a:01000:1000::/:/",
        "a:1000:01000::/:/",
        "a:1000:00::/:/",
        "a: 1000:1000::/:/",
        "a:1000 :1000::/:/",
        "a:0x1000:1000::/:/",
        "a:-1:1000::/:/",
        "a:1000:-1::/:/",
        "a:4294968296:1000::/:/",
        "a:18446744073709552616:1000::/:/",
        "a:1000:4294967295::/:/",
        "a:1000:65534::/:/",
        "a:1000:61184::/:/",
        "a:1000:1000:\n:/:/",
        "a:1000:1000::/\t:/",
        "a:1000:1000::/:/\177",
    };
    struct people_user user = {.uid = 77};
    char *block;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse_user(lines[i], &user, &block), -EPROTO);
        assert_int_equal(user.uid, 77);
        free(block);
    }
    /* A NUL inside. */
    assert_int_equal(
        people_user_parse((char[]){"a:1000:1000:\0:/:/ "}, 17, &user), -EPROTO);
}

static void
longest_user(void **state)
{
    char line[PEOPLE_USER_MAX + 2], gecos[PEOPLE_USER_MAX + 1];
    char text[PEOPLE_USER_MAX + 1] = "before";
    struct people_user user = {.name = "a",
                               .uid = 1000,
                               .gid = 1000,
                               .gecos = gecos,
                               .home = "/",
                               .shell = "/"};
    const size_t room = PEOPLE_USER_MAX - strlen("a:1000:1000::/:/");

    (void)state;
    memset(gecos, 'g', sizeof(gecos));
    gecos[room + 1] = '\0';
    assert_int_equal(people_user_format(&user, text), -EMSGSIZE);
    assert_string_equal(text, "before");
    gecos[room] = '\0';
    assert_int_equal(people_user_format(&user, text), 0);
    assert_int_equal(strlen(text), PEOPLE_USER_MAX);
    assert_int_equal(people_user_parse(text, PEOPLE_USER_MAX, &user), 0);
    memset(line, 'g', sizeof(line));
    memcpy(line, "a:1000:1000:", 12);
    memcpy(line + PEOPLE_USER_MAX + 1 - 4, ":/:/", 4);
    assert_int_equal(people_user_parse(line, PEOPLE_USER_MAX + 1, &user),
                     -EPROTO);
}

static void
values_that_cannot_stand_there(void **state)
{
    static const struct people_user good = {"a", "g", "/h", "/s", 1000, 1000};
    static const char *const bad[] = {NULL, "a:b", "a\nb", "\177"};
    char text[PEOPLE_USER_MAX + 1] = "before";
    struct people_user user;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        user = good;
        user.name = bad[i];
        assert_int_equal(people_user_format(&user, text), -EINVAL);
        user = good;
        user.gecos = bad[i];
        assert_int_equal(people_user_format(&user, text), -EINVAL);
        user = good;
        user.home = bad[i];
        assert_int_equal(people_user_format(&user, text), -EINVAL);
        user = good;
        user.shell = bad[i];
        assert_int_equal(people_user_format(&user, text), -EINVAL);
    }
    user = good;
    user.home = "h";
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    user = good;
    user.shell = "";
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    user = good;
    user.shell = "/s:x";
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    user = good;
    user.home = "/h\n";
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    user = good;
    user.uid = 0;
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    user = good;
    user.gid = 65534;
    assert_int_equal(people_user_format(&user, text), -EINVAL);
    assert_string_equal(text, "before");
    assert_int_equal(people_user_format(&good, text), 0);
    assert_string_equal(text, "a:1000:1000:g:/h:/s");
}

/* ---- groups and lists ---------------------------------------------------- */

static void
groups(void **state)
{
    char text[] = "staff:1900000001:a,b-,_cx";
    const char *name, *member;
    char *rest;
    uint32_t gid;

    (void)state;
    assert_int_equal(
        people_group_parse(text, sizeof(text) - 2, &name, &gid, &rest), 0);
    assert_string_equal(name, "staff");
    assert_int_equal(gid, 1900000001);
    assert_int_equal(people_next_member(&rest, &member), 1);
    assert_string_equal(member, "a");
    assert_int_equal(people_next_member(&rest, &member), 1);
    assert_string_equal(member, "b-");
    assert_int_equal(people_next_member(&rest, &member), 1);
    assert_string_equal(member, "_c");
    assert_int_equal(people_next_member(&rest, &member), 0);
    assert_int_equal(people_next_member(&rest, &member), 0);
    assert_string_equal(member, "_c");
}

static void
lines_that_are_no_group(void **state)
{
    static const char *const lines[] = {
        "",          "g",          "g:1000",   "G:1000:",
        ":1000:",    "g::",        "g:999:",   "g:0:",
        "g:01000:",  "g:+1000:",   "g:65534:", "g:4294967295:",
        "g:1000:\n", "g:1000:a\tb"};
    const char *name = "before";
    char text[64], *rest;
    uint32_t gid;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        strcpy(text, lines[i]);
        assert_int_equal(
            people_group_parse(text, strlen(text), &name, &gid, &rest),
            -EPROTO);
        assert_string_equal(name, "before");
    }
    strcpy(text, "alice");
    assert_int_equal(people_gids_parse(text, 5, &name, &rest), -EPROTO);
    strcpy(text, "Alice:1000");
    assert_int_equal(people_gids_parse(text, 10, &name, &rest), -EPROTO);
    strcpy(text, "alice:1000\n");
    assert_int_equal(people_gids_parse(text, 11, &name, &rest), -EPROTO);
}

static void
lists_of_gids(void **state)
{
    static const char *const bad[] = {",",  "1,",         ",1",  "x", "01",
                                      "-1", "4294967296", "1:2", " 1"};
    char text[64], *rest;
    const char *name;
    uint32_t gid = 77;

    (void)state;
    strcpy(text, "alice:0,27,4294967295");
    assert_int_equal(people_gids_parse(text, strlen(text), &name, &rest), 0);
    assert_string_equal(name, "alice");
    assert_int_equal(people_next_gid(&rest, &gid), 1);
    assert_int_equal(gid, 0);
    assert_int_equal(people_next_gid(&rest, &gid), 1);
    assert_int_equal(gid, 27);
    assert_int_equal(people_next_gid(&rest, &gid), 1);
    assert_int_equal(gid, 4294967295);
    assert_int_equal(people_next_gid(&rest, &gid), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        strcpy(text, bad[i]);
        rest = text;
        assert_int_equal(people_next_gid(&rest, &gid), -EPROTO);
        assert_int_equal(gid, 4294967295);
    }
    strcpy(text, "1,,2");
    rest = text;
    assert_int_equal(people_next_gid(&rest, &gid), 1);
    assert_int_equal(people_next_gid(&rest, &gid), -EPROTO);
    strcpy(text, "");
    rest = text;
    assert_int_equal(people_next_gid(&rest, &gid), 0);
}

/* ---- SipHash ------------------------------------------------------------- */

/* The first, some and the last of the 64 vectors of the paper's authors: key
 * 00 01 .. 0f, message 00 01 .. */
static void
hashes(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)}, {63, UINT64_C(0x958a324ceb064572)}};
    unsigned char key[16], message[64];

    (void)state;
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (unsigned char)i;
    memcpy(key, message, sizeof(key));
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        assert_true(people_hash(key, message, vectors[i].length) ==
                    vectors[i].hash);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(numbers),
        cmocka_unit_test(login_services),
        cmocka_unit_test(users),
        cmocka_unit_test(lines_that_are_no_user),
        cmocka_unit_test(longest_user),
        cmocka_unit_test(values_that_cannot_stand_there),
        cmocka_unit_test(groups),
        cmocka_unit_test(lines_that_are_no_group),
        cmocka_unit_test(lists_of_gids),
        cmocka_unit_test(hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
