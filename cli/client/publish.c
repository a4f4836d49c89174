#include "cli/client/publish.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/oid.h"
#include "storage/base/buffer.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"

#define COMPARE_FILES 250 /* in one question */
#define SAMPLE_BYTES 512
/* A file that is no weights goes into a line of the commit. */
#define LINE_FILE_LIMIT 10485760 /* 10 MiB */

int
publish_find_model(bool *out, struct client *client, struct arena *arena,
                   const char *model, struct error *err)
{
    json_t *answer;

    *out = client_get(&answer, client, arena,
                      model_path(arena, model, "%s", ""), err) == 0;
    if (*out || err->code == ERROR_REPO_NOT_FOUND)
        return 0;
    return -1;
}

int
publish_make_model(struct client *client, struct arena *arena,
                   const struct model_name *model, bool is_private,
                   struct error *err)
{
    const struct client_question question = {
        .method = "POST",
        .path = "/api/repos/create",
        .body = json_keep(
            arena,
            json_pack("{s:s, s:s, s:s, s:s}", "name",
                      model->name + strlen(model->namespace_name) + 1,
                      "organization", model->namespace_name, "type", "model",
                      "visibility", is_private ? "private" : "public")),
    };

    return client_call(NULL, client, arena, &question, err);
}

int
publish_find_signer(const char **out, struct client *client,
                    struct arena *arena, const char *namespace_name,
                    struct error *err)
{
    const json_t *key;
    json_t *keys;
    size_t i;

    *out = NULL;
    if (client_get(
            &keys, client, arena,
            arena_format(arena, "/api/namespaces/%s/keys", namespace_name),
            err) < 0)
        return -1;
    json_array_foreach(keys, i, key)
    {
        if (json_text(key, "endsAt") == NULL &&
            json_text(key, "revokedAt") == NULL)
            *out = json_text(key, "hint");
    }
    return 0;
}

int
publish_allow_unsafe(struct client *client, struct arena *arena,
                     const char *model, struct error *err)
{
    const struct client_question question = {
        .method = "PUT",
        .path = model_path(arena, model, "%s", "/settings"),
        .body = json_keep(arena, json_pack("{s:b}", "allowUnsafe", 1)),
    };

    return client_call(NULL, client, arena, &question, err);
}

int
publish_register_key(bool *out_made, struct client *client, struct arena *arena,
                     const char *namespace_name, const struct key *key,
                     struct error *err)
{
    const struct client_question question = {
        .method = "POST",
        .path = arena_format(arena, "/api/namespaces/%s/keys", namespace_name),
        .body =
            json_keep(arena, json_pack("{s:s}", "pem", key_public_pem(key))),
    };
    char hint[DIGEST_TEXT_SIZE];
    struct digest fingerprint;
    const char *signer;

    *out_made = false;
    key_fingerprint(&fingerprint, key);
    digest_write(hint, &fingerprint);
    if (publish_find_signer(&signer, client, arena, namespace_name, err) < 0)
        return -1;
    if (signer != NULL && strcmp(signer, hint) == 0)
        return 0;
    *out_made = true;
    return client_call(NULL, client, arena, &question, err);
}

/* The first bytes, by which the registry tells weights from text. */
static int
read_sample(char **out, size_t *out_length, struct arena *arena,
            const struct publish_file *file, struct error *err)
{
    ssize_t n;
    int fd;

    *out = arena_alloc(arena, SAMPLE_BYTES);
    if (file->path == NULL) {
        *out_length = file->size_bytes < SAMPLE_BYTES ? (size_t)file->size_bytes
                                                      : SAMPLE_BYTES;
        memcpy(*out, file->bytes, *out_length);
        return 0;
    }
    fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_system(err, file->path);
    n = pread(fd, *out, SAMPLE_BYTES, 0);
    close(fd);
    if (n < 0)
        return error_set_system(err, file->path);
    *out_length = (size_t)n;
    return 0;
}

/* Git's name for the file's bytes, to hold against what a commit has. */
static int
find_oid(char out[OID_TEXT_SIZE], const struct publish_file *file,
         struct error *err)
{
    int result;
    int fd;

    if (file->path == NULL)
        return oid_of_bytes(out, file->bytes, (size_t)file->size_bytes, err);
    fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_system(err, file->path);
    result = oid_of_file(out, fd, file->size_bytes, err);
    close(fd);
    return result;
}

