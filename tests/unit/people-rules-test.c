/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "people-fixture.h"
#include "wire/people.h"

/* Takes the person, and frees it. */
static int
take(struct host *host, struct person *person, int64_t now_s,
     struct user_record *ret_user)
{
    int status = people_take(host->store, host->files, &host->config,
                             host->directories, person, now_s, ret_user);

    person_done(person);
    return status;
}

static struct user_record
take_with(struct host *host, const char *gecos, const char *home,
          const char *shell)
{
    struct user_record user = {0};
    struct person person;

    person_make(&person, "alice", "a-1");
    person.gecos = gecos == NULL ? NULL : strdup(gecos);
    person.home = home == NULL ? NULL : strdup(home);
    person.shell = shell == NULL ? NULL : strdup(shell);
    assert_int_equal(take(host, &person, NOW_S, &user), 0);
    return user;
}

static void
assert_line(const struct user_record *user, const char *line)
{
    if (strstr(user->origins, line) == NULL)
        print_message("# no %s in\n%s\n", line, user->origins);
    assert_non_null(strstr(user->origins, line));
}

/* ---- values -------------------------------------------------------------- */

static void
a_person_becomes_a_user(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct person person;
    const char *error = NULL;

    host->config.accounts.home =
        template_parse("/srv/home/{{user}}", TEMPLATE_PLAIN, &error);
    assert_non_null(host->config.accounts.home);
    person_make(&person, "alice", "a-1");
    person.gecos = strdup("Alice \xc3\x84hn, Room 5");
    assert_int_equal(take(host, &person, NOW_S, &user), 0);
    template_free(host->config.accounts.home);
    host->config.accounts.home = NULL;
    assert_string_equal(user.name, "alice");
    assert_int_equal(user.uid, 1983115145);
    assert_int_equal(user.gid, user.uid);
    assert_string_equal(user.directory, "corp");
    assert_string_equal(user.issuer, ISSUER);
    assert_string_equal(user.subject, "a-1");
    assert_string_equal(user.gecos, "Alice \xc3\x84hn, Room 5");
    assert_string_equal(user.home, "/srv/home/alice");
    assert_string_equal(user.shell, "/bin/bash");
    assert_true(user.enabled);
    assert_int_equal(user.first_seen_s, NOW_S);
    assert_int_equal(user.checked_at_s, NOW_S);
    assert_int_equal(user.gone_since_s, 0);
    assert_line(&user, "uid\t1983115145\tderived from issuer and id\n");
    assert_line(&user, "home\t/srv/home/alice\t[accounts] home\n");
    assert_line(&user, "shell\t/bin/bash\t[accounts] shell\n");
    assert_line(&user, "gecos\tAlice \xc3\x84hn, Room 5\tthe directory\n");
    store_user_done(&user);
    host_reopen(host);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_string_equal(user.home, "/srv/home/alice");
    store_user_done(&user);
}

static void
no_gecos_forges_a_field(void **state)
{
    struct host *host = *state;
    static const struct {
        const char *said, *taken;
    } values[] = {
        {NULL, ""},
        {"", ""},
        {"Eve:/:/bin/sh", "Eve//bin/sh"},
        {"Eve\nroot::0:0", "Everoot00"},
        {"\x01\x1b[31mred\x7f", "[31mred"},
        {"a\xc2\x85z\xc2\x9bm", "azm"}, /* C1 controls */
        {"a\xff\xfe\xc3z", "az"},       /* not UTF-8 */
        {"\xc0\x80\xed\xa0\x80x", "x"}, /* overlong, surrogate */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xe2\x82", ""}, /* cut off */
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct user_record user = take_with(host, values[i].said, NULL, NULL);
        char text[PEOPLE_USER_MAX + 1];

        assert_string_equal(user.gecos, values[i].taken);
        assert_int_equal(snapshot_entry(&user, text), 0);
        store_user_done(&user);
    }
}

static void
long_values_are_cut_between_characters(void **state)
{
    struct host *host = *state;
    struct user_record user;
    char gecos[402] = "";

    for (size_t i = 0; i < 200; i++)
        memcpy(gecos + 2 * i, "\xc3\xa4", 3);
    user = take_with(host, gecos, NULL, NULL);
    assert_int_equal(strlen(user.gecos), 254);
    store_user_done(&user);
}

