/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin users, user, groups: the people of the directories, for root.
 */
#include <unistd.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "signin/json.h"
#include "signin/table.h"
#include "wire/memory.h"

/* What is shown of an ITEM: each a column and a member of a JSON object. */
struct column {
    const char *key;
    enum wire_field field;
    bool number;
};

#define COLUMNS_MAX 5

/* A list that signind answers with. */
struct listing {
    enum wire_type type;
    const char *const *titles;
    struct column columns[COLUMNS_MAX];
    size_t count;
};

static const char *const user_titles[] = {"USER", "UID", "STATE", "DIRECTORY",
                                          "ID"};
static const char *const group_titles[] = {"GROUP", "GID", "STATE", "DIRECTORY",
                                           "ID"};
static const char *const property_titles[] = {"PROPERTY", "VALUE", "FROM"};

static const struct listing users = {
    WIRE_USERS,
    user_titles,
    {{"user", WIRE_NAME, false},
     {"uid", WIRE_UID, true},
     {"state", WIRE_STATE, false},
     {"directory", WIRE_ORIGIN, false},
     {"id", WIRE_VALUE, false}},
    5,
};
static const struct listing groups = {
    WIRE_GROUPS,
    group_titles,
    {{"group", WIRE_NAME, false},
     {"gid", WIRE_GID, true},
     {"state", WIRE_STATE, false},
     {"directory", WIRE_ORIGIN, false},
     {"id", WIRE_VALUE, false}},
    5,
};
static const struct listing properties = {
    WIRE_SHOW_USER,
    property_titles,
    {{"property", WIRE_NAME, false},
     {"value", WIRE_VALUE, false},
     {"from", WIRE_ORIGIN, false}},
    3,
};

/* Where the items go. */
struct output {
    const struct listing *listing;
    struct json *json; /* NULL: the table */
    struct table *table;
};

static void
add_json(struct json *json, const struct column *column,
         const struct message *item)
{
    uint64_t number;

    json_key(json, column->key);
    if (!column->number)
        json_string(json, message_text(item, column->field));
    else if (message_number(item, column->field, &number))
        json_number(json, (int64_t)number);
    else
        json_string(json, NULL);
}

static void
add_cell(struct table *table, const struct column *column,
         const struct message *item)
{
    uint64_t number;

    if (!column->number)
        table_add(table, message_text(item, column->field));
    else if (message_number(item, column->field, &number))
        table_add_number(table, (int64_t)number);
    else
        table_add(table, NULL);
}

static void
add_item(const struct message *item, void *context)
{
    const struct output *output = context;
    const struct listing *listing = output->listing;

    if (output->json != NULL)
        json_open(output->json, '{');
    for (size_t i = 0; i < listing->count; i++)
        if (output->json != NULL)
            add_json(output->json, &listing->columns[i], item);
        else
            add_cell(output->table, &listing->columns[i], item);
    if (output->json != NULL)
        json_close(output->json, '}');
}

static bool
is_root(void)
{
    if (geteuid() == 0)
        return true;
    text_complain("only root may ask about the directories' people; run it "
                  "with sudo, or \"getent passwd NAME\" for what every program "
                  "is told");
    return false;
}

/* Nothing is printed unless all of it came. */
static enum status
show(const struct listing *listing, const char *user, bool as_json)
{
    cleanup_table struct table table = {.titles = listing->titles,
                                        .columns = listing->count};
    cleanup_text struct text text = {0};
    struct json json = {.out = &text};
    struct output output = {listing, as_json ? &json : NULL, &table};
    struct answer answer;

    if (as_json)
        json_open(&json, '[');
    answer = daemon_people(listing->type, user, add_item, &output);
    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    if (as_json) {
        json_close(&json, ']');
        text_add(&text, "\n");
    } else {
        table_show(&table, &text);
    }
    return command_print(&text);
}

/* ---- the commands ---------------------------------------------------------
 */

static enum status
forget(const char *name)
{
    cleanup_text struct text text = {0};
    struct answer answer = daemon_people(WIRE_FORGET, name, NULL, NULL);

    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    text_add_clean(&text, name);
    text_add(&text, " is forgotten on this host.  The id stays taken: it is "
                    "never given to anybody else.\n");
    return command_print(&text);
}

enum status
command_users(const struct arguments *arguments)
{
    struct answer answer;

    if (!is_root())
        return STATUS_NOT_PERMITTED;
    if (arguments->forget != NULL)
        return forget(arguments->forget);
    if (arguments->refresh) {
        answer = daemon_people(WIRE_REFRESH_USERS, NULL, NULL, NULL);
        if (answer.status != STATUS_OK)
            return daemon_complain(&answer);
    }
    return show(&users, NULL, arguments->json);
}

enum status
command_user(const struct arguments *arguments)
{
    if (!is_root())
        return STATUS_NOT_PERMITTED;
    return show(&properties, arguments->name, arguments->json);
}

enum status
command_groups(const struct arguments *arguments)
{
    if (!is_root())
        return STATUS_NOT_PERMITTED;
    return show(&groups, NULL, arguments->json);
}
