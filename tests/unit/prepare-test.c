/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of local groups that directories may put people into.
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
#include <sys/stat.h>
#include <unistd.h>

#include "signind/config/config.h"
#include "signind/log.h"
#include "signind/prepare.h"

static char logged[4096];

static void
keep_line(void *context, int priority, const char *text)
{
    size_t length = strlen(logged);

    (void)context;
    (void)priority;
    snprintf(logged + length, sizeof(logged) - length, "%s\n", text);
}

/* What the file says after prepare_local_groups() of these. */
static const char *
prepare(const char *const *names, size_t count, gid_t own)
{
    static char text[4096];
    struct account account = {.uid = 4242, .gid = own};
    struct config config = {0};
    char *items[8];
    struct stat status;
    FILE *file;
    size_t length;

    for (size_t i = 0; i < count; i++) {
        items[i] = strdup(names[i]);
        assert_non_null(items[i]);
    }
    config.accounts.local_groups.items = items;
    config.accounts.local_groups.count = count;
    logged[0] = '\0';
    log_divert(keep_line, NULL);
    assert_int_equal(
        prepare_local_groups(&account, &config, "prepare-test.out"), 0);
    log_divert(NULL, NULL);
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    file = fopen("prepare-test.out", "re");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    assert_int_equal(fstat(fileno(file), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    fclose(file);
    unlink("prepare-test.out");
    return text;
}

static void
groups_of_the_host_are_written_with_their_gids(void **state)
{
    static const char *const names[] = {"daemon", "bin"};

    (void)state;
    assert_string_equal(prepare(names, 2, 4242), "daemon:1\nbin:2\n");
    assert_string_equal(logged, "");
    assert_string_equal(prepare(names, 0, 4242), "");
}

static void
what_is_not_there_is_left_out_and_said(void **state)
{
    static const char *const names[] = {"no-such-group", "daemon", "a:0",
                                        "daemon:1\nroot"};

    (void)state;
    umask(0077);
    assert_string_equal(prepare(names, 4, 4242), "daemon:1\n");
    assert_non_null(strstr(logged, "no group no-such-group"));
}

/* Its members read every token. */
static void
the_group_of_signind_is_refused(void **state)
{
    static const char *const names[] = {"daemon", "bin"};

    (void)state;
    assert_string_equal(prepare(names, 2, 1), "bin:2\n");
    assert_non_null(strstr(logged, "signind's own"));
}

static void
a_list_that_cannot_be_written_is_an_error(void **state)
{
    struct account account = {.uid = 4242, .gid = 4242};
    struct config config = {0};

    (void)state;
    log_divert(keep_line, NULL);
    assert_int_equal(
        prepare_local_groups(&account, &config, "no-such-directory/groups"),
        -ENOENT);
    log_divert(NULL, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_of_the_host_are_written_with_their_gids),
        cmocka_unit_test(what_is_not_there_is_left_out_and_said),
        cmocka_unit_test(the_group_of_signind_is_refused),
        cmocka_unit_test(a_list_that_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests_name("prepare", tests, NULL, NULL);
}
