/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of config_load(): every kind of mistake, and the words for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config-files.h"
#include "wire/memory.h"

#define REST                                                                   \
    "sign_in.url = https://idp.example.com/token\n"                            \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "answer.access_token = /access_token\n"                                    \
    "identity.user = /user\n"
/* Five lines: what follows is line 6. */
#define PROVIDER "[provider corp]\n" REST

/* A file of tests/unit/data/config, to be freed. */
static char *
read_data(const char *name)
{
    char path[512];
    char *text = calloc(1, 100000);
    FILE *file;

    snprintf(path, sizeof(path), "%s/tests/unit/data/config/%s", SOURCEDIR,
             name);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(text);
    assert_in_range(fread(text, 1, 99999, file), 1, 99998);
    fclose(file);
    return text;
}

static void
append(char *text, size_t size, const char *words)
{
    size_t used = strlen(text);

    assert_true(used + strlen(words) + 2 < size);
    snprintf(text + used, size - used, "%s\n", words);
}

/* One case of zoo.txt, whose first line stands at number. */
static void
run_case(struct files *files, const char *given, const char *wanted,
         unsigned number)
{
    files_write(files, "signin.conf", given);
    files_load(files);
    if (strcmp(files->complaints, wanted) != 0)
        print_message("zoo.txt:%u\n", number);
    assert_string_equal(files->complaints, wanted);
    assert_true(wanted[0] != '\0');
}

static void
test_zoo(void **state)
{
    struct files *files = *state;
    cleanup_free char *text = read_data("zoo.txt");
    char given[4096] = "", wanted[4096] = "";
    enum { OUTSIDE, GIVEN, WANTED } where = OUTSIDE;
    unsigned number = 0, first = 0, cases = 0;
    char *rest = text, *line;

    files_presets(files);
    while ((line = strsep(&rest, "\n")) != NULL) {
        bool begins = strcmp(line, "===") == 0;

        number++;
        if (where == WANTED && (begins || line[0] == '\0')) {
            run_case(files, given, wanted, first);
            cases++;
            where = OUTSIDE;
        }
        if (begins) {
            where = GIVEN;
            first = number;
            given[0] = wanted[0] = '\0';
        } else if (where == GIVEN && strcmp(line, "---") == 0) {
            where = WANTED;
        } else if (where == GIVEN && strcmp(line, "@provider") == 0) {
            append(given, sizeof(given), "[provider corp]");
            strcat(given, REST);
        } else if (where == GIVEN && strcmp(line, "@rest") == 0) {
            strcat(given, REST);
        } else if (where != OUTSIDE) {
            append(where == GIVEN ? given : wanted, 4096, line);
        }
    }
    assert_int_equal(where, OUTSIDE);
    assert_true(cases > 140);
}

#define BLANK                                                                  \
    "line begins with a blank: remove it (a value is one line, and cannot go " \
    "on in the next)\n"

/* What does not look well in a text file. */
static void
test_bytes(void **state)
{
    static const char nul[] = PROVIDER "scope = a\0b\nlate";
    struct files *files = *state;
    char text[8192] = PROVIDER;

    files_expect(files, PROVIDER "\tscope = x\n", "signin.conf:6: " BLANK);
    files_expect(files, PROVIDER " \t \n", "");
    files_expect(files, PROVIDER "scope = a \t \n", "");
    files_expect(files, "[provider corp] \t\n" REST, "");
    files_expect(files, PROVIDER "scope = a\r\n",
                 "signin.conf:6: line ends in CR LF: save the file with Unix "
                 "line ends\n");
    files_expect(files, PROVIDER "scope = a\rb\n",
                 "signin.conf:6: line holds a control character: remove it\n");
    files_expect(files, PROVIDER "scope = \x1b[31m\n",
                 "signin.conf:6: line holds a control character: remove it\n");
    files_expect(files, PROVIDER "# comment \x07\n",
                 "signin.conf:6: line holds a control character: remove it\n");
    files_expect(files, PROVIDER "scope = \xff\n",
                 "signin.conf:6: line is not UTF-8: save the file as UTF-8\n");
    files_expect(files, PROVIDER "[sess\xc0\xafion]\nfoo = bar\n",
                 "signin.conf:6: line is not UTF-8: save the file as UTF-8\n");
    files_expect(files, "\xef\xbb\xbf" PROVIDER,
                 "signin.conf:1: line begins with a byte order mark: save the "
                 "file as UTF-8 without one\n");
    files_write_bytes(files, "signin.conf", nul, sizeof(nul) - 1);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:6: line holds a NUL byte: remove it\n"
                        "signin.conf:7: line without '=': write key = value, "
                        "or # in front of a comment\n");

    strcat(text, "header.x = ");
    memset(text + strlen(text), 'y', 5000);
    files_expect(files, text,
                 "signin.conf:6: line is longer than 4096 bytes: shorten the "
                 "value\n");
    memset(text, 0, sizeof(text));
    strcat(text, PROVIDER);
    memset(text + strlen(text), 'k', 256);
    strcat(text, " = 1\n");
    files_expect(files, text,
                 "signin.conf:6: the key in front of '=' is longer than 255 "
                 "bytes\n");
}

/* A line of 4,097 bytes is too long by one. */
static void
test_line_limit(void **state)
{
    struct files *files = *state;
    char text[8192] = PROVIDER "header.x = ";

    memset(text + strlen(text), 'y', 4097 - strlen("header.x = "));
    files_expect(files, text,
                 "signin.conf:6: line is longer than 4096 bytes: shorten the "
                 "value\n");
}

