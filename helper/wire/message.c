/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADER_LENGTH       4
#define FIELD_HEADER_LENGTH 4
#define NUMBER_LENGTH       8

static_assert(WIRE_MESSAGE_MAX <= UINT16_MAX, "offsets are 16 bits");
static_assert(WIRE_FIELDS <= 64, "a set of fields is 64 bits");

/* ---- what a field may hold ---------------------------------------------- */

enum field_kind {
    FIELD_NONE = 0, /* no such field */
    FIELD_TEXT,     /* limit: longest, in bytes */
    FIELD_ID,       /* text of exactly WIRE_ID_LENGTH of [0-9a-f] */
    FIELD_NUMBER    /* limit: greatest; least below */
};

struct field_rule {
    enum field_kind kind;
    uint64_t least, limit;
};

/* clang-format off */
#define TEXT(limit)          {FIELD_TEXT, 0, (limit)}
#define ID                   {FIELD_ID, 0, WIRE_ID_LENGTH}
#define NUMBER(least, limit) {FIELD_NUMBER, (least), (limit)}

/* (uid_t)-1 and (gid_t)-1 mean "none" to the kernel: never anybody's. */
#define HIGHEST_UID (UINT32_MAX - 1)

static const struct field_rule fields[WIRE_FIELDS] = {
    [WIRE_USER] =          TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_UID] =           NUMBER(0, HIGHEST_UID),
    [WIRE_PASSWORD] =      TEXT(WIRE_TEXT_MAX),
    [WIRE_SERVICE] =       TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_RHOST] =         TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_TTY] =           TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_PROVIDER] =      TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_ID] =            ID,
    [WIRE_TICKET] =        ID,
    [WIRE_SECRET] =        ID,
    [WIRE_SHARD] =         NUMBER(0, INT32_MAX),
    [WIRE_KEEP] =          NUMBER(0, INT32_MAX),
    [WIRE_RING] =          NUMBER(0, INT32_MAX),
    [WIRE_GID] =           NUMBER(0, HIGHEST_UID),
    [WIRE_START_TIME] =    NUMBER(0, UINT64_MAX),
    [WIRE_ON_NO_KEYRING] = NUMBER(WIRE_NO_KEYRING_DENY, WIRE_NO_KEYRING_ALLOW),
    [WIRE_MIN_VALID] =     NUMBER(0, INT64_MAX),
    [WIRE_FORCE] =         NUMBER(0, 1),
    [WIRE_RESULT] =        NUMBER(WIRE_RESULT_NONE + 1, WIRE_RESULTS - 1),
    [WIRE_MESSAGE] =       TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_EXPIRES_AT] =    NUMBER(0, INT64_MAX),
    [WIRE_OPENED_AT] =     NUMBER(0, INT64_MAX),
    [WIRE_OPENER] =        NUMBER(0, INT32_MAX),
    [WIRE_STATE] =         TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_RETRY_AFTER] =   NUMBER(0, INT64_MAX),
    [WIRE_NAME] =          TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_VALUE] =         TEXT(WIRE_TEXT_MAX),
    [WIRE_ORIGIN] =        TEXT(WIRE_SHORT_TEXT_MAX),
    [WIRE_PERSON] =        TEXT(WIRE_TEXT_MAX),
};

/* ---- which fields a type must and may carry ------------------------------ */

#define SET(field) (UINT64_C(1) << WIRE_##field)

struct type_rule {
    bool known;
    uint64_t must, may;
};

#define ATTEMPT_MUST (SET(USER) | SET(UID) | SET(PASSWORD) | SET(SERVICE))
#define ATTEMPT_MAY  (SET(RHOST) | SET(TTY) | SET(PROVIDER))

