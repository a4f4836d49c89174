#include "cli/home/hub.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/buffer.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/text.h"

#define COMMIT_DIGITS 40
#define DIGEST_DIGITS 64

/* Splits "acme/tiny" and checks both halves. */
static int
check_model_name(struct arena *arena, const char *name, struct error *err)
{
    const char *slash = strchr(name, '/');

    if (slash == NULL || strchr(slash + 1, '/') != NULL)
        return error_set(err, ERROR_USAGE,
                         "%.200s is not a model's name: NAMESPACE/NAME", name);
    if (text_check_name(arena_bytes(arena, name, (size_t)(slash - name)), err) <
        0)
        return -1;
    return text_check_name(slash + 1, err);
}

int
hub_find_model(struct hub_model *out, const struct home *home,
               struct arena *arena, const char *name, struct error *err)
{
    const char *slash;
    const char *folder;

    if (check_model_name(arena, name, err) < 0)
        return -1;
    slash = strchr(name, '/');
    folder = arena_format(arena, "models--%.*s--%s", (int)(slash - name), name,
                          slash + 1);
    out->root = arena_format(arena, "%s/%s", home->hub, folder);
    out->lock_path =
        arena_format(arena, "%s/.locks/%s/weigh.lock", home->hub, folder);
    return 0;
}

int
hub_make_model(const struct hub_model *model, struct error *err)
{
    static const char *const below[] = {"blobs", "snapshots", "refs"};
    struct arena *arena = arena_open();
    const char *slash = strrchr(model->lock_path, '/');
    int result =
        file_make_folder(arena_bytes(arena, model->lock_path,
                                     (size_t)(slash - model->lock_path)),
                         0755, err);

    for (size_t i = 0; result == 0 && i < sizeof(below) / sizeof(*below); i++)
        result = file_make_folder(
            arena_format(arena, "%s/%s", model->root, below[i]), 0755, err);
    arena_free(arena);
    return result;
}

const char *
hub_blob_path(const struct hub_model *model, struct arena *arena,
              const char *etag)
{
    if (!hex_is_text(etag, COMMIT_DIGITS) && !hex_is_text(etag, DIGEST_DIGITS))
        return NULL;
    return arena_format(arena, "%s/blobs/%s", model->root, etag);
}

const char *
hub_snapshot_path(const struct hub_model *model, struct arena *arena,
                  const char *commit)
{
    if (!hex_is_text(commit, COMMIT_DIGITS))
        return NULL;
    return arena_format(arena, "%s/snapshots/%s", model->root, commit);
}

/* Makes the folders above path. */
static int
make_above(struct arena *arena, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');

    return file_make_folder(arena_bytes(arena, path, (size_t)(slash - path)),
                            0755, err);
}

int
hub_write_ref(const struct hub_model *model, const char *revision,
              const char *commit, struct error *err)
{
    struct arena *arena = arena_open();
    const char *path = arena_format(arena, "%s/refs/%s", model->root, revision);
    int result = -1;

    if (text_check_path(revision, err) == 0 &&
        make_above(arena, path, err) == 0)
        result = file_write(path, commit, strlen(commit), 0644, err);
    arena_free(arena);
    return result;
}

/* "../../../blobs/ETAG" from snapshots/COMMIT/a/b. */
static const char *
link_target(struct arena *arena, const char *path, const char *etag)
{
    struct buffer text = {0};
    const char *target;

    buffer_append_text(&text, "../../");
    for (; *path != '\0'; path++)
        if (*path == '/')
            buffer_append_text(&text, "../");
    buffer_append_format(&text, "blobs/%s", etag);
    target = arena_text(arena, text.bytes);
    buffer_free(&text);
    return target;
}

int
hub_link(const struct hub_model *model, const char *commit, const char *path,
         const char *etag, struct error *err)
{
    struct arena *arena = arena_open();
    const char *snapshot = hub_snapshot_path(model, arena, commit);
    const char *final;
    const char *beside;
    int result = -1;

    if (text_check_path(path, err) < 0)
        goto done;
    if (snapshot == NULL || hub_blob_path(model, arena, etag) == NULL) {
        error_set(err, ERROR_UNPROCESSABLE, "%s: not an object's name", path);
        goto done;
    }
    final = arena_format(arena, "%s/%s", snapshot, path);
    beside = arena_format(arena, "%s.%ld.link", final, (long)getpid());
    if (make_above(arena, final, err) < 0)
        goto done;
    (void)unlink(beside);
    if (symlink(link_target(arena, path, etag), beside) < 0 ||
        rename(beside, final) < 0) {
        error_set_system(err, final);
        (void)unlink(beside);
        goto done;
    }
    result = 0;

done:
    arena_free(arena);
    return result;
}
