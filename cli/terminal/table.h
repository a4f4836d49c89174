/*
 * table: rows of text in columns that are as wide as they need to be.
 *
 * Width counts what a terminal shows, so names in any script line up.  The
 * first row is the head.
 */
#ifndef CLI_TERMINAL_TABLE_H
#define CLI_TERMINAL_TABLE_H

#include <stddef.h>

#include "cli/terminal/terminal.h"
#include "storage/base/arena.h"

#define TABLE_COLUMNS_LIMIT 8

struct table;

/* head: the columns' names, ended by NULL.  Lives in the arena. */
struct table *table_open(struct arena *arena, const char *const *head);

/* As many texts as there are columns; NULL is an empty cell. */
void table_add(struct table *table, const char *const *cells);
size_t table_count(const struct table *table);

/* Nothing when there is no row. */
void table_print(const struct table *table, const struct terminal *terminal);

#endif
