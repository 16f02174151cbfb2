/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <string.h>

#include "buffer.h"
#include "names.h"
#include "reader.h"

struct scan {
    struct reader *reader;
    const char *file;
    scan_section *each;
    void *context;
    enum {
        SECTION_NONE = 0, /* not yet: keys have no home */
        SECTION_GOOD,
        SECTION_BAD /* its line was refused, and its keys go with it */
    } section;
};

/* The first mistake in the bytes of a line, or NULL. */
static const char *
line_bytes_mistake(const char *line, size_t length)
{
    if (length > CONFIG_LINE_MAX)
        return "line is longer than 4096 bytes: shorten the value";
    if (memchr(line, '\0', length) != NULL)
        return "line holds a NUL byte: remove it";
    if (length > 0 && line[length - 1] == '\r')
        return "line ends in CR LF: save the file with Unix line ends";
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
            line[i] == 0x7f)
            return "line holds a control character: remove it";
    if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        return "line begins with a byte order mark: save the file as UTF-8 "
               "without one";
    if (!utf8_valid(line, length))
        return "line is not UTF-8: save the file as UTF-8";
    return NULL;
}

/* Cut off blanks at the end. */
static size_t
trimmed(const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    return length;
}

/*
 * "[kind]" or "[kind NAME]": libini_config takes section names that differ in
 * case only for one, so capitals are refused.
 */
static const char *
section_mistake(struct scan *scan, const char *line, size_t length,
                unsigned number)
{
    char text[SECTION_TITLE_MAX];
    char *name;

    if (line[length - 1] != ']')
        return "a section is written [section] or [kind NAME], alone on its "
               "line";
    if (length - 2 >= sizeof(text))
        return "the name of a section has at most 64 characters";
    memcpy(text, line + 1, length - 2);
    text[length - 2] = '\0';
    name = strchr(text, ' ');
    if (name != NULL)
        *name++ = '\0';
    if (!name_is_section(text) || (name != NULL && !name_is_section(name)))
        return "a section is written [section] or [kind NAME], with one "
               "space, in a-z, 0-9, '_', '.' and '-' (no capitals)";
    if (name != NULL)
        name[-1] = ' ';
    scan->each(scan->context, text, number);
    return NULL;
}

static const char *
setting_mistake(const struct scan *scan, const char *line, size_t length)
{
    const char *equals = memchr(line, '=', length);

    if (line[0] == ' ' || line[0] == '\t')
        return "line begins with a blank: remove it (a value is one line, "
               "and cannot go on in the next)";
    if (equals == NULL)
        return "line without '=': write key = value, or # in front of a "
               "comment";
    if (equals == line)
        return "no key in front of '=': write key = value";
    /* To libini_config '!' in front says something else, and it then gives up
     * on the file without a word. */
    if (!isalnum((unsigned char)line[0]))
        return "a key begins with a letter: write key = value, or # in front "
               "of a comment";
    if (equals - line > CONFIG_KEY_MAX)
        return "the key in front of '=' is longer than 255 bytes";
    if (scan->section == SECTION_NONE)
        return "key before the first [section]: write the section's line "
               "above it";
    return NULL;
}

/* Returns the mistake, or NULL; *ret_drop: libini_config must not see it. */
static const char *
line_mistake(struct scan *scan, const char *line, size_t length,
             unsigned number, bool *ret_drop)
{
    const char *mistake = line_bytes_mistake(line, length);

    *ret_drop = true;
    length = trimmed(line, length);
    if (mistake != NULL) {
        /* Whatever section it may have begun. */
        if (length > 0 && (line[0] == '[' || line[0] == '\xef'))
            scan->section = SECTION_BAD;
        return mistake;
    }
    if (length == 0 || line[0] == '#' || line[0] == ';')
        return NULL;
    if (line[0] == '[') {
        mistake = section_mistake(scan, line, length, number);
        scan->section = mistake == NULL ? SECTION_GOOD : SECTION_BAD;
    } else {
        mistake = setting_mistake(scan, line, length);
    }
    *ret_drop = mistake != NULL || scan->section == SECTION_BAD;
    return mistake;
}

size_t
scan_text(struct reader *reader, const char *file, char *text, size_t length,
          scan_section *each, void *context)
{
    struct scan scan = {
        .reader = reader, .file = file, .each = each, .context = context};
    unsigned number = 0;
    size_t settings = 0;

    while (length > 0) {
        char *newline = memchr(text, '\n', length);
        size_t line = newline != NULL ? (size_t)(newline - text) : length;
        const char *mistake;
        bool drop;

        number++;
        mistake = line_mistake(&scan, text, line, number, &drop);
        if (mistake != NULL) {
            reader_complain(reader, file, number, "%s", mistake);
            reader->lines_lost = true;
        }
        if (drop)
            memset(text, ' ', line);
        if (drop && line > 0)
            text[0] = '#';
        settings += !drop && text[0] != '[';
        length -= newline != NULL ? line + 1 : line;
        text += newline != NULL ? line + 1 : line;
    }
    return settings;
}
