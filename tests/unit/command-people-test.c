/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin users, user, groups, ssh-keys.
 */
#include "command-fake.h"

#include <errno.h>
#include <string.h>

#include "wire/channel.h"

/* ---- what signind answers -------------------------------------------------
 */

static struct message *
add_item(const char *name)
{
    struct message *item = &fake.sessions[fake.session_count++];

    message_init(item, WIRE_ITEM);
    assert_int_equal(message_put_text(item, WIRE_NAME, name), 0);
    return item;
}

static void
add_person(const char *name, enum wire_field field, uint64_t id,
           const char *state, const char *subject)
{
    struct message *item = add_item(name);

    assert_int_equal(message_put_number(item, field, id), 0);
    assert_int_equal(message_put_text(item, WIRE_STATE, state), 0);
    assert_int_equal(message_put_text(item, WIRE_ORIGIN, "corp"), 0);
    assert_int_equal(message_put_text(item, WIRE_VALUE, subject), 0);
}

static void
add_line(const char *name, const char *line)
{
    assert_int_equal(message_put_text(add_item(name), WIRE_VALUE, line), 0);
}

static void
two_users(void)
{
    fake.euid = 0;
    add_person("alice", WIRE_UID, 1879048200, "enabled", "u-1");
    add_person("bob", WIRE_UID, 2147352575, "disabled\x1b[2J", "u\"2");
}

static void
assert_refused(enum status expected, const char *words)
{
    assert_string_equal(fake.out, "");
    assert_complains();
    if (strstr(fake.err, words) == NULL)
        fail_msg("status %d without \"%s\": %s", expected, words, fake.err);
}

/* ---- lists ----------------------------------------------------------------
 */

static void
users_for_people(void **state)
{
    (void)state;
    two_users();
    assert_int_equal(fake_run("users", NULL), STATUS_OK);
    assert_string_equal(fake.out,
                        "USER   UID         STATE         DIRECTORY  ID\n"
                        "alice  1879048200  enabled       corp       u-1\n"
                        "bob    2147352575  disabled?[2J  corp       u\"2\n");
    assert_string_equal(fake.err, "");
    assert_string_equal(fake.path, CHANNEL_PAM);
    assert_int_equal(fake.calls, 1);
    assert_int_equal(fake.types[0], WIRE_USERS);
}

static void
users_for_programs(void **state)
{
    (void)state;
    two_users();
    add_item("carol"); /* signind may leave out what it does not know */
    assert_int_equal(fake_run("users", "--json", NULL), STATUS_OK);
    assert_string_equal(
        fake.out,
        "[{\"user\":\"alice\",\"uid\":1879048200,\"state\":\"enabled\","
        "\"directory\":\"corp\",\"id\":\"u-1\"},"
        "{\"user\":\"bob\",\"uid\":2147352575,"
        "\"state\":\"disabled\\u001b[2J\",\"directory\":\"corp\","
        "\"id\":\"u\\\"2\"},"
        "{\"user\":\"carol\",\"uid\":null,\"state\":null,"
        "\"directory\":null,\"id\":null}]\n");
    assert_int_equal(fake_run("users", NULL), STATUS_OK);
    assert_non_null(strstr(fake.out, "carol  -           -             -"));
}

static void
groups_both_ways(void **state)
{
    (void)state;
    fake.euid = 0;
    add_person("linux-users", WIRE_GID, 1900000000, "directory", "g-1");
    assert_int_equal(fake_run("groups", NULL), STATUS_OK);
    assert_string_equal(fake.out,
                        "GROUP        GID         STATE      DIRECTORY  ID\n"
                        "linux-users  1900000000  directory  corp       g-1\n");
    assert_int_equal(fake_run("groups", "--json", NULL), STATUS_OK);
    assert_string_equal(fake.out,
                        "[{\"group\":\"linux-users\",\"gid\":1900000000,"
                        "\"state\":\"directory\",\"directory\":\"corp\","
                        "\"id\":\"g-1\"}]\n");
    assert_int_equal(fake.types[0], WIRE_GROUPS);
}

static void
empty_lists(void **state)
{
    (void)state;
    fake.euid = 0;
    assert_int_equal(fake_run("users", "--json", NULL), STATUS_OK);
    assert_string_equal(fake.out, "[]\n");
    assert_int_equal(fake_run("groups", NULL), STATUS_OK);
    assert_string_equal(fake.out, "GROUP  GID  STATE  DIRECTORY  ID\n");
}

