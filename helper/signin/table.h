/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: rows and columns for people.
 *
 * A struct table starts as {.titles = ..., .columns = ...} and ends in
 * table_done().  Cells come one after another, a row after a row.  When memory
 * runs out it remembers so, as struct text does: callers look once, at failed.
 */
#ifndef SIGNIN_TABLE_H
#define SIGNIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct table {
    const char *const *titles; /* borrowed, one for each column */
    size_t columns;
    char **cells; /* count of them; NULL: no memory */
    size_t count, size;
    bool failed;
};

void table_done(struct table *table);

/* The next cell.  NULL and "" are "-". */
void table_add(struct table *table, const char *string);
void table_add_number(struct table *table, int64_t number);
/* As text_add_time(). */
void table_add_time(struct table *table, int64_t epoch_s);

/*
 * Append titles and rows to text, for a terminal: cells may hold anything.
 * A column is as wide as its widest cell, but for those that are longer than
 * any terminal: they push what follows in their row.  Sets text->failed if
 * anything is not there.
 */
void table_show(const struct table *table, struct text *text);

#define cleanup_table __attribute__((cleanup(table_done)))

#endif
