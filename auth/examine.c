#include "auth/examine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/model/gguf.h"
#include "storage/model/gguf_find.h"
#include "storage/model/safetensors.h"
#include "storage/model/scan.h"

/* What one examination works with. */
struct examiner {
    struct view *view;
    struct content_store *store;
    const struct repository *repository;
    struct examination *out;
};

/* All objects of the repository, in pages that follow each other. */
static int
list_objects(struct object_list *out, struct view *view, struct error *err)
{
    struct arena *arena = view_arena(view);
    const struct digest *after = NULL;
    struct object_list page;

    *out = (struct object_list){0};
    do {
        struct object *joined;

        if (object_list(&page, view_db(view), arena, view_repository(view),
                        after, err) < 0)
            return -1;
        joined = arena_array(arena, out->count + page.count, sizeof(*joined));
        if (out->count > 0)
            memcpy(joined, out->objects, out->count * sizeof(*joined));
        if (page.count > 0)
            memcpy(joined + out->count, page.objects,
                   page.count * sizeof(*joined));
        out->objects = joined;
        out->count += page.count;
        if (out->count > 0)
            after = &out->objects[out->count - 1].digest;
    } while (page.count == OBJECT_PAGE);
    return 0;
}

static int
compare_objects(const void *a, const void *b)
{
    return memcmp(((const struct object *)a)->digest.bytes,
                  ((const struct object *)b)->digest.bytes, DIGEST_BYTES);
}

static struct object *
find_object(const struct examination *examination, const struct digest *digest)
{
    const struct object key = {.digest = *digest};

    if (examination->objects.count == 0)
        return NULL;
    return bsearch(&key, examination->objects.objects,
                   examination->objects.count, sizeof(key), compare_objects);
}

const struct object *
examine_find(const struct examination *examination, const struct digest *digest)
{
    return find_object(examination, digest);
}

int
examine_known(struct examination *out, struct view *view,
              const struct oid *commit, struct error *err)
{
    const struct entry_range all = {
        .folder = "", .is_recursive = true, .is_files_alone = true};

    *out = (struct examination){0};
    if (entry_list(&out->files, view, commit, &all, err) < 0 ||
        list_objects(&out->objects, view, err) < 0)
        return -1;
    for (size_t i = 0; i < out->files.count; i++)
        if (strcmp(out->files.entries[i].path, EXAMINE_SIGNATURE) == 0)
            out->has_signature = true;
    return 0;
}

/* Both lists are by path; what before has with the same blob is not fresh. */
static void
find_fresh(struct examination *out, struct arena *arena,
           const struct entry_list *before)
{
    const struct entry **fresh =
        arena_array(arena, out->files.count, sizeof(const struct entry *));
    size_t j = 0;

    for (size_t i = 0; i < out->files.count; i++) {
        const struct entry *file = &out->files.entries[i];

        while (j < before->count &&
               strcmp(before->entries[j].path, file->path) < 0)
            j++;
        if (j < before->count &&
            strcmp(before->entries[j].path, file->path) == 0 &&
            oid_is_equal(&before->entries[j].oid, &file->oid))
            continue;
        fresh[out->fresh_count++] = file;
    }
    out->fresh = fresh;
}

static bool
is_restricted(const struct examiner *examiner)
{
    return (strcmp(examiner->repository->gate_mode, "open") != 0 ||
            examiner->out->has_signature) &&
           !examiner->repository->allow_unsafe;
}

static int
judge(const struct examiner *examiner, const struct entry *file,
      const struct scan_result *result, struct error *err)
{
    if (result->risk != SCAN_UNSAFE || !is_restricted(examiner))
        return 0;
    return error_set(err, ERROR_UNSAFE_FORMAT,
                     "%.200s can run code when it is loaded (%.100s), and a "
                     "gated or signed model does not take such files; publish "
                     "safetensors or GGUF, or let the owner allow it",
                     file->path, result->detail);
}

static const char *
describe_safetensors(struct arena *arena, const struct source *source,
                     struct error *err)
{
    json_t *detail = json_keep(arena, json_object());
    json_t *parameters = json_object();
    struct safetensors header;

    json_object_set_new(detail, "parameters", parameters);
    if (safetensors_read(&header, source, arena, err) < 0)
        return NULL;
    for (size_t i = 0; i < header.count; i++) {
        const struct safetensors_tensor *tensor = &header.tensors[i];
        int64_t count = json_number(parameters, tensor->type, 0);
        uint64_t size = 1; /* may pass INT64_MAX before a dimension of 0 */

        for (size_t k = 0; k < tensor->rank; k++)
            size *= tensor->shape[k];
        json_object_set_new(parameters, tensor->type,
                            json_integer(count + (int64_t)size));
    }
    json_object_set_new(detail, "total",
                        json_integer((json_int_t)header.parameters));
    return json_write(NULL, arena, detail);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

static const char *
describe_gguf(struct arena *arena, const struct source *source,
              struct error *err)
{
    json_t *detail = json_keep(arena, json_object());
    const char *architecture;
    uint64_t context;
    struct gguf header;

