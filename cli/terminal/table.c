#include "cli/terminal/table.h"

#include <assert.h>
#include <string.h>

#define GAP 2

struct row {
    const char *cells[TABLE_COLUMNS_LIMIT];
    struct row *next;
};

struct table {
    struct arena *arena;
    size_t columns;
    size_t count;
    size_t widths[TABLE_COLUMNS_LIMIT];
    struct row *first;
    struct row **end;
};

static void
add_row(struct table *table, const char *const *cells)
{
    struct row *row = arena_alloc(table->arena, sizeof(*row));

    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = cells[i] == NULL ? "" : cells[i];
        size_t width;

        row->cells[i] = terminal_clean(table->arena, cell, strlen(cell));
        width = terminal_width(row->cells[i]);
        if (width > table->widths[i])
            table->widths[i] = width;
    }
    *table->end = row;
    table->end = &row->next;
}

struct table *
table_open(struct arena *arena, const char *const *head)
{
    struct table *table = arena_alloc(arena, sizeof(*table));

    table->arena = arena;
    table->end = &table->first;
    while (head[table->columns] != NULL)
        table->columns++;
    assert(table->columns <= TABLE_COLUMNS_LIMIT);
    add_row(table, head);
    return table;
}

void
table_add(struct table *table, const char *const *cells)
{
    add_row(table, cells);
    table->count++;
}

size_t
table_count(const struct table *table)
{
    return table->count;
}

static void
print_row(const struct table *table, const struct row *row,
          const struct terminal *terminal)
{
    for (size_t i = 0; i < table->columns; i++) {
        size_t width = terminal_width(row->cells[i]);
        size_t pad =
            i + 1 == table->columns ? 0 : table->widths[i] - width + GAP;

        terminal_print(terminal, "%s%*s", row->cells[i], (int)pad, "");
    }
    terminal_print(terminal, "\n");
}

void
table_print(const struct table *table, const struct terminal *terminal)
{
    if (table->count == 0)
        return;
    for (const struct row *row = table->first; row != NULL; row = row->next)
        print_row(table, row, terminal);
}
