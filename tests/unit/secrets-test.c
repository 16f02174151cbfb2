/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which secret files are believed.  Needs root: lays a private /etc over the
 * host's, in a mount namespace of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signind/secrets.h"

#define GROUP     977777
#define DIRECTORY SYSCONFDIR "/signin/secrets"

static int
begin(void **state)
{
    *state = NULL;
    /* Under another prefix (make distcheck) there may be none to cover. */
    if (geteuid() != 0 || access(SYSCONFDIR, F_OK) != 0)
        return 0;
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", SYSCONFDIR, "tmpfs", 0, "mode=755") != 0 ||
        mkdir(SYSCONFDIR "/signin", 0755) != 0 || mkdir(DIRECTORY, 0750) != 0)
        return -1;
    *state = secrets_new(GROUP);
    return *state == NULL;
}

static int
end(void **state)
{
    secrets_free(*state);
    return 0;
}

static struct secrets *
need_root(void **state)
{
    if (*state == NULL) {
        print_message("needs root and " SYSCONFDIR
                      ", to mount a private one there\n");
        skip();
    }
    return *state;
}

static void
put(const char *name, const char *text, size_t length, uid_t uid, gid_t gid,
    mode_t mode)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), DIRECTORY "/%s", name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    assert_int_equal(fchown(fd, uid, gid), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void
good_file_is_read_without_its_newline(void **state)
{
    struct secrets *secrets = need_root(state);

    put("corp", "s3cret\n", 7, 0, GROUP, 0640);
    assert_string_equal(secrets_get(secrets, "corp"), "s3cret");
    put("bare", "s3cret", 6, 0, 0, 0600);
    assert_string_equal(secrets_get(secrets, "bare"), "s3cret");
    /* Kept: what is read once stays for this configuration. */
    put("corp", "other\n", 6, 0, GROUP, 0640);
    assert_string_equal(secrets_get(secrets, "corp"), "s3cret");
}

static void
more_readable_than_that_is_refused(void **state)
{
    struct secrets *secrets = need_root(state);
    const struct {
        uid_t uid;
        gid_t gid;
        mode_t mode;
    } bad[] = {
        {0, GROUP, 0644},     /* the world reads */
        {0, GROUP, 0660},     /* the group writes */
        {0, GROUP, 0642},     /* the world writes */
        {0, 977778, 0640},    /* another group reads */
        {977776, GROUP, 0640} /* its owner writes */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put("bad", "s3cret\n", 7, bad[i].uid, bad[i].gid, bad[i].mode);
        assert_null(secrets_get(secrets, "bad"));
    }
    put("bad", "s3cret\n", 7, 0, GROUP, 0640);
    assert_non_null(secrets_get(secrets, "bad"));
}

static void
what_is_no_plain_text_is_refused(void **state)
{
    struct secrets *secrets = need_root(state);
    char *large = calloc(1, 20000);

    assert_non_null(large);
    memset(large, 'x', 20000);
    put("large", large, 20000, 0, GROUP, 0640);
    free(large);
    assert_null(secrets_get(secrets, "large"));
    put("empty", "", 0, 0, GROUP, 0640);
    assert_null(secrets_get(secrets, "empty"));
    put("newline", "\n", 1, 0, GROUP, 0640);
    assert_null(secrets_get(secrets, "newline"));
    put("nul", "a\0b", 3, 0, GROUP, 0640);
    assert_null(secrets_get(secrets, "nul"));
    assert_int_equal(symlink("corp", DIRECTORY "/link"), 0);
    put("corp", "s3cret\n", 7, 0, GROUP, 0640);
    assert_null(secrets_get(secrets, "link"));
    assert_int_equal(mkfifo(DIRECTORY "/fifo", 0640), 0);
    assert_null(secrets_get(secrets, "fifo"));
    assert_null(secrets_get(secrets, "absent"));
}

static void
names_cannot_leave_the_directory(void **state)
{
    struct secrets *secrets = need_root(state);

    assert_null(secrets_get(secrets, "../signin.conf"));
    assert_null(secrets_get(secrets, ".hidden"));
    assert_null(secrets_get(secrets, ""));
    assert_null(secrets_get(secrets, "a/b"));
}

static void
credentials_go_first(void **state)
{
    struct secrets *secrets = need_root(state);
    const char *directory = SYSCONFDIR "/credentials";
    int fd;

    assert_int_equal(mkdir(directory, 0700), 0);
    fd = open(SYSCONFDIR "/credentials/corp", O_WRONLY | O_CREAT, 0400);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "from-systemd", 12), 12);
    close(fd);
    put("corp", "from-file\n", 10, 0, GROUP, 0640);
    put("only", "from-file\n", 10, 0, GROUP, 0640);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    assert_string_equal(secrets_get(secrets, "corp"), "from-systemd");
    assert_string_equal(secrets_get(secrets, "only"), "from-file");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static struct template *
header(const char *text)
{
    const char *mistake = NULL;
    struct template *template = template_parse(text, TEMPLATE_HEADER, &mistake);

    assert_non_null(template);
    return template;
}

static void
directories_need_theirs(void **state)
{
    struct secrets *secrets = need_root(state);
    struct directory_config directory = {.type = DIRECTORY_REST};
    struct request_config *users = &directory.requests[DIRECTORY_USERS].request;
    struct config config = {.directories = &directory, .directory_count = 1};
    char client_secret[] = "client", key[] = "tls";

    assert_int_equal(secrets_load(secrets, &config), 0);
    directory.client_secret = client_secret;
    assert_int_equal(secrets_load(secrets, &config), -ENOENT);
    put("client", "x", 1, 0, GROUP, 0640);
    assert_int_equal(secrets_load(secrets, &config), 0);
    directory.tls.client_key_secret = key;
    assert_int_equal(secrets_load(secrets, &config), -ENOENT);
    put("tls", "x", 1, 0, GROUP, 0640);
    assert_int_equal(secrets_load(secrets, &config), 0);

    users->url = header("https://h/users");
    users->authorization = header("Key {{secret.static}}");
    assert_int_equal(secrets_load(secrets, &config), 0);
    users->configured = true;
    assert_int_equal(secrets_load(secrets, &config), -ENOENT);
    /* Who is not asked needs no key. */
    directory.type = DIRECTORY_NONE;
    assert_int_equal(secrets_load(secrets, &config), 0);
    directory.type = DIRECTORY_SCIM;
    assert_int_equal(secrets_load(secrets, &config), -ENOENT);
    put("static", "x", 1, 0, GROUP, 0640);
    assert_int_equal(secrets_load(secrets, &config), 0);
    template_free(users->url);
    template_free(users->authorization);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_file_is_read_without_its_newline),
        TEST(more_readable_than_that_is_refused),
        TEST(what_is_no_plain_text_is_refused),
        TEST(names_cannot_leave_the_directory),
        TEST(credentials_go_first),
        TEST(directories_need_theirs),
    };

    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
