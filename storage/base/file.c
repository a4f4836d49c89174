#include "storage/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, const void *bytes, size_t length, const char *what,
          struct error *err)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = write(fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(err, what);
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

int
file_write_all(int fd, const void *bytes, size_t length, struct error *err)
{
    return write_all(fd, bytes, length, "write", err);
}

static int
read_all(char *out, int fd, size_t length, struct error *err)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n = read(fd, out + done, length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(err, "read");
        if (n == 0)
            return error_set(err, ERROR_INTERNAL, "the file became shorter");
        done += (size_t)n;
    }
    return 0;
}

int
file_read(char **out, size_t *out_length, struct arena *arena, const char *path,
          size_t limit_bytes, struct error *err)
{
    struct stat status;
    int result = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "%s: no such file", path);
    if (fd < 0)
        return error_set_system(err, path);
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        error_set(err, ERROR_BAD_REQUEST, "%s: not a regular file", path);
        goto done;
    }
    if ((uint64_t)status.st_size > limit_bytes) {
        error_set(err, ERROR_TOO_LARGE, "%s: over %zu bytes", path,
                  limit_bytes);
        goto done;
    }
    *out_length = (size_t)status.st_size;
    *out = arena_alloc(arena, *out_length + 1);
    result = read_all(*out, fd, *out_length, err);

done:
    close(fd);
    return result;
}

/* The folder that holds path, in the arena. */
static char *
folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return arena_text(arena, ".");
    if (slash == path)
        return arena_text(arena, "/");
    return arena_bytes(arena, path, (size_t)(slash - path));
}

static int
write_beside(char *beside, const void *bytes, size_t length, mode_t mode,
             struct error *err)
{
    int result = -1;
    int fd = mkostemp(beside, O_CLOEXEC);

    if (fd < 0)
        return error_set_system(err, beside);
    if (fchmod(fd, mode) < 0) {
        error_set_system(err, "chmod");
        goto done;
    }
    if (write_all(fd, bytes, length, beside, err) < 0)
        goto done;
    if (fsync(fd) < 0) {
        error_set_system(err, beside);
        goto done;
    }
    result = 0;

done:
    close(fd);
    if (result < 0)
        unlink(beside);
    return result;
}

int
file_write(const char *path, const void *bytes, size_t length, mode_t mode,
           struct error *err)
{
    struct arena *arena = arena_open();
    char *beside = arena_format(arena, "%s.XXXXXX", path);
    int result = -1;

    if (write_beside(beside, bytes, length, mode, err) < 0)
        goto done;
    if (rename(beside, path) < 0) {
        error_set_system(err, path);
        unlink(beside);
        goto done;
    }
    result = file_sync_folder(folder_of(arena, path), err);

done:
    arena_free(arena);
    return result;
}

int
file_make_folder(const char *path, mode_t mode, struct error *err)
{
    struct arena *arena = arena_open();
    char *copy = arena_text(arena, path);
    int result = 0;

    for (char *at = copy + 1; result == 0 && *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            result = error_set_system(err, copy);
        *at = '/';
    }
    if (result == 0 && mkdir(copy, mode) < 0 && errno != EEXIST)
        result = error_set_system(err, copy);
    arena_free(arena);
    return result;
}

int
file_sync_folder(const char *path, struct error *err)
{
    int result = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_set_system(err, path);
    if (fsync(fd) < 0)
        result = error_set_system(err, "fsync");
    close(fd);
    return result;
}

static int
remove_entry(const char *path, const struct stat *status, int type,
             struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

int
file_remove_tree(const char *path, struct error *err)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 &&
        errno != ENOENT)
        return error_set_system(err, path);
    return 0;
}
