/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written for `signind --enforce`, and what is not taken for it.
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

#include "wire/enforce.h"

#define OPENING_OF(user, uid, pid, start)                                      \
    "signin session 1\nuser " user "\nuid " uid "\npid " pid "\nstart " start  \
    "\nservice sshd\ntty ssh\n"
#define OPENING OPENING_OF("alice", "2001", "1234", "987654")
#define REQUEST                                                                \
    "signin request 1\naction lock\nprovider corp\nreason it is over\n"

static void
test_opening_there_and_back(void **state)
{
    struct enforce_opening opening = {.user = "alice",
                                      .uid = 2001,
                                      .pid = 1234,
                                      .start = 987654,
                                      .service = "sshd",
                                      .tty = "ssh"};
    struct enforce_opening read;
    char text[ENFORCE_FILE_MAX + 1];

    (void)state;
    assert_int_equal(enforce_format_opening(&opening, text), 0);
    assert_string_equal(text, OPENING);
    memset(&read, 0, sizeof(read));
    assert_int_equal(enforce_parse_opening(text, strlen(text), &read), 0);
    assert_memory_equal(&read, &opening, sizeof(read));
    /* The longest, and the emptiest. */
    memset(opening.service, 's', ENFORCE_TEXT_MAX);
    memset(opening.tty, 't', ENFORCE_TEXT_MAX);
    opening.start = UINT64_MAX;
    opening.uid = UINT32_MAX;
    opening.pid = INT32_MAX;
    assert_int_equal(enforce_format_opening(&opening, text), 0);
    assert_int_equal(enforce_parse_opening(text, strlen(text), &read), 0);
    assert_true(read.start == UINT64_MAX);
    opening.tty[0] = '\0';
    assert_int_equal(enforce_format_opening(&opening, text), 0);
    assert_int_equal(enforce_parse_opening(text, strlen(text), &read), 0);
    assert_string_equal(read.tty, "");
}

static void
test_request_there_and_back(void **state)
{
    struct enforce_request request = {
        .action = ENFORCE_LOCK, .provider = "corp", .reason = "it is over"};
    struct enforce_request read;
    char text[ENFORCE_FILE_MAX + 1];

    (void)state;
    assert_int_equal(enforce_format_request(&request, text), 0);
    assert_string_equal(text, REQUEST);
    for (int i = ENFORCE_NOTIFY; i <= ENFORCE_TERMINATE; i++) {
        request.action = (enum enforce_action)i;
        assert_int_equal(enforce_format_request(&request, text), 0);
        assert_int_equal(enforce_parse_request(text, strlen(text), &read), 0);
        assert_int_equal(read.action, i);
    }
    request.action = ENFORCE_NONE;
    assert_int_equal(enforce_format_request(&request, text), -EINVAL);
    request.action = ENFORCE_LOCK;
    strcpy(request.reason, "two\nlines");
    assert_int_equal(enforce_format_request(&request, text), -EINVAL);
}

static void
test_opening_zoo(void **state)
{
    static const char *const zoo[] = {
        "",
        "\n",
        "signin session 1\n",
        "signin session 2\nuser alice\nuid 2001\npid 1234\nstart 1\n"
        "service sshd\ntty ssh\n",
        OPENING "\n",
        OPENING "pid 1\n",
        " " OPENING,
        OPENING_OF("root\nuid 0", "2001", "1234", "1"),
        OPENING_OF("", "2001", "1234", "1"),
        OPENING_OF("Alice", "2001", "1234", "1"),
        OPENING_OF("a/../b", "2001", "1234", "1"),
        OPENING_OF("alice", "", "1234", "1"),
        OPENING_OF("alice", "-1", "1234", "1"),
        OPENING_OF("alice", "+2001", "1234", "1"),
        OPENING_OF("alice", "02001", "1234", "1"),
        OPENING_OF("alice", "2001 ", "1234", "1"),
        OPENING_OF("alice", "0x7d1", "1234", "1"),
        OPENING_OF("alice", "4294967296", "1234", "1"),
        OPENING_OF("alice", "2001", "0", "1"),
        OPENING_OF("alice", "2001", "1", "1"),
        OPENING_OF("alice", "2001", "-1234", "1"),
        OPENING_OF("alice", "2001", "2147483648", "1"),
        OPENING_OF("alice", "2001", "1234", "18446744073709551616"),
        OPENING_OF("alice", "2001", "1234", ""),
        OPENING_OF("alice", "2001", "1234", "1\033[2J"),
        /* In another order, a line short, without the last newline. */
        "signin session 1\nuid 2001\nuser alice\npid 1234\nstart 1\n"
        "service sshd\ntty ssh\n",
        "signin session 1\nuser alice\nuid 2001\npid 1234\nstart 1\n"
        "service sshd\n",
        "signin session 1\nuser alice\nuid 2001\npid 1234\nstart 1\n"
        "service sshd\ntty ssh",
        "signin session 1\nuser alice\nuid 2001\npid 1234\nstart 1\n"
        "service sshd\ntty \xc3\xa4\n",
        REQUEST,
    };
    struct enforce_opening opening = {.pid = 77};

    (void)state;
    for (size_t i = 0; i < sizeof(zoo) / sizeof(zoo[0]); i++) {
        if (enforce_parse_opening(zoo[i], strlen(zoo[i]), &opening) != -EPROTO)
            fail_msg("taken: %s", zoo[i]);
        assert_int_equal(opening.pid, 77);
    }
    /* A NUL, and every piece of a good one. */
    assert_int_equal(enforce_parse_opening(OPENING, sizeof(OPENING), &opening),
                     -EPROTO);
    for (size_t length = 0; length < strlen(OPENING); length++)
        assert_int_equal(enforce_parse_opening(OPENING, length, &opening),
                         -EPROTO);
}

