/*
 * file: whole files, written so that a reader sees all of one or none of it.
 *
 * Writing goes beside the final name, is synced, renamed, and the folder is
 * synced; a failure or a kill leaves the old file.  Paths come from the
 * program or its configuration, never from a network.
 */
#ifndef STORAGE_BASE_FILE_H
#define STORAGE_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/*
 * Reads a file of at most limit_bytes into the arena, followed by a NUL.
 * ERROR_NOT_FOUND when there is none, ERROR_TOO_LARGE over the limit.
 */
int file_read(char **out, size_t *out_length, struct arena *arena,
              const char *path, size_t limit_bytes, struct error *err);

/* Replaces the file at path; mode holds whatever the umask is. */
int file_write(const char *path, const void *bytes, size_t length, mode_t mode,
               struct error *err);

/* Writes all of it, over EINTR and short writes. */
int file_write_all(int fd, const void *bytes, size_t length, struct error *err);

/* Makes the folder and those above it; one that is there keeps its mode. */
int file_make_folder(const char *path, mode_t mode, struct error *err);

/* Makes renames and new names in the folder durable. */
int file_sync_folder(const char *path, struct error *err);

/* Removes a file or a folder with all that is in it; follows no link. */
int file_remove_tree(const char *path, struct error *err);

#endif