static const struct type_rule types[WIRE_TYPES] = {
    [WIRE_BEGIN] =        {true, 0, 0},
    [WIRE_PLACE] =        {true, SET(SHARD) | SET(GID) | SET(ID) |
                                 SET(ON_NO_KEYRING), 0},
    [WIRE_AUTHENTICATE] = {true, ATTEMPT_MUST, ATTEMPT_MAY | SET(KEEP)},
    [WIRE_VERIFY] =       {true, ATTEMPT_MUST, ATTEMPT_MAY},
    [WIRE_VERDICT] =      {true, SET(RESULT),
                           SET(TICKET) | SET(MESSAGE) | SET(RETRY_AFTER) |
                           SET(EXPIRES_AT) | SET(KEEP)},
    [WIRE_CLAIM] =        {true, SET(TICKET) | SET(USER) | SET(UID) |
                                 SET(START_TIME), SET(SERVICE)},
    [WIRE_CLAIMED] =      {true, SET(ID) | SET(KEEP) | SET(ON_NO_KEYRING), 0},
    [WIRE_PLACED] =       {true, SET(RING), 0},
    [WIRE_ABANDON] =      {true, SET(TICKET), 0},
    [WIRE_ACCOUNT] =      {true, SET(USER) | SET(UID) | SET(SERVICE),
                           SET(PROVIDER) | SET(RHOST)},
    [WIRE_CLOSE] =        {true, SET(ID), 0},
    [WIRE_RENEW] =        {true, SET(ID), 0},
    [WIRE_SESSIONS] =     {true, 0, 0},
    [WIRE_END_ALL] =      {true, 0, 0},
    [WIRE_SESSION] =      {true, SET(ID) | SET(USER) | SET(UID) |
                                 SET(PROVIDER) | SET(STATE),
                           SET(OPENED_AT) | SET(EXPIRES_AT) | SET(OPENER) |
                           SET(TTY) | SET(RHOST) | SET(SERVICE)},
    [WIRE_REFRESH] =      {true, SET(ID) | SET(SECRET),
                           SET(MIN_VALID) | SET(FORCE)},
    [WIRE_LOGOUT] =       {true, SET(ID) | SET(SECRET), 0},
    [WIRE_REUSE] =        {true, SET(USER) | SET(UID) | SET(SERVICE) |
                                 SET(ID) | SET(SECRET), SET(PROVIDER)},
    [WIRE_USERS] =        {true, 0, 0},
    [WIRE_GROUPS] =       {true, 0, 0},
    [WIRE_SHOW_USER] =    {true, SET(USER), 0},
    [WIRE_REFRESH_USERS] = {true, 0, 0},
    [WIRE_FORGET] =       {true, SET(USER), 0},
    [WIRE_KEYS] =         {true, SET(USER), 0},
    [WIRE_LOOKUP] =       {true, SET(USER), SET(SERVICE)},
    [WIRE_ITEM] =         {true, SET(NAME),
                           SET(VALUE) | SET(ORIGIN) | SET(UID) | SET(GID) |
                           SET(STATE)},
    [WIRE_ENTRY] =        {true, SET(PERSON), 0},
};
/* clang-format on */

static bool
type_known(enum wire_type type)
{
    return (unsigned)type < WIRE_TYPES && types[type].known;
}

static bool
type_carries(enum wire_type type, enum wire_field field)
{
    uint64_t set;

    if (!type_known(type) || field == WIRE_FIELD_NONE ||
        (unsigned)field >= WIRE_FIELDS)
        return false;
    set = types[type].must | types[type].may;
    return (set >> (unsigned)field & 1) != 0;
}

/* ---- values ---------------------------------------------------------------
 */

static bool
id_valid(const char *text, size_t length)
{
    if (length != WIRE_ID_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= '0' && text[i] <= '9') ||
              (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return true;
}

static bool
number_valid(enum wire_field field, uint64_t number)
{
    const struct field_rule *rule = &fields[field];

    return rule->kind == FIELD_NUMBER && number >= rule->least &&
           number <= rule->limit;
}

/* length without the NUL.  0, -EMSGSIZE or -EINVAL. */
static int
text_check(enum wire_field field, const char *text, size_t length)
{
    const struct field_rule *rule = &fields[field];

    if (rule->kind == FIELD_ID)
        return id_valid(text, length) ? 0 : -EINVAL;
    if (rule->kind != FIELD_TEXT)
        return -EINVAL;
    return length <= rule->limit ? 0 : -EMSGSIZE;
}

static void
store_u16(unsigned char *to, size_t value)
{
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)value;
}

