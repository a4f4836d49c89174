#include "cli/home/verified.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"

#define RECORD_LIMIT 512
#define READ_BYTES 1048576 /* 1 MiB */

static const char *
path_of(const struct home *home, struct arena *arena, const struct stat *status)
{
    return arena_format(arena, "%s/verified/%jx-%jx", home->cache,
                        (uintmax_t)status->st_dev, (uintmax_t)status->st_ino);
}

/* Everything about the file that a change of it would change. */
static const char *
describe(struct arena *arena, const struct stat *status)
{
    return arena_format(
        arena, "%jd %jd.%09ld %jd.%09ld", (intmax_t)status->st_size,
        (intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
        (intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
}

bool
verified_find(struct digest *out, const struct home *home, int fd)
{
    struct arena *arena = arena_open();
    struct stat status;
    struct error err;
    bool found = false;
    char *record;
    size_t length;

    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        file_read(&record, &length, arena, path_of(home, arena, &status),
                  RECORD_LIMIT, &err) == 0 &&
        length > DIGEST_TEXT_SIZE &&
        strcmp(record + DIGEST_TEXT_SIZE, describe(arena, &status)) == 0) {
        record[DIGEST_TEXT_SIZE - 1] = '\0';
        found = digest_parse(out, record);
    }
    arena_free(arena);
    return found;
}

void
verified_add(const struct home *home, int fd, const struct digest *digest)
{
    struct arena *arena = arena_open();
    char text[DIGEST_TEXT_SIZE];
    struct stat status;
    struct error err;
    const char *record;

    if (fstat(fd, &status) < 0 ||
        clock_now_ms() - (int64_t)status.st_ctim.tv_sec * 1000 -
                status.st_ctim.tv_nsec / 1000000 <
            VERIFIED_SETTLE_MS)
        goto done;
    digest_write(text, digest);
    record = arena_format(arena, "%s %s", text, describe(arena, &status));
    if (file_make_folder(arena_format(arena, "%s/verified", home->cache), 0700,
                         &err) == 0)
        (void)file_write(path_of(home, arena, &status), record, strlen(record),
                         0600, &err);

done:
    arena_free(arena);
}

static bool
is_same_content(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A person may end it. */
static int
hash_file(struct digest *out, const struct verified_reader *reader,
          const char *name, int fd, struct error *err)
{
    struct digest_stream *stream = digest_stream_open();
    char *bytes = xcalloc(1, READ_BYTES);
    off_t at = 0;
    int result = -1;
    ssize_t n;

    while ((n = pread(fd, bytes, READ_BYTES, at)) > 0) {
        digest_stream_add(stream, bytes, (size_t)n);
        at += n;
        if (reader->is_stopped != NULL && reader->is_stopped(reader->state)) {
            error_set(err, ERROR_INTERRUPTED, NULL);
            goto done;
        }
    }
    if (n < 0) {
        error_set_system(err, name);
        goto done;
    }
    digest_stream_read(out, stream);
    result = 0;

done:
    digest_stream_free(stream);
    free(bytes);
    return result;
}

int
verified_digest(struct digest *out, void *state, const char *name, int fd,
                struct error *err)
{
    const struct verified_reader *reader = state;
    struct stat before;
    struct stat after;

    if (verified_find(out, reader->home, fd))
        return 0;
    if (fstat(fd, &before) < 0)
        return error_set_system(err, name);
    if (hash_file(out, reader, name, fd, err) < 0)
        return -1;
    if (fstat(fd, &after) == 0 && is_same_content(&before, &after))
        verified_add(reader->home, fd, out);
    return 0;
}