static int
take_answer(struct publish_file *file, const json_t *answer, struct error *err)
{
    const char *mode = json_text(answer, "uploadMode");
    const char *oid = json_text(answer, "oid");
    char own[DIGEST_TEXT_SIZE];

    if (mode == NULL)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s: the registry does not say how to send it",
                         file->name);
    file->is_weights = strcmp(mode, "lfs") == 0;
    file->is_new = true;
    if (oid == NULL)
        return 0;
    if (file->is_weights)
        digest_write(own, &file->digest);
    else if (find_oid(own, file, err) < 0)
        return -1;
    file->is_new = strcmp(own, oid) != 0;
    return 0;
}

static int
compare_some(struct publish_file *files, size_t count, struct client *client,
             struct arena *arena, const char *model, struct error *err)
{
    struct client_question question = {
        .method = "POST", .path = model_path(arena, model, "/preupload/main")};
    json_t *list = json_array();
    json_t *body = json_keep(arena, json_pack("{s:o}", "files", list));
    const json_t *answers;
    json_t *answer;

    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        char *sample = NULL;

        if (read_sample(&sample, &length, arena, &files[i], err) < 0)
            return -1;
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:s}", "path", files[i].name, "size",
                            (json_int_t)files[i].size_bytes, "sample",
                            base64_write(arena, sample, length)));
    }
    question.body = body;
    if (client_call(&answer, client, arena, &question, err) < 0)
        return -1;
    answers = json_object_get(answer, "files");
    if (json_array_size(answers) != count)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the registry forgot files of %s", model);
    for (size_t i = 0; i < count; i++)
        if (take_answer(&files[i], json_array_get(answers, i), err) < 0)
            return -1;
    return 0;
}

int
publish_compare(const struct publish_files *files, struct client *client,
                struct arena *arena, const char *model, struct error *err)
{
    for (size_t i = 0; i < files->count; i += COMPARE_FILES) {
        size_t count = files->count - i;

        if (count > COMPARE_FILES)
            count = COMPARE_FILES;
        if (compare_some(files->items + i, count, client, arena, model, err) <
            0)
            return -1;
    }
    return 0;
}

/* Writes one line of the commit to the spool; takes over value. */
static int
write_line(int fd, const char *key, json_t *value, struct error *err)
{
    struct arena *arena = arena_open();
    json_t *line =
        json_keep(arena, json_pack("{s:s, s:o}", "key", key, "value", value));
    size_t length;
    char *text = json_write(&length, arena, line);
    int result = 0;

    text[length] = '\n'; /* in the place of the NUL */
    result = file_write_all(fd, text, length + 1, err);
    arena_free(arena);
    return result;
}

static int
write_small(int fd, const struct publish_file *file, struct error *err)
{
    struct arena *arena = arena_open();
    size_t length = (size_t)file->size_bytes;
    char *bytes = NULL;
    int result = -1;

    if (file->path != NULL &&
        file_read(&bytes, &length, arena, file->path, LINE_FILE_LIMIT, err) < 0)
        goto done;
    result = write_line(
        fd, "file",
        json_pack(
            "{s:s, s:s, s:s}", "path", file->name, "encoding", "base64",
            "content",
            base64_write(arena, bytes != NULL ? bytes : file->bytes, length)),
        err);

done:
    arena_free(arena);
    return result;
}

static int
write_file(int fd, const struct publish_file *file, struct error *err)
{
    char digest[DIGEST_TEXT_SIZE];

    if (!file->is_weights)
        return write_small(fd, file, err);
    digest_write(digest, &file->digest);
    return write_line(fd, "lfsFile",
                      json_pack("{s:s, s:s, s:s, s:I}", "path", file->name,
                                "algo", "sha256", "oid", digest, "size",
                                (json_int_t)file->size_bytes),
                      err);
}

static int
write_commit(int fd, const struct publish_commit *commit, struct error *err)
{
    json_t *header =
        json_pack("{s:s, s:s, s:s*}", "summary", commit->message, "description",
                  "", "parentCommit", commit->parent);

    if (write_line(fd, "header", header, err) < 0)
        return -1;
    for (size_t i = 0; i < commit->removed_count; i++)
        if (write_line(fd, "deletedFile",
                       json_pack("{s:s}", "path", commit->removed[i]), err) < 0)
            return -1;
    for (size_t i = 0; i < commit->files->count; i++)
        if (commit->files->items[i].is_new &&
            write_file(fd, &commit->files->items[i], err) < 0)
            return -1;
    return 0;
}

