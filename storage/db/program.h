/*
 * program: PostgreSQL's own programs: where they are, and running one.
 *
 * A program runs as an account, in a session and with an environment of its
 * own, so that neither a terminal's signals nor the caller's settings reach
 * it.  Only storage/db includes this header.
 */
#ifndef STORAGE_DB_PROGRAM_H
#define STORAGE_DB_PROGRAM_H

#include <sys/types.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/* Who programs run as; ignored unless the caller is root. */
struct program_account {
    uid_t uid;
    gid_t gid;
};

/*
 * The folder with the programs of a version, or with version 0 the newest that
 * is at least oldest.  ERROR_NOT_FOUND says what to install.
 */
int program_find(const char **out_folder, struct arena *arena, int version,
                 int oldest, struct error *err);

/* Starts argv[0], a path, with its output to a descriptor. */
int program_start(pid_t *out, const char *const *argv,
                  const struct program_account *account, int output,
                  struct error *err);

/* Runs it to its end.  What it said last becomes the error's message. */
int program_run(const char *const *argv, const struct program_account *account,
                struct error *err);

/* ERROR_FORBIDDEN that names the first folder the account cannot enter. */
int program_check_path(const char *path, const struct program_account *account,
                       struct error *err);

#endif
