#include "cli/client/release.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/hex.h"

#define RELEASES_LIMIT 100000

static bool
is_standing(const json_t *release)
{
    return json_text(release, "withdrawnAt") == NULL;
}

int
release_find_newest(const char **out_tag, const char **out_commit,
                    struct client *client, struct arena *arena,
                    const char *name, struct error *err)
{
    const json_t *entry;
    json_t *list;
    size_t i;

    *out_tag = *out_commit = NULL;
    if (client_get(&list, client, arena, model_path(arena, name, "/releases"),
                   err) < 0)
        return -1;
    if (!json_is_array(list) || json_array_size(list) > RELEASES_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "%s: no list of releases",
                         name);
    json_array_foreach(list, i, entry)
    {
        if (!is_standing(entry))
            continue;
        *out_tag = json_text(entry, "tag");
        *out_commit = json_text(entry, "commit");
        if (*out_tag == NULL || *out_commit == NULL ||
            !hex_is_text(*out_commit, MODEL_COMMIT_DIGITS))
            return error_set(err, ERROR_UNPROCESSABLE, "%s: no release", name);
        return 0;
    }
    return 0;
}

/* Which commit is meant, and how it is called. */
static int
find_commit(struct release_target *out, struct client *client,
            struct arena *arena, const struct release_question *question,
            struct error *err)
{
    const struct model_name *model = question->model;

    if (model->revision == NULL) {
        if (release_find_newest(&out->label, &out->commit, client, arena,
                                model->name, err) < 0)
            return -1;
        if (out->commit != NULL)
            return 0;
        if (!question->allow_unsigned)
            return error_set(err, ERROR_SIGNATURE,
                             "%s has no release: nobody signed it",
                             model->name);
    }
    out->label = model->revision == NULL ? "main" : model->revision;
    return model_read_commit(&out->commit, client, arena, model, err);
}

/* The gate's own words, where the list of files was only masked. */
static int
ask_gate(struct client *client, struct arena *arena, const char *name,
         struct error *err)
{
    struct answer answer;
    const struct exchange_request request = {
        .method = "GET", .url = model_path(arena, name, "/auth-check")};

    if (client_send(&answer, client, arena, &request, err) < 0)
        return -1;
    return error_set(err, ERROR_GATED, NULL);
}

/* Git's own root file is not delivered; any other is refused. */
static int
drop_git_files(struct model_tree *tree, struct arena *arena, struct error *err)
{
    struct model_file *files = arena_array(arena, tree->count, sizeof(*files));
    size_t count = 0;

    for (size_t i = 0; i < tree->count; i++) {
        const char *path = tree->files[i].path;

        if (strcmp(path, ".gitattributes") == 0)
            continue;
        if (signature_is_git_file(path))
            return error_set(err, ERROR_SIGNATURE,
                             "%s may not be in a model: git would obey it",
                             path);
        files[count++] = tree->files[i];
    }
    *tree = (struct model_tree){files, count};
    return 0;
}

static int
compare_files(const void *a, const void *b)
{
    return strcmp(((const struct signature_file *)a)->name,
                  ((const struct signature_file *)b)->name);
}

/* The signed files by name, to be found fast. */
static int
sort_signed(struct signature *signature, struct arena *arena, struct error *err)
{
    struct signature_file *files =
        arena_array(arena, signature->count, sizeof(*files));

    if (signature->is_sharded)
        return error_set(err, ERROR_SIGNATURE,
                         "%s signs parts of files, which is not taken here",
                         SIGNATURE_NAME);
    memcpy(files, signature->files, signature->count * sizeof(*files));
    qsort(files, signature->count, sizeof(*files), compare_files);
    signature->files = files;
    return 0;
}

static const struct signature_file *
find_signed(const struct signature *signature, const char *path)
{
    const struct signature_file key = {.name = path};

    return bsearch(&key, signature->files, signature->count,
                   sizeof(*signature->files), compare_files);
}

/* Every file is signed, every signed file is there, and weights agree. */
static int
check_list(const struct release_target *target, const char *name,
           struct error *err)
{
    size_t found = 0;

    for (size_t i = 0; i < target->tree.count; i++) {
        const struct model_file *file = &target->tree.files[i];
        const struct signature_file *signed_file;

        if (strcmp(file->path, SIGNATURE_NAME) == 0)
            continue;
        signed_file = find_signed(&target->signature, file->path);
        if (signed_file == NULL)
            return error_set(err, ERROR_SIGNATURE,
                             "%s: %s is there, but nobody signed it", name,
                             file->path);
        if (file->is_lfs &&
            !digest_is_equal(&file->digest, &signed_file->digest))
            return error_set(err, ERROR_SIGNATURE,
                             "%s: %s is not the file that was signed", name,
                             file->path);
        found++;
    }
    if (found != target->signature.count)
        return error_set(err, ERROR_SIGNATURE,
                         "%s: %zu files that were signed are missing", name,
                         target->signature.count - found);
    return 0;
}

static int
read_signature(struct release_target *out, struct client *client,
               struct arena *arena, const char *name, struct error *err)
{
    const struct exchange_request request = {
        .method = "GET",
        .url = model_resolve_path(arena, name, out->commit, SIGNATURE_NAME),
        .limit_bytes = SIGNATURE_LIMIT_BYTES,
    };
    struct answer answer;

    if (client_send(&answer, client, arena, &request, err) < 0)
        return -1;
    digest_of(&out->signature_digest, answer.body, answer.length);
    return signature_parse(&out->signature, arena, answer.body, answer.length,
                           err);
}

static int
check_signed(struct release_target *out, struct client *client,
             const struct home *home, struct arena *arena,
             const struct release_question *question, struct error *err)
{
    const struct trust_question asked = {
        .model = question->model,
        .signature = &out->signature,
        .publisher_key = question->publisher_key,
        .accept_key = question->accept_key,
    };
    const char *name = question->model->name;

    out->is_signed = model_find_file(&out->tree, SIGNATURE_NAME) != NULL;
    if (!out->is_signed && !question->allow_unsigned)
        return error_set(err, ERROR_SIGNATURE, "nobody signed %s@%s", name,
                         out->label);
    if (!out->is_signed)
        return 0;
    if (read_signature(out, client, arena, name, err) < 0 ||
        trust_check(&out->trust, client, home, &asked, err) < 0 ||
        sort_signed(&out->signature, arena, err) < 0)
        return -1;
    return check_list(out, name, err);
}

int
release_find(struct release_target *out, struct client *client,
             const struct home *home, struct arena *arena,
             const struct release_question *question, struct error *err)
{
    const char *name = question->model->name;

    *out = (struct release_target){0};
    if (find_commit(out, client, arena, question, err) < 0)
        return -1;
    if (model_read_tree(&out->tree, client, arena, name, out->commit, err) < 0)
        return err->code == ERROR_GATED ? ask_gate(client, arena, name, err)
                                        : -1;
    if (model_check_twins(&out->tree, err) < 0 ||
        drop_git_files(&out->tree, arena, err) < 0)
        return -1;
    return check_signed(out, client, home, arena, question, err);
}

bool
release_expect(struct digest *out, const struct release_target *target,
               const struct model_file *file)
{
    const struct signature_file *signed_file;

    if (target->is_signed && strcmp(file->path, SIGNATURE_NAME) == 0) {
        *out = target->signature_digest;
        return true;
    }
    if (target->is_signed) {
        signed_file = find_signed(&target->signature, file->path);
        if (signed_file == NULL)
            return false;
        *out = signed_file->digest;
        return true;
    }
    *out = file->digest;
    return file->is_lfs;
}
