/* migrate: brings the schema to a level and says nothing when it is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/command/command.h"
#include "registry/command/database.h"
#include "storage/db/migrate.h"

static const char usage[] = "usage: weighd migrate [--to N]";

/* Reads "--to N"; MIGRATE_NEWEST without it. */
static int
read_level(int *out, int argc, char **argv, struct error *err)
{
    char *end;
    long level;

    *out = MIGRATE_NEWEST;
    if (argc == 1)
        return 0;
    if (argc != 3 || strcmp(argv[1], "--to") != 0)
        return error_set(err, ERROR_USAGE, "%s", usage);
    errno = 0;
    level = strtol(argv[2], &end, 10);
    if (*end != '\0' || *argv[2] == '\0' || errno != 0 || level < 0 ||
        level > 9999)
        return error_set(err, ERROR_USAGE, "--to %s: not a level", argv[2]);
    *out = (int)level;
    return 0;
}

int
migrate_run(const struct config *config, int argc, char **argv,
            struct error *err)
{
    const struct log log = {STDERR_FILENO};
    struct database *database = NULL;
    int level;
    int result;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts(usage);
        return 0;
    }
    if (read_level(&level, argc, argv, err) < 0)
        return -1;
    if (database_borrow(&database, config, &log, err) < 0)
        return -1;
    result = migrate_to(database_conninfo(database), level, err);
    database_close(database);
    return result;
}