/* A file without a name: it goes when it is closed, whatever happens. */
static int
open_spool(struct error *err)
{
    FILE *file = tmpfile();
    int fd;

    if (file == NULL)
        return error_set_system(err, "temporary file");
    fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
    fclose(file);
    if (fd < 0)
        return error_set_system(err, "temporary file");
    return fd;
}

static int
check_listed(const struct publish_file *file, const struct model_tree *tree,
             struct error *err)
{
    const struct model_file *listed = model_find_file(tree, file->name);
    char oid[DIGEST_TEXT_SIZE] = "";

    if (listed != NULL && !listed->is_lfs && find_oid(oid, file, err) < 0)
        return -1;
    if (listed != NULL && listed->size_bytes == file->size_bytes &&
        (listed->is_lfs ? digest_is_equal(&listed->digest, &file->digest)
                        : strcmp(listed->oid, oid) == 0))
        return 0;
    return error_set(err, ERROR_DIGEST_MISMATCH,
                     "%s: the registry does not list it as it was sent",
                     file->name);
}

/* The commit holds what was sent, as far as the registry says so itself. */
static int
check_commit(const char *id, struct client *client, struct arena *arena,
             const struct publish_commit *commit, struct error *err)
{
    struct model_tree tree;

    if (model_read_tree(&tree, client, arena, commit->model, id, err) < 0) {
        if (err->code != ERROR_REVISION_NOT_FOUND)
            return -1;
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the registry does not know its own commit %s", id);
    }
    for (size_t i = 0; i < commit->files->count; i++)
        if (check_listed(&commit->files->items[i], &tree, err) < 0)
            return -1;
    return 0;
}

int
publish_commit(const char **out, struct client *client, struct arena *arena,
               const struct publish_commit *commit, struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/x-ndjson",
                                          NULL};
    struct exchange_request request = {
        .method = "POST",
        .url = model_path(arena, commit->model, "/commit/main"),
        .headers = headers,
        .has_body = true};
    struct answer answer;
    json_t *body;
    int result = -1;
    int fd = open_spool(err);

    if (fd < 0)
        return -1;
    if (write_commit(fd, commit, err) < 0)
        goto done;
    request.fd = fd;
    request.length = (uint64_t)lseek(fd, 0, SEEK_END);
    if (client_send(&answer, client, arena, &request, err) < 0 ||
        json_read(&body, arena, answer.body, answer.length, err) < 0)
        goto done;
    *out = json_text(body, "commitOid");
    if (*out == NULL || !hex_is_text(*out, MODEL_COMMIT_DIGITS)) {
        error_set(err, ERROR_UNPROCESSABLE,
                  "the registry does not name the commit");
        goto done;
    }
    result = check_commit(*out, client, arena, commit, err);

done:
    close(fd);
    return result;
}

int
publish_check_tag(struct client *client, struct arena *arena, const char *model,
                  const char *tag, const char *commit, struct error *err)
{
    const struct model_name tagged = {model, NULL, tag};
    const char *there;

    if (model_read_commit(&there, client, arena, &tagged, err) < 0)
        return err->code == ERROR_REVISION_NOT_FOUND ? 0 : -1;
    if (commit != NULL && strcmp(there, commit) == 0)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "%s has %s already, with other files, and releases never "
                     "move: take another --tag",
                     model, tag);
}

int
publish_tag(struct client *client, struct arena *arena, const char *model,
            const char *tag, const char *commit, struct error *err)
{
    const struct client_question question = {
        .method = "POST",
        .path = model_path(arena, model, "/tag/%s", commit),
        .body = json_keep(arena, json_pack("{s:s}", "tag", tag)),
    };
    const struct model_name tagged = {model, NULL, tag};
    const char *there;

    if (client_call(NULL, client, arena, &question, err) == 0)
        return 0;
    if (err->code != ERROR_CONFLICT)
        return -1;
    if (model_read_commit(&there, client, arena, &tagged, err) < 0)
        return -1;
    if (strcmp(there, commit) == 0)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "%s has a release %s already, and releases never move",
                     model, tag);
}
