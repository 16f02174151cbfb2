/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

#include <stdarg.h>
#include <stdio.h>

static const struct setting *
with_value(const struct section *section, const char *key)
{
    const struct setting *setting;

    if (section == NULL)
        return NULL;
    setting = section_setting(section, key);
    return setting != NULL && setting->value[0] != '\0' ? setting : NULL;
}

const struct setting *
view_own(const struct view *view, const char *key)
{
    return with_value(view->own, key);
}

const struct setting *
view_setting(const struct view *view, const char *key)
{
    const struct setting *setting = view_own(view, key);

    if (setting == NULL)
        setting = with_value(view->preset, key);
    return setting != NULL ? setting : with_value(view->builtin, key);
}

bool
view_missing(const struct view *view, const char *key)
{
    return view_setting(view, key) == NULL && !view->reader->lines_lost;
}

void
view_complain(const struct view *view, const char *key, const char *format, ...)
{
    const struct setting *setting = view_setting(view, key), *chosen;
    char title[SECTION_TITLE_MAX];
    char words[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    /* What a preset says cannot be mended there: point to who chose it. */
    chosen = view_own(view, key) == NULL ? view_own(view, "preset") : NULL;
    if (setting != NULL && setting->file == NULL)
        reader_complain(view->reader, view->own->file, view->own->line,
                        "%s: %s: %s", section_title(view->own, title), key,
                        words);
    else if (setting == NULL)
        reader_complain(view->reader, view->own->file, view->own->line,
                        "%s: %s", section_title(view->own, title), words);
    else if (chosen != NULL)
        reader_complain(view->reader, chosen->file, chosen->line,
                        "preset %s: %s: %s", chosen->value, setting->key,
                        words);
    else
        reader_complain(view->reader, setting->file, setting->line, "%s: %s",
                        setting->key, words);
}

const char *
view_key_of(char buffer[VIEW_KEY_MAX], const char *request, const char *key)
{
    snprintf(buffer, VIEW_KEY_MAX, "%s.%s", request, key);
    return buffer;
}

const char *
view_key(char buffer[VIEW_KEY_MAX], enum request_kind kind, const char *key)
{
    return view_key_of(buffer, request_kind_name(kind), key);
}