static void
test_request_zoo(void **state)
{
    static const char *const zoo[] = {
        "",
        "signin request 1\naction none\nprovider corp\nreason x\n",
        "signin request 1\naction reboot\nprovider corp\nreason x\n",
        "signin request 1\naction  lock\nprovider corp\nreason x\n",
        "signin request 1\naction lock\nprovider corp\nreason x\npid 1\n",
        "signin request 1\naction lock\nprovider corp\n",
        "signin request 1\naction lock\nprovider corp\nreason a\rb\n",
        "signin request 1\naction lock\nprovider corp\nreason \033]0;x\007\n",
        "signin request 1\naction lock\nprovider corp\nreason x\n\n",
        OPENING,
    };
    struct enforce_request request = {.action = ENFORCE_NONE};
    char text[ENFORCE_FILE_MAX + 64];

    (void)state;
    for (size_t i = 0; i < sizeof(zoo) / sizeof(zoo[0]); i++) {
        if (enforce_parse_request(zoo[i], strlen(zoo[i]), &request) != -EPROTO)
            fail_msg("taken: %s", zoo[i]);
        assert_int_equal(request.action, ENFORCE_NONE);
    }
    /* A reason of one byte more than fits. */
    snprintf(text, sizeof(text),
             "signin request 1\naction lock\nprovider corp\nreason %0*d\n",
             ENFORCE_TEXT_MAX + 1, 0);
    assert_int_equal(enforce_parse_request(text, strlen(text), &request),
                     -EPROTO);
    snprintf(text, sizeof(text),
             "signin request 1\naction lock\nprovider corp\nreason %0*d\n",
             ENFORCE_TEXT_MAX, 0);
    assert_int_equal(enforce_parse_request(text, strlen(text), &request), 0);
}

static void
test_text_is_cleaned(void **state)
{
    char member[ENFORCE_TEXT_MAX + 1], longest[ENFORCE_TEXT_MAX + 10];

    (void)state;
    enforce_set_text(member, NULL);
    assert_string_equal(member, "");
    enforce_set_text(member, "a\nb\033c\xff"
                             "d");
    assert_string_equal(member, "a?b?c?d");
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    enforce_set_text(member, longest);
    assert_int_equal(strlen(member), ENFORCE_TEXT_MAX);
}

static void
read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, size - 1, file);
    text[length] = '\0';
    fclose(file);
}

static void
test_files(void **state)
{
    char directory[] = "enforce-files-XXXXXX", path[128], text[64];
    struct stat status;
    mode_t mask = umask(0077);

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(enforce_write_file(directory, "one", "first\n", 0644), 0);
    snprintf(path, sizeof(path), "%s/one", directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    /* Replaced; what was left half written is no obstacle, nor followed. */
    snprintf(path, sizeof(path), "%s/.one", directory);
    assert_int_equal(symlink("victim", path), 0);
    assert_int_equal(enforce_write_file(directory, "one", "second\n", 0600), 0);
    snprintf(path, sizeof(path), "%s/victim", directory);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof(path), "%s/one", directory);
    read_file(path, text, sizeof(text));
    assert_string_equal(text, "second\n");
    /* A link to a directory is no directory. */
    assert_int_equal(symlink(directory, "enforce-files-link"), 0);
    assert_true(enforce_write_file("enforce-files-link", "one", "", 0600) < 0);
    unlink("enforce-files-link");
    assert_int_equal(enforce_remove_file(directory, "one"), 0);
    assert_int_equal(enforce_remove_file(directory, "one"), -ENOENT);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(enforce_write_file(directory, "one", "", 0600), -ENOENT);
    umask(mask);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening_there_and_back),
        cmocka_unit_test(test_request_there_and_back),
        cmocka_unit_test(test_opening_zoo),
        cmocka_unit_test(test_request_zoo),
        cmocka_unit_test(test_text_is_cleaned),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests_name("enforce-files", tests, NULL, NULL);
}
