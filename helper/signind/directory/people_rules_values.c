/* SPDX-License-Identifier: BSD-2-Clause */
#include "people_rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"
#include "wire/memory.h"
#include "wire/people.h"

#define DEFAULT_SHELL "/bin/sh"

/* ---- text ---------------------------------------------------------------- */

/* How many bytes a UTF-8 character has that begins here; 0: none does.  U+0080
 * to U+009F are controls to a terminal, and no characters to us. */
static size_t
character_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = byte[0] < 0x80                      ? 1
                    : byte[0] >= 0xc2 && byte[0] < 0xe0 ? 2
                    : byte[0] >= 0xe0 && byte[0] < 0xf0 ? 3
                    : byte[0] >= 0xf0 && byte[0] < 0xf5 ? 4
                                                        : 0;

    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    if ((byte[0] == 0xc2 && byte[1] < 0xa0) ||
        (byte[0] == 0xe0 && byte[1] < 0xa0) ||
        (byte[0] == 0xed && byte[1] >= 0xa0) ||
        (byte[0] == 0xf0 && byte[1] < 0x90) ||
        (byte[0] == 0xf4 && byte[1] >= 0x90))
        return 0;
    return length;
}

/* A copy without control characters, what is not UTF-8, and colons; at most
 * PERSON_VALUE_MAX bytes, no character cut in two. */
static char *
gecos_clean(const char *text)
{
    char *clean = malloc(PERSON_VALUE_MAX + 1);
    size_t used = 0;

    if (clean == NULL)
        return NULL;
    while (text != NULL && *text != '\0') {
        size_t length = character_length(text);

        if (length > 1 || (length == 1 && (unsigned char)*text >= 0x20 &&
                           *text != 0x7f && *text != ':')) {
            if (used + length > PERSON_VALUE_MAX)
                break;
            memcpy(clean + used, text, length);
            used += length;
        }
        text += length == 0 ? 1 : length;
    }
    clean[used] = '\0';
    return clean;
}

const char *
people_path_mistake(const char *path)
{
    size_t length = strlen(path);

    if (path[0] != '/')
        return "is not absolute";
    if (length > PERSON_VALUE_MAX)
        return "is too long";
    for (const char *at = path; *at != '\0';) {
        size_t character = character_length(at);

        if (character == 0 || (unsigned char)*at < 0x20 || *at == 0x7f ||
            *at == ':')
            return "has a character that cannot stand in passwd(5)";
        at += character;
    }
    if (length > 1 && path[length - 1] == '/')
        return "ends with a slash";
    for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
        size_t part = strcspn(++at, "/");

        if ((part == 0 && length > 1) || (part == 1 && at[0] == '.') ||
            (part == 2 && at[0] == '.' && at[1] == '.'))
            return "is not a clean path";
    }
    return NULL;
}

/* ---- origins: lines PROPERTY TAB VALUE TAB ORIGIN -------------------------
 */

/* Printable, whatever it was: these lines are shown on a terminal. */
static void
origin_put_text(FILE *origins, const char *text)
{
    while (*text != '\0') {
        size_t length = character_length(text);

        if (length == 0 || (unsigned char)*text < 0x20 || *text == 0x7f) {
            fputc('?', origins);
            text++;
        } else {
            fwrite(text, 1, length, origins);
            text += length;
        }
    }
}

static void
origin_put(FILE *origins, const char *property, const char *value,
           const char *origin, const char *refused, const char *why)
{
    fprintf(origins, "%s\t", property);
    origin_put_text(origins, value);
    fprintf(origins, "\t%s", origin);
    if (refused != NULL) {
        fputs(" (the directory's ", origins);
        origin_put_text(origins, refused);
        fprintf(origins, " %s)", why);
    }
    fputc('\n', origins);
}

static void
origin_put_id(FILE *origins, const char *property, uint32_t id,
              const char *origin)
{
    char value[16];

    snprintf(value, sizeof(value), "%u", id);
    origin_put(origins, property, value, origin, NULL, NULL);
}

/* ---- home ---------------------------------------------------------------- */

static int
home_from_template(const struct taking *taking, const char *name,
                   char **ret_home)
{
    const struct template *home = taking->config->accounts.home;
    struct template_values values = {.value = {[NAME_USER] = name}};
    const char *mistake;
    int status;

    if (home == NULL)
        return asprintf(ret_home, "/home/%s", name) < 0 ? -ENOMEM : 0;
    status = template_bind(home, &values, ret_home);
    if (status < 0)
        return status == -ENOMEM ? status : -EINVAL;
    mistake = people_path_mistake(*ret_home);
    if (mistake != NULL) {
        log_error("[accounts] home: %s %s", *ret_home, mistake);
        free(*ret_home);
        *ret_home = NULL;
        return -EINVAL;
    }
    return 0;
}

