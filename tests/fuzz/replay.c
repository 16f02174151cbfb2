/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run a target over files and folders, by default over its corpus: a test of
 * its own, with any compiler.  Prints TAP.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX (1 << 20)

static unsigned replayed;

static void
replay_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *input = malloc(INPUT_MAX), *exact;
    size_t length;

    if (file == NULL || input == NULL) {
        perror(path);
        exit(1);
    }
    length = fread(input, 1, INPUT_MAX, file);
    fclose(file);
    /* A block of just that size: a sanitizer sees one byte too many. */
    exact = malloc(length + (length == 0));
    if (exact == NULL)
        exit(1);
    for (size_t i = 0; i < length; i++)
        exact[i] = input[i];
    free(input);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    replayed++;
}

static void
replay_path(const char *path)
{
    struct dirent **entries = NULL;
    struct stat status;
    int count;

    if (stat(path, &status) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        replay_file(path);
        return;
    }
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[4096];

        snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            replay_path(below);
        free(entries[i]);
    }
    free(entries);
}

int
main(int count, char **arguments)
{
    puts("1..1");
    if (count == 1)
        replay_path(FUZZ_CORPUS);
    for (int i = 1; i < count; i++)
        replay_path(arguments[i]);
    printf("%s 1 - %u inputs of the corpus replayed\n",
           replayed > 0 ? "ok" : "not ok", replayed);
    return replayed > 0 ? 0 : 1;
}
