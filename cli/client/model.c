#include "cli/client/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client/blocks.h"
#include "storage/base/hex.h"
#include "storage/base/text.h"
#include "storage/base/twin.h"

#define PAGES_LIMIT 1000
#define TREE_PAGE_LIMIT 1000
#define DIGEST_DIGITS 64

int
model_parse_name(struct model_name *out, struct arena *arena, const char *word,
                 struct error *err)
{
    char *copy = arena_text(arena, word);
    char *at = strchr(copy, '@');
    char *slash;

    *out = (struct model_name){.name = copy};
    if (at != NULL) {
        *at = '\0';
        out->revision = at + 1;
        if (text_check_path(out->revision, err) < 0)
            return error_set(err, ERROR_USAGE, "%s: not a revision", word);
    }
    slash = strchr(copy, '/');
    if (slash == NULL || strchr(slash + 1, '/') != NULL)
        return error_set(err, ERROR_USAGE,
                         "%s: not a model; write NAMESPACE/NAME[@REVISION]",
                         word);
    out->namespace_name = arena_bytes(arena, copy, (size_t)(slash - copy));
    if (text_check_name(out->namespace_name, err) < 0 ||
        text_check_name(slash + 1, err) < 0) {
        err->code = ERROR_USAGE;
        return -1;
    }
    return 0;
}

char *
model_path(struct arena *arena, const char *name, const char *format, ...)
{
    char *rest = NULL;
    char *path;
    va_list args;

    va_start(args, format);
    if (vasprintf(&rest, format, args) < 0)
        abort();
    va_end(args);
    path = arena_format(arena, "/api/models/%s%s", name, rest);
    free(rest);
    return path;
}

char *
model_resolve_path(struct arena *arena, const char *name, const char *revision,
                   const char *path)
{
    return arena_format(arena, "/%s/resolve/%s/%s", name,
                        text_percent_write(arena, revision, ""),
                        text_percent_write(arena, path, "/"));
}

int
model_read_commit(const char **out, struct client *client, struct arena *arena,
                  const struct model_name *model, struct error *err)
{
    const char *revision = model->revision == NULL ? "main" : model->revision;
    const char *path = model_path(arena, model->name, "/revision/%s",
                                  text_percent_write(arena, revision, ""));
    json_t *info;

    if (client_get(&info, client, arena, path, err) < 0)
        return -1;
    *out = json_text(info, "sha");
    if (*out == NULL || !hex_is_text(*out, MODEL_COMMIT_DIGITS))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s: the registry names no commit", model->name);
    return 0;
}

static int
read_lfs(struct model_file *out, const json_t *lfs, struct error *err)
{
    const char *oid = json_text(lfs, "oid");

    if (oid == NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "%s: no digest", out->path);
    if (oid[0] == '*')
        return error_set(err, ERROR_GATED, NULL);
    if (!digest_parse(&out->digest, oid))
        return error_set(err, ERROR_UNPROCESSABLE, "%s: not a digest",
                         out->path);
    out->is_lfs = true;
    out->etag = oid;
    return 0;
}

static int
read_entry(struct model_file *out, const json_t *entry, struct error *err)
{
    int64_t size = json_number(entry, "size", -1);
    const json_t *lfs = json_object_get(entry, "lfs");

    out->path = json_text(entry, "path");
    out->oid = json_text(entry, "oid");
    if (out->path == NULL || text_check_path(out->path, err) < 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the registry lists a file whose name is not allowed");
    if (json_is_object(lfs)) {
        size = json_number(lfs, "size", size);
        if (read_lfs(out, lfs, err) < 0)
            return -1;
    }
    if (size < 0 || (uint64_t)size > BLOCKS_SIZE_LIMIT || out->oid == NULL ||
        !hex_is_text(out->oid, MODEL_COMMIT_DIGITS))
        return error_set(err, ERROR_UNPROCESSABLE, "%s: no size or no object",
                         out->path);
    out->size_bytes = (uint64_t)size;
    if (!out->is_lfs)
        out->etag = out->oid;
    return 0;
}

/* A growing list of files in the arena. */
struct list {
    struct model_file *files;
    size_t count;
    size_t room;
};

static struct model_file *
add_place(struct list *list, struct arena *arena)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        struct model_file *files = arena_array(arena, room, sizeof(*files));

        if (list->count > 0)
            memcpy(files, list->files, list->count * sizeof(*files));
        list->files = files;
        list->room = room;
    }
    list->files[list->count] = (struct model_file){0};
    return &list->files[list->count++];
}

static int
read_page(struct list *list, struct arena *arena, const json_t *page,
          struct error *err)
{
    const json_t *entry;
    size_t i;

    if (!json_is_array(page))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the registry lists no files");
    json_array_foreach(page, i, entry)
    {
        const char *type = json_text(entry, "type");

        if (type != NULL && strcmp(type, "directory") == 0)
            continue;
        if (list->count == MODEL_FILES_LIMIT)
            return error_set(err, ERROR_TOO_LARGE, "over %d files",
                             MODEL_FILES_LIMIT);
        if (read_entry(add_place(list, arena), entry, err) < 0)
            return -1;
    }
    return 0;
}

int
model_read_tree(struct model_tree *out, struct client *client,
                struct arena *arena, const char *name, const char *commit,
                struct error *err)
{
    const char *url =
        model_path(arena, name, "/tree/%s?recursive=true&limit=%d", commit,
                   TREE_PAGE_LIMIT);
    struct list list = {0};
    const char *before;

    for (int n = 0; url != NULL; n++) {
        const struct exchange_request request = {.method = "GET", .url = url};
        struct answer answer;
        json_t *page;

        if (n == PAGES_LIMIT)
            return error_set(err, ERROR_TOO_LARGE, "too many pages of files");
        before = url;
        if (client_send(&answer, client, arena, &request, err) < 0)
            return -1;
        if (json_read(&page, arena, answer.body, answer.length, err) < 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "the registry's list of files is not JSON");
        if (read_page(&list, arena, page, err) < 0)
            return -1;
        url = answer_next(&answer, arena);
        if (url != NULL && strcmp(url, before) == 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "the registry's list of files leads to itself");
    }
    *out = (struct model_tree){list.files, list.count};
    return 0;
}

int
model_check_twins(const struct model_tree *tree, struct error *err)
{
    struct arena *arena = arena_open();
    struct twin_path *paths = arena_array(arena, tree->count, sizeof(*paths));
    int result;

    for (size_t i = 0; i < tree->count; i++)
        paths[i].path = tree->files[i].path;
    result = twin_check(paths, tree->count, err);
    arena_free(arena);
    return result;
}

const struct model_file *
model_find_file(const struct model_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->files[i].path, path) == 0)
            return &tree->files[i];
    return NULL;
}
