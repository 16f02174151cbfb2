/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wider cells (an ssh key) do not widen their column. */
#define WIDTH_MAX 48

void
table_done(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    table->count = table->size = 0;
}

/* Takes the cell over; NULL: there was no memory for it. */
static void
add_cell(struct table *table, char *cell)
{
    if (cell != NULL && table->count == table->size) {
        size_t size = table->size == 0 ? 256 : table->size * 2;
        char **cells = reallocarray(table->cells, size, sizeof(*table->cells));

        if (cells == NULL) {
            free(cell);
            cell = NULL;
        } else {
            table->cells = cells;
            table->size = size;
        }
    }
    if (cell == NULL)
        table->failed = true;
    else
        table->cells[table->count++] = cell;
}

void
table_add(struct table *table, const char *string)
{
    add_cell(table, strdup(string == NULL || string[0] == '\0' ? "-" : string));
}

void
table_add_number(struct table *table, int64_t number)
{
    char *cell;

    add_cell(table, asprintf(&cell, "%" PRId64, number) < 0 ? NULL : cell);
}

void
table_add_time(struct table *table, int64_t epoch_s)
{
    cleanup_text struct text text = {0};

    text_add_time(&text, epoch_s);
    add_cell(table, text.failed ? NULL : strndup(text.bytes, text.length));
}

/* ---- printing -------------------------------------------------------------
 */

static void
add_row(struct text *text, const char *const *cells, const size_t *widths,
        size_t columns)
{
    for (size_t column = 0; column + 1 < columns; column++) {
        text_add_column(text, cells[column], widths[column]);
        text_add(text, "  ");
    }
    text_add_clean(text, cells[columns - 1]);
    text_add(text, "\n");
}

static void
measure(const struct table *table, size_t *widths)
{
    for (size_t column = 0; column < table->columns; column++)
        widths[column] = strlen(table->titles[column]);
    for (size_t i = 0; i < table->count; i++) {
        size_t width = text_count(table->cells[i]);
        size_t *widest = &widths[i % table->columns];

        if (width > *widest && width <= WIDTH_MAX)
            *widest = width;
    }
}

void
table_show(const struct table *table, struct text *text)
{
    size_t *widths = calloc(table->columns, sizeof(*widths));

    /* Half a row: a cell is missing. */
    if (widths == NULL || table->failed || table->count % table->columns != 0) {
        text->failed = true;
    } else {
        measure(table, widths);
        add_row(text, table->titles, widths, table->columns);
        for (size_t i = 0; i < table->count; i += table->columns)
            add_row(text, (const char *const *)(table->cells + i), widths,
                    table->columns);
    }
    free(widths);
}
