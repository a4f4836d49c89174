/*
 * embed: files that are built into the program.
 *
 * deploy/cmake/embed.cmake writes one table of these a target and kind (SQL
 * statements, migrations, pages); the last entry has no name.  The bytes are
 * followed by a NUL that length does not count.
 */
#ifndef STORAGE_BASE_EMBED_H
#define STORAGE_BASE_EMBED_H

#include <stddef.h>

struct embed_file {
    const char *stem; /* "0001_account.up", "token_find" */
    const char *name; /* "token_find.sql" */
    const char *bytes;
    size_t length;
};

#endif