static void
test_later(void **state)
{
    struct files *files = *state;
    cleanup_free char *text = read_data("later.conf");
    char *rest, *line;

    files_write(files, "signin.conf", text);
    files_load(files);
    assert_null(files->config);
    rest = files->complaints;
    for (int count = 0; (line = strsep(&rest, "\n")) != NULL; count++) {
        if (line[0] == '\0') {
            assert_int_equal(count, 10);
            break;
        }
        assert_non_null(strstr(line, "not supported by this version"));
    }
}

/* Mistakes are counted in the file where they stand; all of them. */
static void
test_dropins(void **state)
{
    struct files *files = *state;

    files_write(files, "vendor.conf", "[session]\nfoo = 1\nrefresh_at = 0%\n");
    files_write(files, "conf.d/10.conf", "# x\n[sesion]\n");
    files_write(files, "conf.d/20.conf",
                "[provider corp]\nscope = a\n"
                "scope = b\nidentity.user = x\n");
    files_expect(files, PROVIDER "scope = c\n[session]\nrefresh_at = 50%\n",
                 "conf.d/20.conf:3: \"scope\" stands twice in [provider "
                 "corp], first in line 2: keep one\n"
                 "conf.d/10.conf:2: unknown section [sesion]: did you mean "
                 "[session]?\n"
                 "vendor.conf:2: unknown key \"foo\" in [session]: see "
                 "signin.conf(5)\n"
                 "conf.d/20.conf:4: identity.user: must be a JSON Pointer "
                 "that begins with /, or begins with access:/, userinfo:/, "
                 "introspect:/ or header:\n");
}

static void
test_permissions(void **state)
{
    struct files *files = *state;
    char path[160];

    files_expect(files, PROVIDER, "");
    assert_int_equal(chmod(files->main, 0664), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:0: is writable by others (mode 0664): "
                        "chmod 0644 it\n");
    assert_int_equal(chmod(files->main, 0602), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:0: is writable by others (mode 0602): "
                        "chmod 0644 it\n");
    assert_int_equal(chmod(files->main, 0600), 0);
    files_load(files);
    assert_string_equal(files->complaints, "");

    assert_int_equal(chmod(files->dropins, 0777), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "conf.d:0: can be changed by others than root: chown "
                        "root:root and chmod 0755 it\n");
    assert_int_equal(chmod(files->dropins, 0755), 0);

    snprintf(path, sizeof(path), "%s/10.conf", files->dropins);
    assert_int_equal(mkdir(path, 0755), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "conf.d/10.conf:0: is not a regular file: put a text "
                        "file there\n");
    assert_int_equal(rmdir(path), 0);
    /* A FIFO that nobody writes must not be waited for. */
    assert_int_equal(mkfifo(path, 0644), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "conf.d/10.conf:0: is not a regular file: put a text "
                        "file there\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "conf.d/10.conf:0: is not a regular file: put a text "
                        "file there\n");
}

static void
test_owner(void **state)
{
    struct files *files = *state;

    if (geteuid() != 0) {
        print_message("chown(2) needs root\n");
        skip();
    }
    files_expect(files, PROVIDER, "");
    assert_int_equal(chown(files->main, 65534, 65534), 0);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:0: belongs to uid 65534, who could "
                        "change who may sign in: chown root:root it\n");
}

static void
test_too_long(void **state)
{
    struct files *files = *state;
    char *text = malloc(262145);

    assert_non_null(text);
    memset(text, '\n', 262145);
    memcpy(text, PROVIDER, strlen(PROVIDER));
    files_write_bytes(files, "signin.conf", text, 262144);
    files_load(files);
    assert_string_equal(files->complaints, "");
    files_write_bytes(files, "signin.conf", text, 262145);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:0: is longer than 262144 bytes: move "
                        "parts of it to signin.conf.d\n");
    free(text);
}

static void
test_bad_presets(void **state)
{
    struct files *files = *state;

    files_write(files, "signin.conf", PROVIDER "preset = own\n");
    files_write(files, "presets/own.conf",
                "[preset]\nscope = a\nscpe = b\nidentity.user = x\n"
                "answer.expires_in = x\npreset = other\n[session]\n");
    files_load(files);
    assert_string_equal(
        files->complaints,
        "presets/own.conf:0: a preset names no preset\n"
        "presets/own.conf:7: a preset has a section [preset], a section "
        "[directory], or both, and no [session]\n"
        "presets/own.conf:3: unknown key \"scpe\" in [preset]: did you mean "
        "\"scope\"?\n"
        "presets/own.conf:5: answer.expires_in: must be a JSON Pointer that "
        "begins with /, or begins with access:/, userinfo:/, introspect:/ or "
        "header:\n");
    files_write(files, "presets/own.conf", "[preset]\nscope\n");
    files_load(files);
    assert_string_equal(files->complaints,
                        "presets/own.conf:2: line without '=': write key = "
                        "value, or # in front of a comment\n");
}

/* A secret that stands where its name should is not repeated. */
static void
test_no_secret(void **state)
{
    struct files *files = *state;

    files_write(files, "signin.conf",
                PROVIDER "client_id = a\nclient_secret = hunter2/hunter2\n"
                         "client_key_secret = hunter2!\nhunter2\n"
                         "header.x = {{secret.hunter2!}}\n"
                         "sign_in.authorization = {{hunter2}}\n"
                         "proxy = http://hunter2:hunter2@proxy\n");
    files_load(files);
    assert_null(files->config);
    assert_null(strstr(files->complaints, "hunter2"));
}

int
main(void)
{
#define WITH_FILES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_zoo),         WITH_FILES(test_bytes),
        WITH_FILES(test_line_limit),  WITH_FILES(test_later),
        WITH_FILES(test_dropins),     WITH_FILES(test_permissions),
        WITH_FILES(test_owner),       WITH_FILES(test_too_long),
        WITH_FILES(test_bad_presets), WITH_FILES(test_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
