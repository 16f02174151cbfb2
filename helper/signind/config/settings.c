/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <ini_configobj.h>
#include <ini_valueobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"
#include "wire/memory.h"

/* One file on its way into the settings. */
struct input {
    struct reader *reader;
    struct settings *settings;
    const char *file;
    bool sections;         /* there was one at all */
    size_t expected, read; /* settings, in all of them */
    int error;
};

const char *
section_title(const struct section *section, char title[SECTION_TITLE_MAX])
{
    snprintf(title, SECTION_TITLE_MAX, "[%s%s%s]", section->kind,
             section->name != NULL ? " " : "",
             section->name != NULL ? section->name : "");
    return title;
}

const struct section *
settings_section(const struct settings *settings, const char *kind,
                 const char *name)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct section *section = &settings->sections[i];

        if (strcmp(section->kind, kind) != 0 ||
            (name == NULL) != (section->name == NULL))
            continue;
        if (name == NULL || strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

const struct setting *
section_setting(const struct section *section, const char *key)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcasecmp(section->settings[i].key, key) == 0)
            return &section->settings[i];
    return NULL;
}

/* The section of that text ("provider corp"), made if need be. */
static struct section *
settings_open_section(struct input *input, const char *text, unsigned line)
{
    struct settings *settings = input->settings;
    struct section *sections;
    char title[SECTION_TITLE_MAX];
    const char *name;

    snprintf(title, sizeof(title), "[%s]", text);
    for (size_t i = 0; i < settings->count; i++) {
        char other[SECTION_TITLE_MAX];

        section_title(&settings->sections[i], other);
        if (strcmp(title, other) == 0)
            return &settings->sections[i];
    }
    sections = reallocarray(settings->sections, settings->count + 1,
                            sizeof(*sections));
    if (sections == NULL)
        return NULL;
    settings->sections = sections;
    sections += settings->count;
    name = strchr(text, ' ');
    *sections = (struct section){.file = input->file, .line = line};
    sections->kind =
        name != NULL ? strndup(text, (size_t)(name - text)) : strdup(text);
    sections->name = name != NULL ? strdup(name + 1) : NULL;
    if (sections->kind == NULL || (name != NULL && sections->name == NULL)) {
        free(sections->kind);
        free(sections->name);
        return NULL;
    }
    settings->count++;
    return sections;
}

static void
input_section(void *context, const char *text, unsigned line)
{
    struct input *input = context;

    input->sections = true;
    if (settings_open_section(input, text, line) == NULL)
        input->error = -ENOMEM;
}

static int
section_put(struct section *section, const struct setting *given)
{
    struct setting *setting = NULL, *settings;
    struct setting made = *given;

    made.key = strdup(given->key);
    made.value = strdup(given->value);
    if (made.key == NULL || made.value == NULL) {
        free(made.key);
        free(made.value);
        return -ENOMEM;
    }
    for (size_t i = 0; setting == NULL && i < section->count; i++)
        if (strcasecmp(section->settings[i].key, made.key) == 0)
            setting = &section->settings[i];
    if (setting != NULL) {
        free(setting->key);
        free(setting->value);
        *setting = made;
        return 0;
    }
    settings =
        reallocarray(section->settings, section->count + 1, sizeof(*settings));
    if (settings == NULL) {
        free(made.key);
        free(made.value);
        return -ENOMEM;
    }
    section->settings = settings;
    settings[section->count++] = made;
    return 0;
}

/*
 * The value of keys[index], the before-th of that name in the section.
 * Returns 0 or a negative errno.
 */
static int
input_value(struct ini_cfgobj *ini, const char *text, const char *key,
            unsigned before, struct setting *setting)
{
    struct value_obj *value = NULL;
    const char *words = NULL;
    uint32_t line = 0;
    int r;

    r = ini_get_config_valueobj(text, key, ini, INI_GET_FIRST_VALUE, &value);
    while (r == 0 && before-- > 0)
        r = ini_get_config_valueobj(text, key, ini, INI_GET_NEXT_VALUE, &value);
    if (r == 0 && value == NULL)
        r = ENOENT;
    if (r == 0)
        r = value_get_concatenated(value, &words);
    if (r == 0)
        r = value_get_line(value, &line);
    if (r != 0)
        return -r;
    *setting = (struct setting){.value = strdup(words), .line = line};
    return setting->value != NULL ? 0 : -ENOMEM;
}

/*
 * libini_config is told to keep keys that stand twice: its own complaint
 * about them stops at the first, and names the section's line in the second
 * of two sections.
 */