static void
a_home_is_a_clean_path_or_ours(void **state)
{
    struct host *host = *state;
    char longest[400];
    const char *const refused[] = {
        "",         "home/alice", "/home/../root", "/home/./alice", "/home//al",
        "/home/",   "/home/a:b",  "/home/a\nb",    "/home/a\tb",    "/..",
        "/home/..", "/home/\xff", longest,
    };
    struct user_record user;

    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        user = take_with(host, NULL, refused[i], NULL);
        assert_string_equal(user.home, "/home/alice");
        assert_line(&user, "home\t/home/alice\t[accounts] home (the "
                           "directory's ");
        store_user_done(&user);
    }
    user = take_with(host, NULL, "/net/..hidden/a.b", NULL);
    assert_string_equal(user.home, "/net/..hidden/a.b");
    assert_line(&user, "home\t/net/..hidden/a.b\tthe directory\n");
    store_user_done(&user);
}

static void
a_shell_stands_in_etc_shells(void **state)
{
    struct host *host = *state;
    struct user_record user = take_with(host, NULL, NULL, "/usr/bin/zsh");

    assert_string_equal(user.shell, "/usr/bin/zsh");
    store_user_done(&user);
    user = take_with(host, NULL, NULL, "/bin/evil");
    assert_string_equal(user.shell, "/bin/bash");
    assert_line(&user, "shell\t/bin/bash\t[accounts] shell (the directory's "
                       "/bin/evil is not in /etc/shells)\n");
    store_user_done(&user);
    /* It closes, and is not opened by us. */
    user = take_with(host, NULL, NULL, "/usr/sbin/nologin");
    assert_string_equal(user.shell, "/usr/sbin/nologin");
    store_user_done(&user);
    user = take_with(host, NULL, NULL, "/bin/sh\n");
    assert_string_equal(user.shell, "/bin/bash");
    assert_line(&user, "(the directory's /bin/sh? ");
    store_user_done(&user);
}

static void
the_configured_shell_counts_in_any_case(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_write(host->shells, "/bin/sh\n");
    user = take_with(host, NULL, NULL, NULL);
    assert_string_equal(user.shell, "/bin/bash");
    assert_logged("[accounts] shell = /bin/bash is not in /etc/shells");
    store_user_done(&user);
    log_forget();
    user = take_with(host, NULL, NULL, NULL);
    assert_false(log_has("/etc/shells"));
    store_user_done(&user);
    assert_int_equal(unlink(host->shells), 0);
    user = take_with(host, NULL, NULL, "/bin/csh");
    assert_string_equal(user.shell, "/bin/csh");
    store_user_done(&user);
}

static void
a_key_is_a_line(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct person person;

    person_make(&person, "alice", "a-1");
    person.ssh_keys = calloc(3, sizeof(person.ssh_keys[0]));
    assert_non_null(person.ssh_keys);
    person.ssh_key_count = 3;
    person.ssh_keys[0] = strdup("ssh-ed25519 AAAA one");
    person.ssh_keys[1] = strdup("ssh-ed25519 AAAA x\nssh-ed25519 EVIL");
    person.ssh_keys[2] = strdup("ssh-rsa BBBB two");
    assert_int_equal(take(host, &person, NOW_S, &user), 0);
    assert_string_equal(user.ssh_keys,
                        "ssh-ed25519 AAAA one\nssh-rsa BBBB two\n");
    store_user_done(&user);
}

/* ---- names --------------------------------------------------------------- */

