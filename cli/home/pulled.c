#include "cli/home/pulled.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

#define RECORD_LIMIT ((size_t)64 * 1024 * 1024)
#define COMMIT_DIGITS 40

static const char *
folder_of(const struct home *home, struct arena *arena)
{
    return arena_format(arena, "%s/pulled", home->data);
}

/* Named by a digest, so that no name from a network becomes a path. */
static const char *
path_of(const struct home *home, struct arena *arena, const char *model,
        const char *revision)
{
    char *subject =
        arena_format(arena, "%s@%s", model, revision == NULL ? "" : revision);
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    for (char *at = subject; *at != '\0' && *at != '@'; at++)
        *at = (char)tolower((unsigned char)*at);
    digest_of(&digest, subject, strlen(subject));
    digest_write(text, &digest);
    return arena_format(arena, "%s/%.32s.json", folder_of(home, arena), text);
}

static json_t *
to_json(const struct pulled *pulled)
{
    json_t *files = json_array();

    for (size_t i = 0; i < pulled->count; i++) {
        char digest[DIGEST_TEXT_SIZE];

        digest_write(digest, &pulled->files[i].digest);
        json_array_append_new(
            files, json_pack("{s:s,s:I,s:s}", "path", pulled->files[i].path,
                             "size", (json_int_t)pulled->files[i].size_bytes,
                             "sha256", digest));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o}", "model",
                     pulled->model, "revision", pulled->revision, "label",
                     pulled->label, "commit", pulled->commit, "registry",
                     pulled->registry, "key", pulled->key, "pulledAt",
                     (json_int_t)pulled->pulled_at_ms, "files", files);
}

int
pulled_add(const struct home *home, const struct pulled *pulled,
           struct error *err)
{
    struct arena *arena = arena_open();
    size_t length;
    const char *text =
        json_write(&length, arena, json_keep(arena, to_json(pulled)));
    int result = -1;

    if (file_make_folder(folder_of(home, arena), 0700, err) == 0)
        result =
            file_write(path_of(home, arena, pulled->model, pulled->revision),
                       text, length, 0600, err);
    arena_free(arena);
    return result;
}

static bool
read_files(struct pulled *out, struct arena *arena, const json_t *list)
{
    struct pulled_file *files;
    const json_t *entry;
    size_t i;

    out->count = json_array_size(list);
    files = arena_array(arena, out->count, sizeof(*files));
    json_array_foreach(list, i, entry)
    {
        const char *digest = json_text(entry, "sha256");
        struct error err;

        files[i].path = json_text(entry, "path");
        files[i].size_bytes = (uint64_t)json_number(entry, "size", 0);
        if (files[i].path == NULL || digest == NULL ||
            !digest_parse(&files[i].digest, digest) ||
            text_check_path(files[i].path, &err) < 0)
            return false;
    }
    out->files = files;
    return true;
}

/* False when it is no record of ours. */
static bool
read_record(struct pulled *out, struct arena *arena, const char *path)
{
    struct error err;
    size_t length;
    json_t *record;
    char *bytes;

    if (file_read(&bytes, &length, arena, path, RECORD_LIMIT, &err) < 0 ||
        json_read(&record, arena, bytes, length, &err) < 0)
        return false;
    *out = (struct pulled){
        .model = json_text(record, "model"),
        .revision = json_text(record, "revision"),
        .label = json_text(record, "label"),
        .commit = json_text(record, "commit"),
        .registry = json_text(record, "registry"),
        .key = json_text(record, "key"),
        .pulled_at_ms = json_number(record, "pulledAt", 0),
    };
    return out->model != NULL && out->revision != NULL && out->label != NULL &&
           out->commit != NULL && hex_is_text(out->commit, COMMIT_DIGITS) &&
           out->registry != NULL && out->key != NULL &&
           read_files(out, arena, json_object_get(record, "files"));
}

void
pulled_list(struct pulled **out, size_t *out_count, const struct home *home,
            struct arena *arena)
{
    const char *folder = folder_of(home, arena);
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    size_t room = 0;

    *out = NULL;
    *out_count = 0;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        struct pulled record;

        if (entry->d_name[0] == '.' ||
            !read_record(&record, arena,
                         arena_format(arena, "%s/%s", folder, entry->d_name)))
            continue;
        if (*out_count == room) {
            struct pulled *wider =
                arena_array(arena, room == 0 ? 16 : room * 2, sizeof(*wider));

            if (room > 0)
                memcpy(wider, *out, room * sizeof(*wider));
            *out = wider;
            room = room == 0 ? 16 : room * 2;
        }
        (*out)[(*out_count)++] = record;
    }
    if (entries != NULL)
        closedir(entries);
}

/* The record of the model that was made last, whatever its revision. */
static bool
find_last(struct pulled *out, const struct home *home, struct arena *arena,
          const char *model)
{
    const struct pulled *last = NULL;
    struct pulled *list;
    size_t count;

    pulled_list(&list, &count, home, arena);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].model, model) == 0 &&
            (last == NULL || list[i].pulled_at_ms > last->pulled_at_ms))
            last = &list[i];
    if (last != NULL)
        *out = *last;
    return last != NULL;
}

int
pulled_find(struct pulled *out, const struct home *home, struct arena *arena,
            const char *model, const char *revision, struct error *err)
{
    if (revision == NULL || revision[0] == '\0') {
        if (find_last(out, home, arena, model))
            return 0;
        return error_set(err, ERROR_NOT_FOUND, "%s was not pulled", model);
    }
    if (read_record(out, arena, path_of(home, arena, model, revision)))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "%s@%s was not pulled", model,
                     revision);
}