static int
input_key(struct input *input, struct ini_cfgobj *ini, struct section *section,
          const char *text, char **keys, int index)
{
    char title[SECTION_TITLE_MAX];
    struct setting setting, first = {0};
    unsigned before = 0;
    int r;

    for (int i = 0; i < index; i++)
        if (strcasecmp(keys[i], keys[index]) == 0)
            before++;
    r = input_value(ini, text, keys[index], before, &setting);
    if (r < 0)
        return r;
    setting.key = keys[index];
    setting.file = input->file;
    if (before == 0) {
        r = section_put(section, &setting);
    } else {
        r = input_value(ini, text, keys[index], 0, &first);
        reader_complain(input->reader, input->file, setting.line,
                        "\"%s\" stands twice in %s, first in line %u: keep "
                        "one",
                        keys[index], section_title(section, title), first.line);
    }
    free(first.value);
    free(setting.value);
    return r;
}

static int
input_keys(struct input *input, struct ini_cfgobj *ini, const char *text)
{
    struct section *section = settings_open_section(input, text, 0);
    int count = 0, r = 0;
    char **keys;

    if (section == NULL)
        return -ENOMEM;
    keys = ini_get_attribute_list(ini, text, &count, &r);
    if (keys == NULL)
        return -r;
    r = 0;
    for (int i = 0; r == 0 && i < count; i++)
        r = input_key(input, ini, section, text, keys, i);
    input->read += (size_t)count;
    ini_free_attribute_list(keys);
    return r;
}

static int
input_sections(struct input *input, struct ini_cfgobj *ini)
{
    int count = 0, r = 0;
    char **texts = ini_get_section_list(ini, &count, &r);

    if (texts == NULL)
        return -r;
    r = 0;
    for (int i = 0; r == 0 && i < count; i++)
        r = input_keys(input, ini, texts[i]);
    ini_free_section_list(texts);
    return r;
}

/* Whatever scan.c let through and libini_config does not like. */
static void
input_complain(struct input *input, struct ini_cfgobj *ini)
{
    const unsigned before = input->reader->mistakes;
    char **errors = NULL;

    if (ini_config_get_errors(ini, &errors) == 0 && errors != NULL)
        for (size_t i = 0; errors[i] != NULL; i++)
            reader_complain(input->reader, input->file, 0, "%s", errors[i]);
    /* It may fail without an error. */
    if (input->reader->mistakes == before)
        reader_complain(input->reader, input->file, 0,
                        "cannot be read as an INI file");
    ini_config_free_errors(errors);
    input->reader->lines_lost = true;
}

static int
input_parse(struct input *input, char *text, size_t length)
{
    struct ini_cfgfile *file = NULL;
    struct ini_cfgobj *ini = NULL;
    int r;

    r = -ini_config_create(&ini);
    if (r == 0)
        r = -ini_config_file_from_mem(text, (uint32_t)length, &file);
    if (r == 0 &&
        ini_config_parse(file, INI_STOP_ON_NONE,
                         INI_MV1S_ALLOW | INI_MV2S_ALLOW | INI_MS_MERGE,
                         INI_PARSE_NOWRAP | INI_PARSE_NO_C_COMMENTS, ini) != 0)
        input_complain(input, ini);
    else if (r == 0)
        r = input_sections(input, ini);
    /* A line that it passed over may have been the one that forbids. */
    if (r == 0 && !input->reader->lines_lost && input->read != input->expected)
        input_complain(input, ini);
    if (file != NULL)
        ini_config_file_destroy(file);
    if (ini != NULL)
        ini_config_destroy(ini);
    return r;
}

static const char *
settings_add_file(struct settings *settings, const char *path)
{
    char **files =
        reallocarray(settings->files, settings->file_count + 1, sizeof(*files));
    char *file;

    if (files == NULL)
        return NULL;
    settings->files = files;
    file = strdup(path);
    if (file != NULL)
        files[settings->file_count++] = file;
    return file;
}

int
settings_read(struct reader *reader, struct settings *settings,
              const char *path)
{
    struct input input = {.reader = reader, .settings = settings};
    cleanup_free char *text = NULL;
    size_t length = 0;
    int r = file_read(reader, path, &text, &length);

    if (r < 0)
        return r;
    input.file = settings_add_file(settings, path);
    if (input.file != NULL) {
        input.expected =
            scan_text(reader, input.file, text, length, input_section, &input);
        r = input.error;
        /* libini_config calls a file without any section unreadable. */
        if (r == 0 && input.sections)
            r = input_parse(&input, text, length);
    } else {
        r = -ENOMEM;
    }
    if (r < 0)
        reader_complain(reader, path, 0, "cannot be read: %s", strerror(-r));
    return r;
}

void
settings_done(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct section *section = &settings->sections[i];

        for (size_t k = 0; k < section->count; k++) {
            free(section->settings[k].key);
            free(section->settings[k].value);
        }
        free(section->settings);
        free(section->kind);
        free(section->name);
    }
    free(settings->sections);
    for (size_t i = 0; i < settings->file_count; i++)
        free(settings->files[i]);
    free(settings->files);
    *settings = (struct settings){0};
}