static void
only_names_of_the_grammar(void **state)
{
    struct host *host = *state;
    static const char *const names[] = {
        "",         "Alice",  "0day", "a:b",
        "a b",      "../x",   "-rf",  "al\nice",
        "\xc3\xa4", "alice/", "a$",   "aaaaaaaaaabbbbbbbbbbccccccccccddd",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(host_take(host, names[i], "a-1", NULL), -EINVAL);
    assert_int_equal(host_take(host, "alice", "", NULL), -EINVAL);
}

static void
the_pattern_is_of_the_whole_name(void **state)
{
    struct host *host = *state;

    host->config.accounts.name_pattern = (char *)(uintptr_t) "x[0-9]+|guest";
    assert_int_equal(host_take(host, "alice", "a-1", NULL), -EINVAL);
    assert_int_equal(host_take(host, "x12y", "a-1", NULL), -EINVAL);
    assert_int_equal(host_take(host, "ax12", "a-1", NULL), -EINVAL);
    assert_int_equal(host_take(host, "guests", "a-1", NULL), -EINVAL);
    assert_int_equal(host_take(host, "x12", "a-1", NULL), 0);
    assert_int_equal(host_take(host, "guest", "b-2", NULL), 0);
    host->config.accounts.name_pattern = (char *)(uintptr_t) "(";
    assert_int_equal(host_take(host, "x12", "a-1", NULL), -EINVAL);
}

static void
local_names_are_local(void **state)
{
    struct host *host = *state;
    struct user_record user;

    assert_int_equal(host_take(host, "root", "a-1", NULL), -EPERM);
    assert_logged("/etc/passwd");
    /* A private group of that name would pass for the local one. */
    assert_int_equal(host_take(host, "sudo", "a-1", NULL), -EPERM);
    assert_logged("/etc/group");
    /* One that is made later. */
    assert_int_equal(host_take(host, "alice", "a-1", NULL), 0);
    host_write(host->passwd, "root:x:0:0::/root:/bin/sh\n"
                             "alice:x:1001:1001::/home/alice:/bin/sh\n");
    assert_int_equal(host_take(host, "alice", "a-1", NULL), -EPERM);
    assert_int_equal(store_user_by_name(host->store, "root", &user), -ENOENT);
}

/* A fault, no refusal: nobody is to go missing for it. */
static void
nobody_is_taken_by_a_host_that_cannot_be_read(void **state)
{
    struct host *host = *state;
    struct local_files *files = host->files;
    struct local_files_paths paths = {host->passwd, "no-such-group",
                                      host->shells, host->local_groups, 0};

    host->files = local_files_new_at(&paths);
    assert_non_null(host->files);
    assert_int_equal(host_take(host, "alice", "a-1", NULL), -EIO);
    assert_logged("no-such-group");
    local_files_free(host->files);
    host->files = files;
    assert_int_equal(host_take(host, "alice", "a-1", NULL), 0);
    /* What was read once is held on to. */
    assert_int_equal(unlink(host->group), 0);
    assert_int_equal(host_take(host, "bob", "b-2", NULL), 0);
    assert_int_equal(host_take(host, "sudo", "s-3", NULL), -EPERM);
}

static void
a_name_belongs_to_one_subject(void **state)
{
    struct host *host = *state;
    struct user_record one = {0}, other = {0};
    struct identity identity = {.issuer = ISSUER, .subject = "b-2"};
    uint32_t id;

    assert_int_equal(host_take(host, "alice", "a-1", &one), 0);
    assert_int_equal(host_take(host, "alice", "b-2", NULL), -EEXIST);
    assert_logged("signin users --forget alice");
    /* No number was spent on that. */
    assert_int_equal(store_find_id(host->store, &identity, &id), -ENOENT);
    assert_int_equal(store_forget(host->store, "alice"), 0);
    assert_int_equal(host_take(host, "alice", "b-2", &other), 0);
    assert_int_not_equal(one.uid, other.uid);
    store_user_done(&one);
    store_user_done(&other);
}

static void
a_rename_keeps_the_uid(void **state)
{
    struct host *host = *state;
    struct user_record before = {0}, after = {0};

    assert_int_equal(host_take(host, "alice", "a-1", &before), 0);
    before.sign_in_subject = strdup("oidc|1");
    assert_int_equal(store_put_user(host->store, &before), 0);
    assert_int_equal(host_take(host, "alicia", "a-1", &after), 0);
    assert_logged("alice is called alicia now");
    assert_int_equal(after.uid, before.uid);
    assert_int_equal(after.first_seen_s, before.first_seen_s);
    assert_string_equal(after.sign_in_subject, "oidc|1");
    assert_string_equal(after.home, "/home/alicia");
    assert_int_equal(host_take(host, "alice", "b-2", NULL), -EEXIST);
    store_user_done(&before);
    store_user_done(&after);
}

static void
the_directory_cannot_change_an_id(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct person person;

    for (uint32_t uid = 6001; uid <= 6002; uid++) {
        person_make(&person, "alice", "a-1");
        person.uid = uid;
        assert_int_equal(take(host, &person, NOW_S, &user), 0);
        assert_int_equal(user.uid, 6001);
        assert_line(&user, uid == 6001
                               ? "uid\t6001\tthe directory\n"
                               : "uid\t6001\tgiven before (the directory's "
                                 "6002 is not taken: an id stays)\n");
        store_user_done(&user);
    }
}

static void
two_directories_do_not_share_people(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct person person;

    assert_int_equal(host_take(host, "alice", "a-1", NULL), 0);
    person_make(&person, "alice", "a-1");
    assert_int_equal(people_take(host->store, host->files, &host->config,
                                 &host->directories[1], &person, NOW_S, NULL),
                     -EEXIST);
    strcpy(person.name, "alic");
    assert_int_equal(people_take(host->store, host->files, &host->config,
                                 &host->directories[1], &person, NOW_S, &user),
                     0);
    assert_int_not_equal(user.uid, 1983115145);
    person_done(&person);
    store_user_done(&user);
}

/* ---- coming and going ---------------------------------------------------- */

static void
the_disabled_are_gone_since_then(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct person person;

    for (int i = 0; i < 3; i++) {
        person_make(&person, "alice", "a-1");
        person.enabled = i == 2;
        assert_int_equal(take(host, &person, NOW_S + i, &user), 0);
        assert_int_equal(user.enabled, i == 2);
        assert_int_equal(user.gone_since_s, i == 2 ? 0 : NOW_S);
        assert_int_equal(user.checked_at_s, NOW_S + i);
        assert_int_equal(user.first_seen_s, NOW_S);
        store_user_done(&user);
    }
    assert_int_equal(
        store_mark_missing(host->store, "corp", NOW_S + 9, NOW_S + 9), 1);
    person_make(&person, "alice", "a-1");
    assert_int_equal(take(host, &person, NOW_S + 10, &user), 0);
    assert_false(user.missing);
    assert_int_equal(user.gone_since_s, 0);
    assert_logged("alice is back");
    store_user_done(&user);
}

static void
the_gone_are_told_for_a_while(void **state)
{
    struct host *host = *state;
    struct user_record user = {.gone_since_s = 0};

    assert_true(people_is_told(host->directories, &user, NOW_S));
    user.gone_since_s = NOW_S;
    assert_true(people_is_told(host->directories, &user, NOW_S + 1000));
    assert_false(people_is_told(host->directories, &user, NOW_S + 1001));
    assert_true(people_is_told(host->directories, &user, NOW_S - 99999));
    assert_true(people_is_told(NULL, &user, NOW_S + 99999));
}

/* ---- groups -------------------------------------------------------------- */

static int
take_in_groups(struct host *host, const char *name, const char *subject,
               const char *first, const char *second)
{
    struct person person;

    person_make(&person, name, subject);
    person.groups_known = true;
    if (first != NULL) {
        char id[64];

        snprintf(id, sizeof(id), "id-of-%s", first);
        assert_int_equal(person_add_group(&person, id, first), 0);
    }
    if (second != NULL)
        assert_int_equal(person_add_group(&person, NULL, second), 0);
    return take(host, &person, NOW_S, NULL);
}

static struct group_record
group_of(struct host *host, const char *id)
{
    struct group_record group = {0};

    assert_int_equal(store_group_by_id(host->store, "corp", id, &group), 0);
    return group;
}

static int
count_group(void *context, const struct group_record *group)
{
    (void)group;
    (*(unsigned *)context)++;
    return 0;
}

static unsigned
count_groups(struct host *host, const char *subject)
{
    unsigned count = 0;

    assert_int_equal(
        store_groups_of(host->store, ISSUER, subject, count_group, &count), 0);
    return count;
}

static void
groups_have_prefix_and_id(void **state)
{
    struct host *host = *state;
    struct group_record group;

    host->config.accounts.group_prefix = (char *)(uintptr_t) "corp-";
    assert_int_equal(take_in_groups(host, "alice", "a-1", "eng", "ops"), 0);
    group = group_of(host, "id-of-eng");
    assert_string_equal(group.name, "corp-eng");
    assert_string_equal(group.plain_name, "eng");
    assert_in_range(group.gid, 1879048192, 2147352575);
    assert_false(group.local);
    store_group_done(&group);
    /* Without an id the name is it. */
    group = group_of(host, "ops");
    assert_string_equal(group.name, "corp-ops");
    store_group_done(&group);
    assert_int_equal(count_groups(host, "a-1"), 2);
    assert_int_equal(take_in_groups(host, "alice", "a-1", "ops", NULL), 0);
    assert_int_equal(count_groups(host, "a-1"), 1);
    /* Not said is not none. */
    assert_int_equal(host_take(host, "alice", "a-1", NULL), 0);
    assert_int_equal(count_groups(host, "a-1"), 1);
}

static void
names_that_cannot_be_told_are_known_by_id(void **state)
{
    struct host *host = *state;
    static const char *const names[] = {"Domain Admins", "sudo", "root",
                                        "a:b,c",         "bob",  "0x"};

    assert_int_equal(host_take(host, "bob", "b-2", NULL), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char id[64];
        struct group_record group;

        snprintf(id, sizeof(id), "id-of-%s", names[i]);
        assert_int_equal(take_in_groups(host, "alice", "a-1", names[i], NULL),
                         0);
        group = group_of(host, id);
        assert_null(group.name);
        assert_string_equal(group.plain_name, names[i]);
        store_group_done(&group);
    }
    assert_int_equal(count_groups(host, "a-1"), 1);
}

/* A private group has its user's name: sudo cannot tell the two apart. */
static void
a_user_cannot_pass_for_a_group(void **state)
{
    struct host *host = *state;

    assert_int_equal(take_in_groups(host, "alice", "a-1", "admins", NULL), 0);
    assert_int_equal(host_take(host, "admins", "e-5", NULL), -EEXIST);
    assert_logged("group_prefix");
}

static void
local_groups_open_by_roots_word(void **state)
{
    struct host *host = *state;
    char *names[] = {(char *)(uintptr_t) "video", (char *)(uintptr_t) "sudo",
                     NULL};
    struct group_record group;

    host->config.accounts.local_groups = (struct text_list){names, 2};
    assert_int_equal(take_in_groups(host, "alice", "a-1", "video", "sudo"), 0);
    assert_logged("[accounts] local_groups: video");
    group = group_of(host, "id-of-video");
    assert_null(group.name);
    assert_int_equal(group.gid, 0);
    store_group_done(&group);
    host_write(host->local_groups, "video:44\nroot:0\nbad\nx:1x\n");
    assert_int_equal(take_in_groups(host, "alice", "a-1", "video", "sudo"), 0);
    group = group_of(host, "id-of-video");
    assert_true(group.local);
    assert_string_equal(group.name, "video");
    assert_int_equal(group.gid, 44);
    store_group_done(&group);
    group = group_of(host, "sudo");
    assert_null(group.name);
    assert_false(group.local);
    store_group_done(&group);
}

static void
only_roots_own_word_opens_them(void **state)
{
    struct host *host = *state;
    uint32_t gid = 42;

    host_write(host->local_groups, "video:44\nroot:0\n");
    assert_int_equal(local_files_allowed_group(host->files, "video", &gid), 0);
    assert_int_equal(gid, 44);
    assert_int_equal(local_files_allowed_group(host->files, "root", &gid),
                     -ENOENT);
    assert_int_equal(chmod(host->local_groups, 0664), 0);
    assert_int_equal(local_files_allowed_group(host->files, "video", &gid),
                     -ENOENT);
    assert_logged("not root's alone");
    assert_int_equal(chmod(host->local_groups, 0644), 0);
    assert_int_equal(local_files_allowed_group(host->files, "video", &gid), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(host->local_groups, 65534, 0), 0);
        assert_int_equal(local_files_allowed_group(host->files, "video", &gid),
                         -ENOENT);
    }
    assert_int_equal(unlink(host->local_groups), 0);
    assert_int_equal(symlink("passwd", host->local_groups), 0);
    assert_int_equal(local_files_allowed_group(host->files, "video", &gid),
                     -ENOENT);
}

