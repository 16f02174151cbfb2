/* SPDX-License-Identifier: BSD-2-Clause */
#include "people.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- names and numbers --------------------------------------------------- */

static bool
name_byte_valid(char byte, bool first)
{
    if ((byte >= 'a' && byte <= 'z') || byte == '_')
        return true;
    return !first && ((byte >= '0' && byte <= '9') || byte == '-');
}

bool
people_name_valid(const char *name)
{
    size_t length = 0;

    if (name == NULL)
        return false;
    for (; name[length] != '\0'; length++)
        if (length == PEOPLE_NAME_MAX ||
            !name_byte_valid(name[length], length == 0))
            return false;
    return length > 0;
}

bool
people_id_valid(uint32_t id)
{
    static const struct {
        uint32_t first, last;
    } reserved[] = {
        {0, PEOPLE_ID_FLOOR - 1},
        {61184, 65519},           /* systemd: DynamicUser= */
        {65534, 65535},           /* nobody, the 16-bit -1 */
        {2147352576, 2147418111}, /* systemd: foreign files */
        {UINT32_MAX - 1, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (id >= reserved[i].first && id <= reserved[i].last)
            return false;
    return true;
}

bool
people_login_service(const char *program)
{
    /* As the kernel cuts them off: 15 bytes. */
    static const char *const services[] = {
        "sshd",        "sshd-session", "sshd-auth",       "login",
        "sddm",        "sddm-helper",  "gdm-session-wor", "lightdm",
        "xrdp-sesman", "greetd",       "cockpit-session",
    };

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        if (strcmp(program, services[i]) == 0)
            return true;
    return false;
}

/*
 * A number in decimal: digits alone and no zero in front, so that each has one
 * spelling.
 */
static bool
number_parse(const char *text, uint32_t *ret_number)
{
    uint64_t number = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *ret_number = (uint32_t)number;
    return true;
}

/* ---- entries ------------------------------------------------------------- */

/* No control byte: an entry is printed, logged and written into files. */
static bool
bytes_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

/*
 * Cut text, NUL-terminated, into exactly count fields; the last one is all
 * that is left.
 */
static bool
cut_fields(char *text, char **ret_fields, size_t count)
{
    for (size_t i = 0; i < count - 1; i++) {
        ret_fields[i] = text;
        text = strchr(text, ':');
        if (text == NULL)
            return false;
        *text++ = '\0';
    }
    ret_fields[count - 1] = text;
    return true;
}

/* A gid that may be the primary one, as far as can be told here. */
static bool
primary_gid_valid(uint32_t gid)
{
    return people_id_valid(gid) || gid < PEOPLE_ID_FLOOR;
}

static bool
path_valid(const char *path)
{
    return path[0] == '/' && strchr(path, ':') == NULL;
}

int
people_user_parse(char *text, size_t length, struct people_user *ret_user)
{
    enum { NAME, UID, GID, GECOS, HOME, SHELL, FIELDS };
    char *fields[FIELDS];
    struct people_user user;

    if (length > PEOPLE_USER_MAX || !bytes_valid(text, length))
        return -EPROTO;
    text[length] = '\0';
    if (!cut_fields(text, fields, FIELDS) || !people_name_valid(fields[NAME]) ||
        !number_parse(fields[UID], &user.uid) || !people_id_valid(user.uid) ||
        !number_parse(fields[GID], &user.gid) || !primary_gid_valid(user.gid) ||
        !path_valid(fields[HOME]) || !path_valid(fields[SHELL]))
        return -EPROTO;
    user.name = fields[NAME];
    user.gecos = fields[GECOS];
    user.home = fields[HOME];
    user.shell = fields[SHELL];
    *ret_user = user;
    return 0;
}

int
people_user_format(const struct people_user *user, char *text)
{
    char line[PEOPLE_USER_MAX + 1];
    int length;

    if (!people_name_valid(user->name) || !people_id_valid(user->uid) ||
        !primary_gid_valid(user->gid) || user->gecos == NULL ||
        strchr(user->gecos, ':') != NULL || user->home == NULL ||
        !path_valid(user->home) || user->shell == NULL ||
        !path_valid(user->shell))
        return -EINVAL;
    length =
        snprintf(line, sizeof(line), "%s:%u:%u:%s:%s:%s", user->name, user->uid,
                 user->gid, user->gecos, user->home, user->shell);
    if (length < 0)
        return -EINVAL;
    if (length >= (int)sizeof(line))
        return -EMSGSIZE;
    if (!bytes_valid(line, (size_t)length))
        return -EINVAL;
    memcpy(text, line, (size_t)length + 1);
    return 0;
}

int
people_group_parse(char *text, size_t length, const char **ret_name,
                   uint32_t *ret_gid, char **ret_rest)
{
    enum { NAME, GID, MEMBERS, FIELDS };
    char *fields[FIELDS];
    uint32_t gid;

    if (length > PEOPLE_GROUP_MAX || !bytes_valid(text, length))
        return -EPROTO;
    text[length] = '\0';
    if (!cut_fields(text, fields, FIELDS) || !people_name_valid(fields[NAME]) ||
        !number_parse(fields[GID], &gid) || !people_id_valid(gid))
        return -EPROTO;
    *ret_name = fields[NAME];
    *ret_gid = gid;
    *ret_rest = fields[MEMBERS];
    return 0;
}

int
people_gids_parse(char *text, size_t length, const char **ret_name,
                  char **ret_rest)
{
    enum { NAME, GIDS, FIELDS };
    char *fields[FIELDS];

    if (length > PEOPLE_GROUP_MAX || !bytes_valid(text, length))
        return -EPROTO;
    text[length] = '\0';
    if (!cut_fields(text, fields, FIELDS) || !people_name_valid(fields[NAME]))
        return -EPROTO;
    *ret_name = fields[NAME];
    *ret_rest = fields[GIDS];
    return 0;
}

/*
 * Cut the next item off a list.  1, 0 at the end, -EPROTO for an empty item,
 * the one behind a comma at the very end included.
 */
static int
next_item(char **rest, char **ret_item)
{
    char *item = *rest, *comma;

    if (item[0] == '\0')
        return 0;
    comma = strchr(item, ',');
    if (comma == item || (comma != NULL && comma[1] == '\0'))
        return -EPROTO;
    if (comma == NULL) {
        *rest = item + strlen(item);
    } else {
        *comma = '\0';
        *rest = comma + 1;
    }
    *ret_item = item;
    return 1;
}

int
people_next_member(char **rest, const char **ret_name)
{
    char *item;
    int r = next_item(rest, &item);

    if (r <= 0)
        return r;
    if (!people_name_valid(item))
        return -EPROTO;
    *ret_name = item;
    return 1;
}

int
people_next_gid(char **rest, uint32_t *ret_gid)
{
    char *item;
    int r = next_item(rest, &item);

    if (r <= 0)
        return r;
    return number_parse(item, ret_gid) ? 1 : -EPROTO;
}

/* ---- SipHash-2-4 --------------------------------------------------------- */

static uint64_t
load_u64(const unsigned char *from, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static uint64_t
rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void
sip_rounds(uint64_t v[4], unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

uint64_t
people_hash(const unsigned char key[16], const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t k0 = load_u64(key, 8), k1 = load_u64(key + 8, 8);
    uint64_t v[4] = {
        UINT64_C(0x736f6d6570736575) ^ k0, UINT64_C(0x646f72616e646f6d) ^ k1,
        UINT64_C(0x6c7967656e657261) ^ k0, UINT64_C(0x7465646279746573) ^ k1};
    uint64_t last = (uint64_t)(length & 0xff) << 56;

    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word = load_u64(at, 8);

        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    last |= load_u64(at, length);
    v[3] ^= last;
    sip_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