static unsigned
load_u16(const unsigned char *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static uint64_t
load_u64(const unsigned char *from)
{
    uint64_t value = 0;

    for (size_t i = 0; i < NUMBER_LENGTH; i++)
        value = value << 8 | from[i];
    return value;
}

/* ---- building ------------------------------------------------------------ */

void
message_init(struct message *message, enum wire_type type)
{
    message->type = type;
    message->length = HEADER_LENGTH;
    memset(message->offset, 0, sizeof(message->offset));
    store_u16(message->data, WIRE_VERSION);
    store_u16(message->data + 2, type);
}

void
message_done(struct message *message)
{
    if (message != NULL)
        explicit_bzero(message, sizeof(*message));
}

static int
put_value(struct message *message, enum wire_field field, const void *value,
          size_t length)
{
    unsigned char *to;

    if (message->length < HEADER_LENGTH || message->length > WIRE_MESSAGE_MAX)
        return -EINVAL; /* never begun with message_init() */
    if (WIRE_MESSAGE_MAX - message->length < FIELD_HEADER_LENGTH + length)
        return -EMSGSIZE;
    to = message->data + message->length;
    store_u16(to, field);
    store_u16(to + 2, length);
    memcpy(to + FIELD_HEADER_LENGTH, value, length);
    message->offset[field] = (uint16_t)(message->length + FIELD_HEADER_LENGTH);
    message->length += FIELD_HEADER_LENGTH + length;
    return 0;
}

int
message_put_text(struct message *message, enum wire_field field,
                 const char *text)
{
    size_t length;
    int r;

    if (!type_carries(message->type, field) || message->offset[field] != 0)
        return -EINVAL;
    if (text == NULL)
        return fields[field].kind == FIELD_NUMBER ? -EINVAL : 0;
    length = strlen(text);
    r = text_check(field, text, length);
    if (r < 0)
        return r;
    return put_value(message, field, text, length + 1);
}

int
message_put_number(struct message *message, enum wire_field field,
                   uint64_t number)
{
    unsigned char value[NUMBER_LENGTH];

    if (!type_carries(message->type, field) || message->offset[field] != 0 ||
        !number_valid(field, number))
        return -EINVAL;
    for (unsigned i = 0; i < NUMBER_LENGTH; i++)
        value[i] = (unsigned char)(number >> (56 - 8 * i));
    return put_value(message, field, value, sizeof(value));
}

/* ---- reading --------------------------------------------------------------
 */

static bool
field_present(const struct message *message, enum wire_field field)
{
    return (unsigned)field < WIRE_FIELDS && message->offset[field] != 0;
}

const char *
message_text(const struct message *message, enum wire_field field)
{
    if (!field_present(message, field) || fields[field].kind == FIELD_NUMBER)
        return NULL;
    return (const char *)message->data + message->offset[field];
}

bool
message_number(const struct message *message, enum wire_field field,
               uint64_t *ret_number)
{
    if (!field_present(message, field) || fields[field].kind != FIELD_NUMBER)
        return false;
    *ret_number = load_u64(message->data + message->offset[field]);
    return true;
}

int
message_check(const struct message *message)
{
    uint64_t present = 0;

    if (!type_known(message->type))
        return -EPROTO;
    for (unsigned field = 1; field < WIRE_FIELDS; field++)
        if (message->offset[field] != 0)
            present |= UINT64_C(1) << field;
    if ((types[message->type].must & ~present) != 0)
        return -EPROTO;
    return 0;
}

/* Is value, of length bytes, what this field may hold on the wire? */
static bool
value_valid(enum wire_field field, const unsigned char *value, size_t length)
{
    if (fields[field].kind == FIELD_NUMBER)
        return length == NUMBER_LENGTH && number_valid(field, load_u64(value));
    /* The only NUL stands at the very end. */
    if (length == 0 || memchr(value, '\0', length) != value + length - 1)
        return false;
    return text_check(field, (const char *)value, length - 1) == 0;
}

/* Index the fields of message->data.  Everything after the header is hostile.
 */
static int
index_fields(struct message *message)
{
    size_t at = HEADER_LENGTH;

    while (at < message->length) {
        unsigned field, length;

        if (message->length - at < FIELD_HEADER_LENGTH)
            return -EPROTO;
        field = load_u16(message->data + at);
        length = load_u16(message->data + at + 2);
        at += FIELD_HEADER_LENGTH;
        if (message->length - at < length ||
            !type_carries(message->type, (enum wire_field)field) ||
            message->offset[field] != 0 ||
            !value_valid((enum wire_field)field, message->data + at, length))
            return -EPROTO;
        message->offset[field] = (uint16_t)at;
        at += length;
    }
    return 0;
}

int
message_decode(struct message *ret_message, const void *packet, size_t length)
{
    const unsigned char *bytes = packet;
    int r;

    if (length > WIRE_MESSAGE_MAX) {
        r = -EMSGSIZE;
    } else if (length < HEADER_LENGTH) {
        r = -EPROTO;
    } else if (load_u16(bytes) != WIRE_VERSION) {
        r = -EPROTONOSUPPORT;
    } else {
        /* packet may be ret_message->data itself: channel_receive(). */
        memmove(ret_message->data, bytes, length);
        memset(ret_message->offset, 0, sizeof(ret_message->offset));
        ret_message->length = length;
        ret_message->type = (enum wire_type)load_u16(ret_message->data + 2);
        r = type_known(ret_message->type) ? index_fields(ret_message) : -EPROTO;
        if (r == 0)
            r = message_check(ret_message);
    }
    if (r < 0)
        message_done(ret_message);
    return r;
}
