/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin sessions: every session of this host, for root.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "signin/json.h"
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

enum column {
    COLUMN_SESSION,
    COLUMN_USER,
    COLUMN_UID,
    COLUMN_PROVIDER,
    COLUMN_SERVICE,
    COLUMN_FROM,
    COLUMN_OPENED,
    COLUMN_EXPIRES,
    COLUMN_OPENER,
    COLUMN_STATE,
    COLUMNS
};

static const char *const titles[COLUMNS] = {
    "SESSION", "USER",   "UID",     "PROVIDER", "SERVICE",
    "FROM",    "OPENED", "EXPIRES", "OPENER",   "STATE"};

struct row {
    char *cells[COLUMNS]; /* NULL: empty, or no memory */
};

struct table {
    struct row *rows;
    size_t count, size;
    bool failed; /* out of memory */
};

static void
table_done(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        for (unsigned column = 0; column < COLUMNS; column++)
            free(table->rows[i].cells[column]);
    free(table->rows);
}
#define cleanup_table __attribute__((cleanup(table_done)))

static struct row *
new_row(struct table *table)
{
    if (table->count == table->size) {
        size_t size = table->size == 0 ? 64 : table->size * 2;
        struct row *rows =
            reallocarray(table->rows, size, sizeof(*table->rows));

        if (rows == NULL)
            return NULL;
        table->rows = rows;
        table->size = size;
    }
    table->rows[table->count] = (struct row){0};
    return &table->rows[table->count++];
}

static char *
time_cell(int64_t epoch_s)
{
    cleanup_text struct text text = {0};

    text_add_time(&text, epoch_s);
    return text.failed ? NULL : strndup(text.bytes, text.length);
}

static char *
number_cell(int64_t number)
{
    char *cell;

    return asprintf(&cell, "%" PRId64, number) < 0 ? NULL : cell;
}

static char *
text_cell(const char *text)
{
    return strdup(text == NULL || text[0] == '\0' ? "-" : text);
}

static void
add_row(const struct message *session, void *context)
{
    struct table *table = context;
    struct row *row = new_row(table);
    const char *from = message_text(session, WIRE_RHOST);

    if (row == NULL) {
        table->failed = true;
        return;
    }
    if (from == NULL || from[0] == '\0')
        from = message_text(session, WIRE_TTY);
    row->cells[COLUMN_SESSION] =
        strndup(message_text(session, WIRE_ID), SHORT_ID_LENGTH);
    row->cells[COLUMN_USER] = text_cell(message_text(session, WIRE_USER));
    row->cells[COLUMN_UID] = number_cell(number_of(session, WIRE_UID));
    row->cells[COLUMN_PROVIDER] =
        text_cell(message_text(session, WIRE_PROVIDER));
    row->cells[COLUMN_SERVICE] = text_cell(message_text(session, WIRE_SERVICE));
    row->cells[COLUMN_FROM] = text_cell(from);
    row->cells[COLUMN_OPENED] = time_cell(number_of(session, WIRE_OPENED_AT));
    row->cells[COLUMN_EXPIRES] = time_cell(number_of(session, WIRE_EXPIRES_AT));
    row->cells[COLUMN_OPENER] = number_cell(number_of(session, WIRE_OPENER));
    row->cells[COLUMN_STATE] = text_cell(message_text(session, WIRE_STATE));
    for (unsigned column = 0; column < COLUMNS; column++)
        if (row->cells[column] == NULL)
            table->failed = true;
}

static void
add_cells(struct text *text, const char *const *cells,
          const size_t widths[COLUMNS])
{
    for (unsigned column = 0; column < COLUMNS; column++) {
        if (column + 1 < COLUMNS) {
            text_add_column(text, cells[column], widths[column]);
            text_add(text, "  ");
        } else {
            text_add_clean(text, cells[column]);
        }
    }
    text_add(text, "\n");
}

static void
show_table(struct text *text, const struct table *table)
{
    size_t widths[COLUMNS];

    for (unsigned column = 0; column < COLUMNS; column++) {
        widths[column] = strlen(titles[column]);
        for (size_t i = 0; i < table->count; i++) {
            size_t width = text_count(table->rows[i].cells[column]);

            if (width > widths[column])
                widths[column] = width;
        }
    }
    add_cells(text, titles, widths);
    for (size_t i = 0; i < table->count; i++)
        add_cells(text, (const char *const *)table->rows[i].cells, widths);
}

/* ---- the command ----------------------------------------------------------
 */

enum status
command_sessions(const struct arguments *arguments)
{
    cleanup_table struct table table = {0};
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
        if (!table.failed)
            show_table(&text, &table);
    }
    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    text.failed |= table.failed;
    return command_print(&text);
}