static void
half_a_list_is_not_shown(void **state)
{
    static const char *const commands[] = {"users", "groups", "ssh-keys"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const char *name = i == 2 ? "alice" : NULL;

        fake_reset(NULL);
        two_users();
        fake.result = WIRE_INTERNAL;
        assert_int_equal(fake_run(commands[i], name, NULL), STATUS_FAILURE);
        assert_refused(STATUS_FAILURE, "look at its log");
        fake.list_error = -ECONNRESET;
        assert_int_equal(fake_run(commands[i], name, NULL), STATUS_UNREACHABLE);
        assert_refused(STATUS_UNREACHABLE, "hung up");
        fake.open_error = -ECONNREFUSED;
        assert_int_equal(fake_run(commands[i], name, NULL), STATUS_UNREACHABLE);
        assert_refused(STATUS_UNREACHABLE, "not running");
    }
}

static void
only_root_asks(void **state)
{
    (void)state;
    assert_int_equal(fake_run("users", NULL), STATUS_NOT_PERMITTED);
    assert_refused(STATUS_NOT_PERMITTED, "sudo");
    assert_int_equal(fake_run("users", "--refresh", NULL),
                     STATUS_NOT_PERMITTED);
    assert_int_equal(fake_run("users", "--forget", "alice", NULL),
                     STATUS_NOT_PERMITTED);
    assert_int_equal(fake_run("user", "alice", NULL), STATUS_NOT_PERMITTED);
    assert_int_equal(fake_run("groups", "--json", NULL), STATUS_NOT_PERMITTED);
    assert_string_equal(fake.out, "");
    assert_int_equal(fake.calls, 0);
}

/* ---- one user -------------------------------------------------------------
 */

static void
add_property(const char *name, const char *value, const char *origin)
{
    struct message *item = add_item(name);

    assert_int_equal(message_put_text(item, WIRE_VALUE, value), 0);
    assert_int_equal(message_put_text(item, WIRE_ORIGIN, origin), 0);
}

static void
user_and_where_it_came_from(void **state)
{
    (void)state;
    fake.euid = 0;
    add_property("uid", "1879048200", "derived");
    add_property("gecos", "Al\x1b[31mice", "/displayName");
    add_property("home", NULL, NULL);
    assert_int_equal(fake_run("user", "alice", NULL), STATUS_OK);
    assert_string_equal(fake.out, "PROPERTY  VALUE       FROM\n"
                                  "uid       1879048200  derived\n"
                                  "gecos     Al?[31mice  /displayName\n"
                                  "home      -           -\n");
    assert_int_equal(fake.request.type, WIRE_SHOW_USER);
    assert_string_equal(message_text(&fake.request, WIRE_USER), "alice");
    assert_int_equal(fake_run("user", "alice", "--json", NULL), STATUS_OK);
    assert_memory_equal(fake.out,
                        "[{\"property\":\"uid\",\"value\":\"1879048200\","
                        "\"from\":\"derived\"},",
                        58);
    assert_int_equal(fake_run("user", "--json", "alice", NULL), STATUS_OK);
    assert_memory_equal(fake.out, "[{", 2);
}

