/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <stdio.h>
#include <string.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
consists_of(const char *text, const char *set, size_t max)
{
    size_t length = strlen(text);

    return length >= 1 && length <= max && strspn(text, set) == length;
}

bool
name_is_token(const char *text)
{
    return consists_of(text, LOWER UPPER DIGITS "!#$%&'*+-.^_`|~", 128);
}

bool
name_is_section(const char *text)
{
    return consists_of(text, LOWER DIGITS "_.-", 64) && text[0] != '.' &&
           text[0] != '-';
}

bool
name_is_secret(const char *text)
{
    return consists_of(text, LOWER UPPER DIGITS "_.-", 64) && text[0] != '.' &&
           text[0] != '-';
}

bool
name_is_kept(const char *text)
{
    return consists_of(text, LOWER DIGITS "_.", 59);
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    if (b < a)
        a = b;
    return c < a ? c : a;
}

unsigned
name_distance(const char *one, const char *other, unsigned limit)
{
    unsigned row[129];
    size_t width = strlen(other), height = strlen(one);

    if (width >= 129 || height >= 129)
        return limit + 1;
    /* Each step mends one letter: lengths further apart are out of reach. */
    if (width > height + limit || height > width + limit)
        return limit + 1;
    for (size_t x = 0; x <= width; x++)
        row[x] = (unsigned)x;
    for (size_t y = 1; y <= height; y++) {
        unsigned corner = row[0];

        row[0] = (unsigned)y;
        for (size_t x = 1; x <= width; x++) {
            unsigned above = row[x];

            row[x] = least(above + 1, row[x - 1] + 1,
                           corner + (one[y - 1] != other[x - 1]));
            corner = above;
        }
    }
    return row[width] > limit ? limit + 1 : row[width];
}

void
nearest_begin(struct nearest *nearest, const char *wanted)
{
    *nearest =
        (struct nearest){.wanted = wanted, .distance = NEAREST_LIMIT + 1};
}

/* What follows the same number of dots in wanted as family has; or "". */
static const char *
rest_after_dots(const char *wanted, const char *family)
{
    for (; *family != '\0'; family++) {
        if (*family != '.')
            continue;
        wanted = strchr(wanted, '.');
        if (wanted == NULL)
            return "";
        wanted++;
    }
    return wanted;
}

void
nearest_offer(struct nearest *nearest, const char *prefix, const char *known)
{
    char name[sizeof(nearest->found)];
    const char *rest = "";
    unsigned distance;
    int length;

    length = snprintf(name, sizeof(name), "%s%s", prefix, known);
    if (length <= 0 || (size_t)length >= sizeof(name))
        return;
    if (name[length - 1] == '.') {
        rest = rest_after_dots(nearest->wanted, name);
        if (rest[0] == '\0')
            return;
        length = snprintf(name, sizeof(name), "%s%s%s", prefix, known, rest);
        if (length <= 0 || (size_t)length >= sizeof(name))
            return;
    }
    distance = name_distance(nearest->wanted, name, NEAREST_LIMIT);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        memcpy(nearest->found, name, (size_t)length + 1);
    }
}
