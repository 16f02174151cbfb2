/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCIM 2.0 (RFC 7643, RFC 7644), in the words of a preset.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directories.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *key, *value;
} scim[] = {
    /* RFC 7644, 3.4.2.2.  The value is escaped for the filter's string before
     * it is percent-encoded. */
    {"user_by_name.url",
     "{{base_url}}/Users?filter=userName%20eq%20%22{{login}}%22"},
    {"user_by_name.answer", "/Resources"},
    /* RFC 7644, 3.4.2.4. */
    {"users.url", "{{base_url}}/Users"},
    {"users.answer", "/Resources"},
    {"users.page", "offset"},
    {"users.page_parameter", "startIndex"},
    {"users.page_size_parameter", "count"},
    {"users.page_first", "1"},
    {"groups.url", "{{base_url}}/Groups"},
    {"groups.answer", "/Resources"},
    {"groups.page", "offset"},
    {"groups.page_parameter", "startIndex"},
    {"groups.page_size_parameter", "count"},
    {"groups.page_first", "1"},
    {"header.Accept", "application/scim+json, application/json"},
    /* RFC 7643, 4.1 and 4.2. */
    {"attribute.name", "/userName"},
    {"attribute.subject", "/id"},
    {"attribute.gecos", "/displayName"},
    {"attribute.enabled", "/active"},
    {"group.name", "/displayName"},
    {"group.id", "/id"},
    {"group.members", "/members"},
    {"group.member", "/value"},
};

int
directory_builtin_scim(struct settings *settings)
{
    struct section *section = calloc(1, sizeof(*section));

    if (section == NULL)
        return -ENOMEM;
    settings->sections = section;
    settings->count = 1;
    section->kind = strdup("directory");
    section->settings = calloc(COUNT(scim), sizeof(*section->settings));
    if (section->kind == NULL || section->settings == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < COUNT(scim); i++) {
        struct setting *setting = &section->settings[section->count++];

        setting->key = strdup(scim[i].key);
        setting->value = strdup(scim[i].value);
        if (setting->key == NULL || setting->value == NULL)
            return -ENOMEM;
    }
    return 0;
}
