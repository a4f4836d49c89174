#include "cli/client/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/file.h"

#define LOCK_WAIT_MS 200
#define COPY_BYTES 1048576 /* 1 MiB */

static int
take_lock(struct place *place, const char *path,
          const struct place_question *question, struct error *err)
{
    bool has_said = false;

    place->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (place->lock < 0)
        return error_set_system(err, path);
    while (flock(place->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set_system(err, path);
        if (!has_said)
            terminal_note(question->terminal,
                          "waiting for another pull of %s\n", question->model);
        has_said = true;
        if (interrupt_sleep(question->terminal->interrupt, LOCK_WAIT_MS, err) <
            0)
            return -1;
    }
    return 0;
}

static int
open_cache(struct place *out, struct arena *arena,
           const struct place_question *question, struct error *err)
{
    out->store = arena_format(arena, "%s/blobs", out->hub.root);
    out->result = hub_snapshot_path(&out->hub, arena, question->commit);
    if (hub_make_model(&out->hub, err) < 0)
        return -1;
    return take_lock(out, out->hub.lock_path, question, err);
}

static int
open_folder(struct place *out, struct arena *arena,
            const struct place_question *question, struct error *err)
{
    out->folder = out->result = question->folder;
    out->store =
        arena_format(arena, "%s/.cache/huggingface/weigh", out->folder);
    if (file_make_folder(out->store, 0755, err) < 0)
        return -1;
    return take_lock(out, arena_format(arena, "%s/lock", out->store), question,
                     err);
}

int
place_open(struct place *out, const struct home *home, struct arena *arena,
           const struct place_question *question, struct error *err)
{
    int result;

    *out = (struct place){.lock = -1, .commit = question->commit};
    if (hub_find_model(&out->hub, home, arena, question->model, err) < 0)
        return -1;
    result = question->folder == NULL ? open_cache(out, arena, question, err)
                                      : open_folder(out, arena, question, err);
    if (result < 0)
        place_close(out);
    return result;
}

void
place_close(struct place *place)
{
    if (place->lock >= 0)
        close(place->lock);
    place->lock = -1;
}

const char *
place_store_path(const struct place *place, struct arena *arena,
                 const struct model_file *file)
{
    return arena_format(arena, "%s/%s", place->store, file->etag);
}

static int
open_regular(const char *path)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    struct stat status;

    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

int
place_open_file(const struct place *place, struct arena *arena,
                const struct model_file *file)
{
    int fd = open_regular(place_store_path(place, arena, file));

    if (fd < 0 && place->folder != NULL)
        fd = open_regular(
            arena_format(arena, "%s/%s", place->folder, file->path));
    return fd;
}

static int
copy_all(int to, int from, struct error *err)
{
    char *bytes = xcalloc(1, COPY_BYTES);
    int result = -1;
    ssize_t n;

    while ((n = read(from, bytes, COPY_BYTES)) > 0)
        if (file_write_all(to, bytes, (size_t)n, err) < 0)
            goto done;
    if (n < 0 || fdatasync(to) < 0) {
        error_set_system(err, "copy");
        goto done;
    }
    result = 0;

done:
    free(bytes);
    return result;
}

/* For bytes that the model holds under two names. */
static int
copy_file(const char *from_path, const char *to_path, struct error *err)
{
    int from = open_regular(from_path);
    int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int result = -1;

    if (from < 0 || to < 0)
        error_set_system(err, to_path);
    else
        result = copy_all(to, from, err);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result;
}

/* Whether a later file of the tree has the same bytes. */
static bool
is_needed_again(const struct model_tree *tree, size_t index)
{
    for (size_t i = index + 1; i < tree->count; i++)
        if (strcmp(tree->files[i].etag, tree->files[index].etag) == 0)
            return true;
    return false;
}

/* Moves one file from the store into the person's folder. */
static int
move_into_folder(const struct place *place, struct arena *arena,
                 const struct model_tree *tree, size_t index, struct error *err)
{
    const struct model_file *file = &tree->files[index];
    const char *stored = place_store_path(place, arena, file);
    const char *path = arena_format(arena, "%s/%s", place->folder, file->path);
    const char *slash = strrchr(path, '/');

    if (access(stored, F_OK) < 0) /* it lies in the folder already */
        return 0;
    if (file_make_folder(arena_bytes(arena, path, (size_t)(slash - path)), 0755,
                         err) < 0)
        return -1;
    if (is_needed_again(tree, index)) {
        const char *copy = arena_format(arena, "%s.copy", stored);

        if (copy_file(stored, copy, err) < 0)
            return -1;
        stored = copy;
    }
    if (rename(stored, path) < 0)
        return error_set_system(err, path);
    return 0;
}

int
place_finish(const struct place *place, struct arena *arena,
             const struct model_tree *tree, struct error *err)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct model_file *file = &tree->files[i];
        int result;

        if (place->folder != NULL)
            result = move_into_folder(place, arena, tree, i, err);
        else
            result = hub_link(&place->hub, place->commit, file->path,
                              file->etag, err);
        if (result < 0)
            return -1;
    }
    return file_sync_folder(place->result, err);
}