    if (gguf_parse(&header, arena, source, err) < 0)
        return NULL;
    architecture = gguf_find_text(&header, "general.architecture");
    json_object_set_new(detail, "total",
                        json_integer((json_int_t)header.parameters));
    set_text(detail, "architecture", architecture);
    if (architecture != NULL &&
        gguf_find_count(
            &context, &header,
            arena_format(arena, "%.100s.context_length", architecture)))
        json_object_set_new(detail, "context_length",
                            json_integer((json_int_t)context));
    set_text(detail, "chat_template",
             gguf_find_text(&header, "tokenizer.chat_template"));
    return json_write(NULL, arena, detail);
}

/* What the catalogue keeps of a header; NULL in *out for other formats. */
static int
describe(const char **out, struct arena *arena, const struct source *source,
         enum scan_format format, struct error *err)
{
    *out = NULL;
    if (format == SCAN_SAFETENSORS)
        *out = describe_safetensors(arena, source, err);
    else if (format == SCAN_GGUF)
        *out = describe_gguf(arena, source, err);
    else
        return 0;
    return *out != NULL ? 0 : -1;
}

static int
scan_weights(const struct examiner *examiner, const struct entry *file,
             struct object *object, struct error *err)
{
    struct arena *arena = view_arena(examiner->view);
    struct db *db = view_db(examiner->view);
    struct content_reader *reader = NULL;
    const struct source *source;
    struct scan_result scanned;
    int result = -1;

    if (content_inspect_open(&reader, examiner->store, db,
                             &file->pointer.digest, err) < 0)
        return -1;
    source = content_reader_source(reader);
    if (scan_file(&scanned, source, file->path, arena, err) < 0 ||
        judge(examiner, file, &scanned, err) < 0 ||
        describe(&object->detail, arena, source, scanned.format, err) < 0)
        goto done;
    object->format = scan_format_text(scanned.format);
    object->is_unsafe = scanned.risk == SCAN_UNSAFE;
    result = object_set_format(db, object, err);

done:
    content_reader_free(reader);
    return result;
}

static int
examine_weights(const struct examiner *examiner, const struct entry *file,
                struct error *err)
{
    struct examination *out = examiner->out;
    struct object *object = find_object(out, &file->pointer.digest);
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, &file->pointer.digest);
    if (object == NULL)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%.200s names sha256:%s, which was not uploaded to "
                         "this repository",
                         file->path, text);
    if (object->size_bytes != file->pointer.size_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%.200s says %" PRIu64 " bytes, but its object has "
                         "%" PRIu64,
                         file->path, file->pointer.size_bytes,
                         object->size_bytes);
    out->digests[out->digest_count++] = file->pointer.digest;
    return scan_weights(examiner, file, object, err);
}

static int
examine_text(const struct examiner *examiner, const struct entry *file,
             struct error *err)
{
    struct memory_source source;
    struct scan_result scanned;
    struct pointer ignored;
    const void *bytes;
    size_t length;

    if (entry_peek(&bytes, &length, examiner->view, file, err) < 0)
        return -1;
    /* git-lfs reads more loosely than we do: no doubt about what is meant. */
    if (pointer_is_text(bytes, length) &&
        pointer_parse(&ignored, bytes, length, err) < 0)
        return -1;
    source_of_memory(&source, bytes, length);
    if (scan_file(&scanned, &source.source, file->path,
                  view_arena(examiner->view), err) < 0)
        return -1;
    return judge(examiner, file, &scanned, err);
}

/* Names what before had; an unknown one had nothing. */
static int
list_before(struct entry_list *out, struct view *view, const struct oid *before,
            struct error *err)
{
    const struct entry_range all = {
        .folder = "", .is_recursive = true, .is_files_alone = true};

    *out = (struct entry_list){0};
    if (before == NULL)
        return 0;
    return entry_list(out, view, before, &all, err);
}

static int
compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

/* Several files may be the same object. */
static void
drop_doubles(struct examination *out)
{
    size_t kept = 0;

    if (out->digest_count > 1)
        qsort(out->digests, out->digest_count, sizeof(*out->digests),
              compare_digests);
    for (size_t i = 0; i < out->digest_count; i++)
        if (i == 0 ||
            !digest_is_equal(&out->digests[i], &out->digests[kept - 1]))
            out->digests[kept++] = out->digests[i];
    out->digest_count = kept;
}

int
examine_commit(struct examination *out, struct view *view,
               struct content_store *store,
               const struct examine_question *question, struct error *err)
{
    const struct examiner examiner = {view, store, question->repository, out};
    struct entry_list before;

    if (examine_known(out, view, &question->after, err) < 0 ||
        list_before(&before, view, question->before, err) < 0)
        return -1;
    find_fresh(out, view_arena(view), &before);
    out->digests =
        arena_array(view_arena(view), out->fresh_count, sizeof(*out->digests));
    entry_expect(view, out->fresh, out->fresh_count);
    for (size_t i = 0; i < out->fresh_count; i++) {
        const struct entry *file = out->fresh[i];

        /* A commit that we make has such paths alone; who knows of others. */
        if (text_check_path(file->path, err) < 0 ||
            (file->is_weights ? examine_weights(&examiner, file, err)
                              : examine_text(&examiner, file, err)) < 0)
            return -1;
    }
    drop_doubles(out);
    return 0;
}
