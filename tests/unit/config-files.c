/* SPDX-License-Identifier: BSD-2-Clause */
#include "config-files.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
below(const struct files *files, const char *name, char path[128])
{
    int length = snprintf(path, 128, "%s/%s", files->root, name);

    assert_in_range(length, 1, 127);
}

int
files_setup(void **state)
{
    struct files *files = calloc(1, sizeof(*files));

    assert_non_null(files);
    strcpy(files->root, "/tmp/signin-config-XXXXXX");
    assert_non_null(mkdtemp(files->root));
    below(files, "vendor.conf", files->vendor);
    below(files, "vendor.d", files->vendor_dropins);
    below(files, "signin.conf", files->main);
    below(files, "conf.d", files->dropins);
    below(files, "presets", files->presets);
    umask(022);
    assert_int_equal(mkdir(files->vendor_dropins, 0755), 0);
    assert_int_equal(mkdir(files->dropins, 0755), 0);
    assert_int_equal(mkdir(files->presets, 0755), 0);
    files->paths =
        (struct config_paths){.vendor = files->vendor,
                              .vendor_dropins = files->vendor_dropins,
                              .main = files->main,
                              .dropins = files->dropins,
                              .presets = files->presets,
                              .owner = geteuid()};
    *state = files;
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int
files_teardown(void **state)
{
    struct files *files = *state;

    config_free(files->config);
    nftw(files->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(files);
    return 0;
}

void
files_write_bytes(struct files *files, const char *name, const char *bytes,
                  size_t length)
{
    char path[128];
    int fd;

    below(files, name, path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

void
files_write(struct files *files, const char *name, const char *text)
{
    files_write_bytes(files, name, text, strlen(text));
}

void
files_presets(struct files *files)
{
    static const char *const names[] = {"oauth2",  "glewlwyd",  "supabase",
                                        "baserow", "simplejwt", "oauth-toolkit",
                                        "scim",    "keycloak",  "msgraph",
                                        "gotrue",  "django"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char from[512], to[128], text[8192];
        size_t length;
        FILE *file;

        snprintf(from, sizeof(from), "%s/helper/providers/%s.conf", SOURCEDIR,
                 names[i]);
        snprintf(to, sizeof(to), "presets/%s.conf", names[i]);
        file = fopen(from, "re");
        assert_non_null(file);
        length = fread(text, 1, sizeof(text), file);
        fclose(file);
        assert_in_range(length, 1, sizeof(text) - 1);
        files_write_bytes(files, to, text, length);
    }
}

static void
collect(void *context, const char *file, unsigned line, const char *message)
{
    struct files *files = context;
    size_t used = strlen(files->complaints);
    size_t root = strlen(files->root);

    if (strncmp(file, files->root, root) == 0)
        file += root + 1;
    snprintf(files->complaints + used, sizeof(files->complaints) - used,
             "%s:%u: %s\n", file, line, message);
}

void
files_load(struct files *files)
{
    config_free(files->config);
    files->complaints[0] = '\0';
    files->config = config_load(&files->paths, collect, files);
    /* A mistake and a configuration exclude each other. */
    assert_int_equal(files->config == NULL, files->complaints[0] != '\0');
}

void
files_expect(struct files *files, const char *text, const char *complaints)
{
    files_write(files, "signin.conf", text);
    files_load(files);
    assert_string_equal(files->complaints, complaints);
}
