/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PRESETDIR/NAME.conf: what a [provider] ([preset] there) or a [directory]
 * ([directory] there) of that kind is over.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

static void
complain_not(void *context, const char *file, unsigned line,
             const char *message)
{
    (void)context;
    (void)file;
    (void)line;
    (void)message;
}

static void
preset_path(const struct reader *reader, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s.conf", reader->paths->presets, name);
}

/* Has this preset something for sections of that kind?  Silently. */
static bool
preset_has(const struct reader *reader, const char *name, const char *kind)
{
    struct reader silent = {.paths = reader->paths, .complain = complain_not};
    struct settings settings = {0};
    char path[PATH_MAX];
    bool has;

    preset_path(reader, name, path);
    settings_read(&silent, &settings, path);
    has = settings_section(&settings, kind, NULL) != NULL;
    settings_done(&settings);
    return has;
}

/* The names of all presets for sections of that kind, for a message. */
static void
list_presets(const struct reader *reader, const char *kind, char *text,
             size_t size)
{
    struct dirent **entries = NULL;
    int count = scandir(reader->paths->presets, &entries, NULL, alphasort);
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        size_t length = strlen(name);
        int added = 0;

        if (length > 5 && strcmp(name + length - 5, ".conf") == 0) {
            name[length - 5] = '\0';
            if (name_is_section(name) && preset_has(reader, name, kind))
                added = snprintf(text + used, size - used, " %s", name);
        }
        if (added > 0 && (size_t)added < size - used)
            used += (size_t)added;
        else
            text[used] = '\0';
        free(entries[i]);
    }
    free(entries);
}

static void
complain_absent(struct view *view, const struct setting *setting,
                const char *kind)
{
    char names[512];

    list_presets(view->reader, kind, names, sizeof(names));
    reader_complain(view->reader, setting->file, setting->line,
                    "preset: there is no preset of that name for a [%s]; "
                    "there are:%s",
                    view->own->kind, names);
    /* What it would have said is not missing. */
    view->reader->lines_lost = true;
}

static void
check_sections(struct reader *reader, const struct settings *settings)
{
    char title[SECTION_TITLE_MAX];

    for (size_t i = 0; i < settings->count; i++) {
        const struct section *section = &settings->sections[i];

        if ((strcmp(section->kind, "preset") != 0 &&
             strcmp(section->kind, "directory") != 0) ||
            section->name != NULL)
            reader_complain(reader, section->file, section->line,
                            "a preset has a section [preset], a section "
                            "[directory], or both, and no %s",
                            section_title(section, title));
        else if (section_setting(section, "preset") != NULL)
            reader_complain(reader, section->file, 0,
                            "a preset names no preset");
    }
}

int
preset_read(struct view *view, const char *kind, struct settings *settings,
            char **ret_name)
{
    const struct setting *setting = section_setting(view->own, "preset");
    char path[PATH_MAX];
    char *name;
    int r = -ENOENT;

    if (setting == NULL || setting->value[0] == '\0')
        return 0;
    if (name_is_section(setting->value)) {
        preset_path(view->reader, setting->value, path);
        r = settings_read(view->reader, settings, path);
    }
    if (r == -ENOMEM)
        return r;
    check_sections(view->reader, settings);
    view->preset = settings_section(settings, kind, NULL);
    if (r == -ENOENT || (r == 0 && view->preset == NULL))
        complain_absent(view, setting, kind);
    name = strdup(setting->value);
    if (name == NULL)
        return -ENOMEM;
    *ret_name = name;
    return 0;
}
