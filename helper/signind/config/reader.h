/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader: what the files of this room share while they read a configuration.
 */
#ifndef SIGNIN_READER_H
#define SIGNIN_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

struct reader {
    const struct config_paths *paths;
    config_complain *complain;
    void *context;
    unsigned mistakes;
    bool lines_lost; /* a line could not be read: what is missing may have
                        stood there, so nobody is told that it is missing */
    bool quiet;      /* the same mistake was reported before */
};

/* One mistake.  line 0: the file as a whole.  Counted even when quiet. */
void reader_complain(struct reader *reader, const char *file, unsigned line,
                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- file.c: one file's bytes -------------------------------------------- */

/* Longest file, in bytes. */
#define CONFIG_FILE_MAX 262144
/* Longest line, in bytes, without its newline. */
#define CONFIG_LINE_MAX 4096
/* Longest key, in bytes. */
#define CONFIG_KEY_MAX 255

/*
 * Read a file that must be regular, owned by root (or paths->owner) and not
 * writable by others.  0; -ENOENT (not there: no complaint); another negative
 * errno: complained.  On success the caller frees *ret_text, which has a NUL
 * behind its last byte.
 */
int file_read(struct reader *reader, const char *path, char **ret_text,
              size_t *ret_length);

/* ---- scan.c: what libini_config does not tell -----------------------------
 */

/* Called for every well-formed section line. */
typedef void scan_section(void *context, const char *section, unsigned line);

/*
 * Check every line of text and complain, in place: what is not well-formed
 * becomes a comment, so that libini_config can read the rest.  Returns how
 * many settings are left.
 */
size_t scan_text(struct reader *reader, const char *file, char *text,
                 size_t length, scan_section *each, void *context);

/* ---- settings.c: keys and values, and where they stand ---------------------
 */

struct setting {
    char *key;
    char *value;      /* "": back to the default */
    const char *file; /* of struct settings */
    unsigned line;
};

struct section {
    char *kind; /* "provider" */
    char *name; /* "corp", or NULL */
    const char *file;
    unsigned line; /* where it first stands */
    struct setting *settings;
    size_t count;
};

struct settings {
    struct section *sections; /* in order of their first appearance */
    size_t count;
    char **files;
    size_t file_count;
};

/*
 * Read one file over what *settings holds: later keys replace earlier ones.
 * 0; -ENOENT: there is no such file; another negative errno: complained.
 * Mistakes in the text are complained of, and are no error.
 */
int settings_read(struct reader *reader, struct settings *settings,
                  const char *path);
void settings_done(struct settings *settings);

/* NULL: none.  Keys are compared without case: header names have none. */
const struct section *settings_section(const struct settings *settings,
                                       const char *kind, const char *name);
const struct setting *section_setting(const struct section *section,
                                      const char *key);

/* "[provider corp]", for messages, in the caller's buffer, which it returns. */
#define SECTION_TITLE_MAX 160
const char *section_title(const struct section *section,
                          char title[SECTION_TITLE_MAX]);

/* ---- layers.c: which files, in which order ----------------------------------
 */

/* 0 or a negative errno (complained). */
int layers_read(struct reader *reader, struct settings *settings);

#endif
