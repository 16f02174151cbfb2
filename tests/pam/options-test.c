/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands behind pam_signin.so in pam.d, and who is ours. */
#include "fake.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "pam/options.h"
#include "pam/user.h"

static struct options
parse(const char *text)
{
    const char *arguments[8];
    char copy[256];
    struct options options;
    int count = 0;

    snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok(copy, "|"); word != NULL; word = strtok(NULL, "|"))
        arguments[count++] = word;
    options_parse(fake_handle(), count, arguments, &options);
    return options;
}

static int
set_up(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static void
test_defaults(void **state)
{
    struct options options = parse("");

    (void)state;
    assert_false(options.try_first_pass || options.use_first_pass);
    assert_false(options.no_session || options.debug || options.broken);
    assert_int_equal(options.min_uid, 1000);
    assert_string_equal(options.prompt, "Password: ");
    assert_string_equal(options.local_users, "");
    assert_null(options.provider);
    assert_string_equal(fake_log(), "");
}

static void
test_each_option(void **state)
{
    const char *arguments[] = {
        "debug",         "no_session",      "min_uid=20000", "prompt=A: ",
        "provider=corp", "local_users=a,b", "try_first_pass"};
    const char *first[] = {"use_first_pass"};
    struct options options;

    (void)state;
    options_parse(fake_handle(), 7, arguments, &options);
    assert_true(options.debug && options.no_session);
    assert_true(options.try_first_pass);
    assert_false(options.use_first_pass);
    assert_int_equal(options.min_uid, 20000);
    assert_string_equal(options.prompt, "A: ");
    assert_string_equal(options.provider, "corp");
    assert_string_equal(options.local_users, "a,b");
    options_parse(fake_handle(), 1, first, &options);
    assert_true(options.use_first_pass);
    assert_string_equal(fake_log(), "");
}

static void
test_unknown_options_are_logged(void **state)
{
    static const char *const wrong[] = {
        "colour=red", "debug=no", "prompt", "DEBUG", "debu", "debugs", "=x"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char expected[64];
        struct options options = parse(wrong[i]);

        snprintf(expected, sizeof(expected), "3 unknown option: %s\n",
                 wrong[i]);
        assert_string_equal(fake_log(), expected);
        assert_false(options.debug || options.broken);
        fake_forget_journal();
    }
}

static void
test_min_uid_is_never_lowered(void **state)
{
    (void)state;
    assert_int_equal(parse("min_uid=999").min_uid, 1000);
    assert_non_null(strstr(fake_log(), "min_uid=999 is too low"));
    assert_int_equal(parse("min_uid=0").min_uid, 1000);
    assert_int_equal(parse("min_uid=1000").min_uid, 1000);
    assert_int_equal(parse("min_uid=1001").min_uid, 1001);
}

static void
test_unreadable_min_uid_is_remembered(void **state)
{
    static const char *const wrong[] = {
        "min_uid=",      "min_uid=2000x",  "min_uid=-1",
        "min_uid= 5000", "min_uid=0x2000", "min_uid=4294967296",
        "min_uid=1e9",   "min_uid=+5000",  "min_uid=99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_true(parse(wrong[i]).broken);
        assert_non_null(strstr(fake_log(), "min_uid= is not a number"));
        fake_forget_journal();
    }
}

static void
test_local_users_match_whole_names(void **state)
{
    struct options options = parse("local_users=ann,bob,,christine");

    (void)state;
    assert_true(options_list_user(&options, "ann"));
    assert_true(options_list_user(&options, "bob"));
    assert_true(options_list_user(&options, "christine"));
    assert_false(options_list_user(&options, "an"));
    assert_false(options_list_user(&options, "anna"));
    assert_false(options_list_user(&options, "ann,bob"));
    assert_false(options_list_user(&options, ""));
    assert_false(options_list_user(&options, "christin"));
    options = parse("");
    assert_false(options_list_user(&options, "ann"));
}

static void
test_name_grammar(void **state)
{
    static const char *const good[] = {"a", "_", "_signin", "a-b_c9",
                                       "abcdefghijklmnopqrstuvwxyz012345"};
    static const char *const bad[] = {
        "",    "9a",       "-a",   "A",
        "aB",  "a.b",      "a b",  "a\nb",
        "a:b", "a/b",      "../x", "a@b",
        "a$",  "\xc3\xa4", "a%n",  "abcdefghijklmnopqrstuvwxyz0123456"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(people_name_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(people_name_valid(bad[i]));
    assert_false(people_name_valid(NULL));
}

static enum user_standing
standing(const char *name, const char *option_text)
{
    static struct options options;
    struct user user;

    options = parse(option_text);
    /* The texts of options point into parse(): give those that matter. */
    options.local_users = strcmp(option_text, "local") == 0 ? "local" : "";
    user_check(fake_handle(), &options, name, &user);
    return user.standing;
}

static void
test_who_is_ours(void **state)
{
    static const struct {
        const char *name;
        enum user_standing standing;
    } cases[] = {
        {"alice", USER_OURS},
        {"first", USER_OURS},
        {"between", USER_OURS},
        {"after", USER_OURS},
        {"minus-three", USER_OURS},
        {"root", USER_LOW_UID},
        {"daemon", USER_LOW_UID},
        {"low", USER_LOW_UID},
        {"dynamic", USER_RESERVED_UID},
        {"dynamic-last", USER_RESERVED_UID},
        {"nobody", USER_RESERVED_UID},
        {"minus-one16", USER_RESERVED_UID},
        {"minus-two", USER_RESERVED_UID},
        {"foreign", USER_RESERVED_UID},
        {"rooted", USER_BAD_GID},
        {"staff", USER_BAD_GID},
        {"gid999", USER_BAD_GID},
        {"gid1000", USER_OURS},
        {"gid65534", USER_BAD_GID},
        {"no-gid", USER_BAD_GID},
        {"local", USER_LOCAL},
        {"twin", USER_UID_TAKEN},
        {"folded", USER_ABSENT},
        {"nosuch", USER_ABSENT},
        {"Upper", USER_BAD_NAME},
        {"", USER_BAD_NAME},
        {NULL, USER_BAD_NAME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(standing(cases[i].name, ""), cases[i].standing);
    assert_int_equal(standing("local", "local"), USER_OURS);
    assert_int_equal(standing("alice", "min_uid=30001"), USER_OURS);
    assert_int_equal(standing("alice", "min_uid=30002"), USER_LOW_UID);
}

static void
test_root_is_never_ours(void **state)
{
    struct options options = parse("");
    struct user user;

    (void)state;
    options.local_users = "root";
    options.min_uid = 0;
    user_check(fake_handle(), &options, "root", &user);
    assert_int_equal(user.standing, USER_LOW_UID);
}

static void
test_the_uid_of_any_name_is_known(void **state)
{
    struct options options = parse("");
    struct user user;

    (void)state;
    user_check(fake_handle(), &options, "Upper", &user);
    assert_int_equal(user.uid, 30006);
    assert_string_equal(user.name, "");
    user_check(fake_handle(), &options, "nosuch", &user);
    assert_int_equal(user.uid, USER_NO_UID);
}

static void
test_passwd_that_cannot_be_read(void **state)
{
    static char line[70000], longer[2 * 1024 * 1024];

    (void)state;
    fake.passwd = NULL;
    assert_int_equal(standing("alice", ""), USER_UNREADABLE);
    assert_int_equal(standing("root", ""), USER_LOW_UID);
    /* A long line must not hide what follows. */
    memset(line, 'x', sizeof(line));
    snprintf(line + sizeof(line) - 100, 100,
             ":x:5:5::/:/bin/sh\nalice:x:2000:2000::/:/bin/sh\n");
    fake.passwd = line;
    assert_int_equal(standing("alice", ""), USER_LOCAL);
    memset(longer, 'x', sizeof(longer) - 1);
    fake.passwd = longer;
    assert_int_equal(standing("alice", ""), USER_UNREADABLE);
}

static void
test_broken_option_trusts_nobody(void **state)
{
    (void)state;
    assert_int_equal(standing("alice", "min_uid=many"), USER_BAD_OPTION);
    assert_int_equal(standing("root", "min_uid=many"), USER_LOW_UID);
    assert_int_equal(standing("local", "min_uid=many"), USER_LOCAL);
}

static void
test_every_standing_has_its_text(void **state)
{
    (void)state;
    for (int i = USER_UNCHECKED; i <= USER_BAD_OPTION; i++)
        for (int j = i + 1; j <= USER_BAD_OPTION; j++)
            assert_string_not_equal(user_standing_text((enum user_standing)i),
                                    user_standing_text((enum user_standing)j));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_each_option),
        TEST(test_unknown_options_are_logged),
        TEST(test_min_uid_is_never_lowered),
        TEST(test_unreadable_min_uid_is_remembered),
        TEST(test_local_users_match_whole_names),
        TEST(test_name_grammar),
        TEST(test_who_is_ours),
        TEST(test_root_is_never_ours),
        TEST(test_the_uid_of_any_name_is_known),
        TEST(test_passwd_that_cannot_be_read),
        TEST(test_broken_option_trusts_nobody),
        TEST(test_every_standing_has_its_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