static int
fill_home(const struct taking *taking, const struct person *person,
          FILE *origins, struct user_record *user)
{
    const char *why =
        person->home == NULL ? NULL : people_path_mistake(person->home);
    int status;

    if (person->home != NULL && why == NULL) {
        user->home = strdup(person->home);
        if (user->home == NULL)
            return -ENOMEM;
        origin_put(origins, "home", user->home, "the directory", NULL, NULL);
        return 0;
    }
    status = home_from_template(taking, person->name, &user->home);
    if (status == 0)
        origin_put(origins, "home", user->home, "[accounts] home",
                   why == NULL ? NULL : person->home, why);
    return status;
}

/* ---- shell --------------------------------------------------------------- */

/* A shell that lets nobody in is taken though /etc/shells has no such line:
 * to put another in its place would open what the directory closed. */
static bool
shell_refuses(const char *path)
{
    static const char *const shells[] = {"/usr/sbin/nologin", "/sbin/nologin",
                                         "/bin/false", "/usr/bin/false"};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(path, shells[i]) == 0)
            return true;
    return false;
}

static const char *
shell_mistake(struct local_files *files, const char *path)
{
    const char *mistake = people_path_mistake(path);

    if (mistake != NULL || shell_refuses(path) ||
        local_files_has_shell(files, path))
        return mistake;
    return "is not in /etc/shells";
}

static int
fill_shell(const struct taking *taking, const struct person *person,
           FILE *origins, struct user_record *user)
{
    const char *fallback = taking->config->accounts.shell;
    const char *why = person->shell == NULL
                          ? NULL
                          : shell_mistake(taking->files, person->shell);

    if (person->shell != NULL && why == NULL) {
        user->shell = strdup(person->shell);
        if (user->shell != NULL)
            origin_put(origins, "shell", user->shell, "the directory", NULL,
                       NULL);
        return user->shell == NULL ? -ENOMEM : 0;
    }
    if (fallback == NULL || people_path_mistake(fallback) != NULL)
        fallback = DEFAULT_SHELL;
    /* The administrator's word counts, once it has been questioned. */
    if (shell_mistake(taking->files, fallback) != NULL &&
        local_files_complain_once(taking->files, fallback))
        log_warning("[accounts] shell = %s is not in /etc/shells: some "
                    "programs refuse such users; add it there",
                    fallback);
    user->shell = strdup(fallback);
    if (user->shell == NULL)
        return -ENOMEM;
    origin_put(origins, "shell", user->shell, "[accounts] shell",
               why == NULL ? NULL : person->shell, why);
    return 0;
}

/* ---- all ----------------------------------------------------------------- */

static int
fill_keys(const struct person *person, FILE *origins, struct user_record *user)
{
    FILE *keys;
    size_t length = 0;
    char count[24];

    if (person->ssh_key_count == 0)
        return 0;
    keys = open_memstream(&user->ssh_keys, &length);
    if (keys == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < person->ssh_key_count; i++)
        /* A line is a key: nobody smuggles in another. */
        if (strpbrk(person->ssh_keys[i], "\r\n") == NULL)
            fprintf(keys, "%s\n", person->ssh_keys[i]);
    if (fclose(keys) != 0)
        return -ENOMEM;
    snprintf(count, sizeof(count), "%zu", person->ssh_key_count);
    origin_put(origins, "ssh keys", count, "the directory", NULL, NULL);
    return 0;
}

int
people_fill_values(const struct taking *taking, const struct person *person,
                   const char *id_origin, struct user_record *user)
{
    size_t length = 0;
    FILE *origins = open_memstream(&user->origins, &length);
    int status;

    if (origins == NULL)
        return -ENOMEM;
    user->name = strdup(person->name);
    user->gecos = gecos_clean(person->gecos);
    status = user->name == NULL || user->gecos == NULL ? -ENOMEM : 0;
    if (status == 0) {
        origin_put(origins, "name", user->name, "the directory", NULL, NULL);
        origin_put_id(origins, "uid", user->uid, id_origin);
        origin_put_id(origins, "gid", user->gid, "the user's private group");
        if (user->gecos[0] != '\0')
            origin_put(origins, "gecos", user->gecos, "the directory", NULL,
                       NULL);
        status = fill_home(taking, person, origins, user);
    }
    if (status == 0)
        status = fill_shell(taking, person, origins, user);
    if (status == 0)
        status = fill_keys(person, origins, user);
    if (fclose(origins) != 0 && status == 0)
        status = -ENOMEM;
    return status;
}