/* deny_groups must see it. */
static void
a_group_without_a_number_is_there(void **state)
{
    struct host *host = *state;
    struct accounts_config *accounts = &host->config.accounts;
    struct group_record group;
    struct user_record user = {0};

    assert_int_equal(host_take(host, "alice", "a-1", &user), 0);
    accounts->id_first = accounts->id_last = user.uid;
    store_user_done(&user);
    assert_int_equal(take_in_groups(host, "alice", "a-1", "eng", NULL), 0);
    assert_logged("group eng");
    group = group_of(host, "id-of-eng");
    assert_int_equal(group.gid, 0);
    store_group_done(&group);
    assert_int_equal(count_groups(host, "a-1"), 1);
}

static void
claims_and_teams_add_up(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    struct group_record group = {0};
    struct person_group claims[] = {
        {NULL, (char *)(uintptr_t) "staff"},
        {NULL, NULL},
        {(char *)(uintptr_t) "", (char *)(uintptr_t) "x"},
    };
    char *members[] = {(char *)(uintptr_t) "a-1", (char *)(uintptr_t) "who"};
    struct person_team team = {
        .group = {(char *)(uintptr_t) "t-1", (char *)(uintptr_t) "team"},
        .members = members,
        .member_count = 2};

    assert_int_equal(take_in_groups(host, "alice", "a-1", "eng", NULL), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_int_equal(people_take_claims(host->store, host->files, &host->config,
                                        host->directories, &user, claims, 3),
                     0);
    assert_int_equal(store_list_begin(host->store, "corp"), 0);
    assert_int_equal(people_take_team(host->store, host->files, &host->config,
                                      host->directories, &team),
                     0);
    assert_int_equal(store_list_end(host->store, "corp", NOW_S), 0);
    assert_int_equal(count_groups(host, "a-1"), 3);
    assert_int_equal(people_take_claims(host->store, host->files, &host->config,
                                        host->directories, &user, NULL, 0),
                     0);
    assert_int_equal(count_groups(host, "a-1"), 2);
    /* An id is no name: rules go on finding the group by its own. */
    claims[0].name = team.group.id;
    assert_int_equal(people_take_claims(host->store, host->files, &host->config,
                                        host->directories, &user, claims, 1),
                     0);
    assert_int_equal(store_group_by_id(host->store, "corp", "t-1", &group), 0);
    assert_string_equal(group.plain_name, "team");
    assert_string_equal(group.name, "team");
    store_group_done(&group);
    assert_int_equal(count_groups(host, "a-1"), 2);
    team.group = (struct person_group){NULL, NULL};
    assert_int_equal(people_take_team(host->store, host->files, &host->config,
                                      host->directories, &team),
                     -EINVAL);
    store_user_done(&user);
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_person_becomes_a_user),
        test(no_gecos_forges_a_field),
        test(long_values_are_cut_between_characters),
        test(a_home_is_a_clean_path_or_ours),
        test(a_shell_stands_in_etc_shells),
        test(the_configured_shell_counts_in_any_case),
        test(a_key_is_a_line),
        test(only_names_of_the_grammar),
        test(the_pattern_is_of_the_whole_name),
        test(local_names_are_local),
        test(nobody_is_taken_by_a_host_that_cannot_be_read),
        test(a_name_belongs_to_one_subject),
        test(a_rename_keeps_the_uid),
        test(the_directory_cannot_change_an_id),
        test(two_directories_do_not_share_people),
        test(the_disabled_are_gone_since_then),
        test(the_gone_are_told_for_a_while),
        test(groups_have_prefix_and_id),
        test(names_that_cannot_be_told_are_known_by_id),
        test(a_user_cannot_pass_for_a_group),
        test(local_groups_open_by_roots_word),
        test(only_roots_own_word_opens_them),
        test(a_group_without_a_number_is_there),
        test(claims_and_teams_add_up),
    };

    return cmocka_run_group_tests_name("people-rules", tests, NULL, NULL);
}