static void
long_values_widen_nothing(void **state)
{
    char key[200];

    (void)state;
    fake.euid = 0;
    memset(key, 'A', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    add_property("key", key, "/keys");
    add_property("uid", "1", "derived");
    assert_int_equal(fake_run("user", "alice", NULL), STATUS_OK);
    assert_non_null(strstr(fake.out, "uid       1      derived\n"));
    assert_non_null(strstr(fake.out, "AAA  /keys\n"));
}

static void
unknown_user(void **state)
{
    char name[100];

    (void)state;
    fake.euid = 0;
    fake.result = WIRE_UNKNOWN_USER;
    assert_int_equal(fake_run("user", "nobody", NULL), STATUS_UNKNOWN_USER);
    assert_refused(STATUS_UNKNOWN_USER, "signin users");
    assert_int_equal(fake_run("users", "--forget", "nobody", NULL),
                     STATUS_UNKNOWN_USER);
    assert_refused(STATUS_UNKNOWN_USER, "signin users");
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(fake_run("user", name, NULL), STATUS_UNKNOWN_USER);
}

/* ---- refresh and forget ---------------------------------------------------
 */

static void
refresh_then_list(void **state)
{
    (void)state;
    two_users();
    assert_int_equal(fake_run("users", "--refresh", NULL), STATUS_OK);
    assert_int_equal(fake.calls, 2);
    assert_int_equal(fake.types[0], WIRE_REFRESH_USERS);
    assert_int_equal(fake.types[1], WIRE_USERS);
    assert_memory_equal(fake.out, "USER ", 5);
}

static void
refresh_says_why_not(void **state)
{
    static const struct {
        enum wire_result result;
        enum status status;
    } cases[] = {{WIRE_UNAVAILABLE, STATUS_EXPIRED},
                 {WIRE_SLOW_DOWN, STATUS_EXPIRED},
                 {WIRE_MISCONFIGURED, STATUS_FAILURE},
                 {WIRE_NOT_PERMITTED, STATUS_NOT_PERMITTED},
                 {WIRE_BUSY, STATUS_UNREACHABLE}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset(NULL);
        two_users();
        fake.result = cases[i].result;
        fake.words = "corp: GET \x1b/Users: 503";
        assert_int_equal(fake_run("users", "--refresh", NULL), cases[i].status);
        assert_refused(cases[i].status, "(corp: GET ?/Users: 503)");
        assert_int_equal(fake.calls, 1);
    }
}

static void
forget_says_what_it_did(void **state)
{
    (void)state;
    fake.euid = 0;
    assert_int_equal(fake_run("users", "--forget", "alice", NULL), STATUS_OK);
    assert_string_equal(fake.out,
                        "alice is forgotten on this host.  The id stays "
                        "taken: it is never given to anybody else.\n");
    assert_string_equal(fake.err, "");
    assert_int_equal(fake.calls, 1);
    assert_int_equal(fake.request.type, WIRE_FORGET);
    assert_string_equal(message_text(&fake.request, WIRE_USER), "alice");
}

/* ---- ssh-keys -------------------------------------------------------------
 */

static void
keys_and_nothing_else(void **state)
{
    (void)state;
    add_line("key", "ssh-ed25519 AAAA alice");
    add_line("key", "restrict ssh-rsa BBBB \xc3\xb6");
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_OK);
    assert_string_equal(fake.out, "ssh-ed25519 AAAA alice\n"
                                  "restrict ssh-rsa BBBB \xc3\xb6\n");
    assert_string_equal(fake.err, "");
    assert_string_equal(fake.path, CHANNEL_PUBLIC);
    assert_int_equal(fake.request.type, WIRE_KEYS);
}

static void
a_key_is_one_line(void **state)
{
    (void)state;
    add_line("key", "ssh-ed25519 AAAA\nssh-ed25519 MALLORY");
    add_line("key", "ssh-ed25519 AAAA\rx");
    add_line("note", "ssh-ed25519 OTHER");
    add_line("key", "ssh-ed25519\tCCCC");
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_OK);
    assert_string_equal(fake.out, "ssh-ed25519\tCCCC\n");
}

static void
without_keys_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_OK);
    assert_string_equal(fake.out, "");
    assert_string_equal(fake.err, "");
    add_line("key", "ssh-ed25519 AAAA");
    for (size_t i = 0; i < 3; i++) {
        static const enum wire_result nobody[] = {
            WIRE_UNKNOWN_USER, WIRE_ACCOUNT_DISABLED, WIRE_DENIED};

        fake.result = nobody[i];
        assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_OK);
        assert_string_equal(fake.out, "");
        assert_string_equal(fake.err, "");
    }
    fake.result = WIRE_UNAVAILABLE;
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_EXPIRED);
    assert_refused(STATUS_EXPIRED, "directory cannot be reached");
    fake.result = WIRE_NOT_PERMITTED;
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_NOT_PERMITTED);
    assert_refused(STATUS_NOT_PERMITTED, "signin: ");
    fake.result = WIRE_THROTTLED;
    assert_int_equal(fake_run("ssh-keys", "alice", NULL), STATUS_UNREACHABLE);
    assert_refused(STATUS_UNREACHABLE, "try again");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(users_for_people, fake_reset),
        cmocka_unit_test_setup(users_for_programs, fake_reset),
        cmocka_unit_test_setup(groups_both_ways, fake_reset),
        cmocka_unit_test_setup(empty_lists, fake_reset),
        cmocka_unit_test_setup(half_a_list_is_not_shown, fake_reset),
        cmocka_unit_test_setup(only_root_asks, fake_reset),
        cmocka_unit_test_setup(user_and_where_it_came_from, fake_reset),
        cmocka_unit_test_setup(long_values_widen_nothing, fake_reset),
        cmocka_unit_test_setup(unknown_user, fake_reset),
        cmocka_unit_test_setup(refresh_then_list, fake_reset),
        cmocka_unit_test_setup(refresh_says_why_not, fake_reset),
        cmocka_unit_test_setup(forget_says_what_it_did, fake_reset),
        cmocka_unit_test_setup(keys_and_nothing_else, fake_reset),
        cmocka_unit_test_setup(a_key_is_one_line, fake_reset),
        cmocka_unit_test_setup(without_keys_nothing_is_said, fake_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
