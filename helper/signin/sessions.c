/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin sessions: every session of this host, for root.
 */
#include <string.h>
#include <unistd.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "signin/json.h"
#include "signin/table.h"
#include "wire/memory.h"

#define SHORT_ID_LENGTH 8

static int64_t
number_of(const struct message *session, enum wire_field field)
{
    uint64_t number = 0;

    message_number(session, field, &number);
    return (int64_t)number;
}

/* ---- for programs ---------------------------------------------------------
 */

static void
add_json(const struct message *session, void *context)
{
    static const struct {
        const char *key;
        enum wire_field field;
    } texts[] = {{"user", WIRE_USER},       {"provider", WIRE_PROVIDER},
                 {"service", WIRE_SERVICE}, {"rhost", WIRE_RHOST},
                 {"tty", WIRE_TTY},         {"state", WIRE_STATE}},
      times[] = {{"opened_at", WIRE_OPENED_AT},
                 {"expires_at", WIRE_EXPIRES_AT},
                 {"opener", WIRE_OPENER}};
    struct json *json = context;
    char id[SHORT_ID_LENGTH + 1] = {0};

    memcpy(id, message_text(session, WIRE_ID), SHORT_ID_LENGTH);
    json_open(json, '{');
    json_key(json, "session");
    json_string(json, id);
    json_key(json, "uid");
    json_number(json, number_of(session, WIRE_UID));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_key(json, texts[i].key);
        json_string(json, message_text(session, texts[i].field));
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        json_key(json, times[i].key);
        json_time(json, number_of(session, times[i].field));
    }
    json_close(json, '}');
}

/* ---- for people -----------------------------------------------------------
 */

static const char *const titles[] = {"SESSION", "USER", "UID",    "PROVIDER",
                                     "SERVICE", "FROM", "OPENED", "EXPIRES",
                                     "OPENER",  "STATE"};

static void
add_row(const struct message *session, void *context)
{
    struct table *table = context;
    const char *from = message_text(session, WIRE_RHOST);
    char id[SHORT_ID_LENGTH + 1] = {0};

    if (from == NULL || from[0] == '\0')
        from = message_text(session, WIRE_TTY);
    memcpy(id, message_text(session, WIRE_ID), SHORT_ID_LENGTH);
    table_add(table, id);
    table_add(table, message_text(session, WIRE_USER));
    table_add_number(table, number_of(session, WIRE_UID));
    table_add(table, message_text(session, WIRE_PROVIDER));
    table_add(table, message_text(session, WIRE_SERVICE));
    table_add(table, from);
    table_add_time(table, number_of(session, WIRE_OPENED_AT));
    table_add_time(table, number_of(session, WIRE_EXPIRES_AT));
    table_add_number(table, number_of(session, WIRE_OPENER));
    table_add(table, message_text(session, WIRE_STATE));
}

/* ---- the command ----------------------------------------------------------
 */

enum status
command_sessions(const struct arguments *arguments)
{
    cleanup_table struct table table = {
        .titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
    cleanup_text struct text text = {0};
    struct json json = {.out = &text};
    struct answer answer;

    if (geteuid() != 0) {
        text_complain("only root may list the sessions of this host; run "
                      "\"sudo signin sessions\", or \"signin status\" for "
                      "your own");
        return STATUS_NOT_PERMITTED;
    }
    if (arguments->json) {
        json_open(&json, '[');
        answer = daemon_sessions(add_json, &json);
        json_close(&json, ']');
        text_add(&text, "\n");
    } else {
        answer = daemon_sessions(add_row, &table);
        table_show(&table, &text);
    }
    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    return command_print(&text);
}
