#include "registry/routes/shape.h"

#include <string.h>

#include "auth/gate_settings.h"
#include "storage/base/buffer.h"
#include "storage/base/clock.h"

/* Names that expand= takes: huggingface_hub 2.4.0, Expand…Property_T. */
static const char *const model_names[] = {"author",
                                          "baseModels",
                                          "cardData",
                                          "childrenModelCount",
                                          "config",
                                          "createdAt",
                                          "disabled",
                                          "downloads",
                                          "downloadsAllTime",
                                          "evalResults",
                                          "gated",
                                          "gguf",
                                          "inference",
                                          "inferenceProviderMapping",
                                          "lastModified",
                                          "library_name",
                                          "likes",
                                          "mask_token",
                                          "model-index",
                                          "pipeline_tag",
                                          "private",
                                          "resourceGroup",
                                          "safetensors",
                                          "sha",
                                          "siblings",
                                          "spaces",
                                          "tags",
                                          "transformersInfo",
                                          "trendingScore",
                                          "usedStorage",
                                          "widgetData",
                                          NULL};
static const char *const dataset_names[] = {"author",
                                            "cardData",
                                            "citation",
                                            "createdAt",
                                            "description",
                                            "disabled",
                                            "downloads",
                                            "downloadsAllTime",
                                            "gated",
                                            "lastModified",
                                            "likes",
                                            "mainSize",
                                            "paperswithcode_id",
                                            "private",
                                            "resourceGroup",
                                            "sha",
                                            "siblings",
                                            "tags",
                                            "trendingScore",
                                            "usedStorage",
                                            NULL};
static const char *const space_names[] = {
    "author",        "cardData", "createdAt",     "datasets",    "disabled",
    "lastModified",  "likes",    "models",        "private",     "region",
    "resourceGroup", "runtime",  "sdk",           "sha",         "siblings",
    "subdomain",     "tags",     "trendingScore", "usedStorage", NULL};

static const char *const *const names_of[] = {
    [REPOSITORY_MODEL] = model_names,
    [REPOSITORY_DATASET] = dataset_names,
    [REPOSITORY_SPACE] = space_names,
};

/* What the Hub shows in place of a hash that is not to be known. */
static const char mask[] =
    "****************************************************************";

json_t *
shape_time(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    clock_write(text, at_ms);
    return json_string(text);
}

json_t *
shape_oid(const struct oid *oid)
{
    char text[OID_TEXT_SIZE];

    oid_write(text, oid);
    return json_string(text);
}

json_t *
shape_weights(const struct entry *entry, bool is_masked, const char *key)
{
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, &entry->pointer.digest);
    return json_pack(
        "{s:I, s:s, s:I}", "size", (json_int_t)entry->pointer.size_bytes, key,
        is_masked ? mask : text, "pointerSize", (json_int_t)entry->blob_bytes);
}

json_t *
shape_entry(const struct entry *entry, bool is_masked,
            const struct commit *last)
{
    json_t *item = json_pack(
        "{s:s, s:o, s:I, s:s}", "type", entry->is_folder ? "directory" : "file",
        "oid", shape_oid(&entry->oid), "size", (json_int_t)entry_size(entry),
        "path", entry->path);

    if (entry->is_weights)
        json_object_set_new(item, "lfs",
                            shape_weights(entry, is_masked, "oid"));
    if (last != NULL)
        json_object_set_new(
            item, "lastCommit",
            json_pack("{s:o, s:s, s:o}", "id", shape_oid(&last->oid), "title",
                      last->title, "date", shape_time(last->at_ms)));
    return item;
}

json_t *
shape_commit(const struct commit *commit, bool is_formatted)
{
    json_t *item = json_pack(
        "{s:o, s:s, s:s, s:[{s:s, s:s}], s:o}", "id", shape_oid(&commit->oid),
        "title", commit->title, "message", commit->body, "authors", "user",
        commit->author_name, "avatar", "", "date", shape_time(commit->at_ms));

    if (is_formatted && item != NULL)
        json_object_set_new(item, "formatted",
                            json_pack("{s:s, s:s}", "title", commit->title,
                                      "message", commit->body));
    return item;
}

static void
set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

/* JSON that the catalogue holds as text: ours, so it can be read. */
static void
set_json(json_t *object, const char *key, struct arena *arena, const char *text)
{
    struct error ignored;
    json_t *value;

    if (text != NULL &&
        json_read(&value, arena, text, strlen(text), &ignored) == 0)
        json_object_set(object, key, value);
}

static void
set_summary(json_t *object, struct arena *arena, const struct summary *summary)
{
    json_t *tags = json_array();
    struct oid head;

    memcpy(head.bytes, summary->head, sizeof(head.bytes));
    for (size_t i = 0; i < summary->tag_count; i++)
        json_array_append_new(tags, json_string(summary->tags[i]));
    json_object_set_new(object, "sha",
                        oid_is_zero(&head) ? json_null() : shape_oid(&head));
    json_object_set_new(object, "tags", tags);
    json_object_set_new(object, "downloads",
                        json_integer((json_int_t)summary->downloads));
    json_object_set_new(object, "downloadsAllTime",
                        json_integer((json_int_t)summary->downloads));
    json_object_set_new(object, "usedStorage",
                        json_integer((json_int_t)summary->used_bytes));
    set_json(object, "cardData", arena, summary->card);
    set_text(object, "pipeline_tag", summary->pipeline_tag);
    set_text(object, "library_name", summary->library_name);
    set_json(object, "safetensors", arena, summary->safetensors);
    set_json(object, "gguf", arena, summary->gguf);
}

json_t *
shape_repository(struct arena *arena, const struct repository *repository,
                 const struct summary *summary)
{
    const char *gated = gate_settings_shown(repository->gate_mode);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:b, s:o, s:b, s:i, s:i, s:o, s:o, s:n}", "_id",
        repository->public_id, "id", repository->full_name, "author",
        repository->namespace_name, "private", repository->is_private, "gated",
        gated != NULL ? json_string(gated) : json_false(), "disabled",
        repository->is_disabled, "likes", 0, "trendingScore", 0, "lastModified",
        shape_time(repository->updated_at_ms), "createdAt",
        shape_time(repository->created_at_ms), "resourceGroup");

    set_summary(object, arena, summary);
    if (repository->kind == REPOSITORY_MODEL) {
        set_text(object, "modelId", repository->full_name);
        json_object_set_new(object, "config", json_object());
        json_object_set_new(object, "spaces", json_array());
        json_object_set_new(object, "model-index", json_null());
    }
    return object;
}

bool
shape_is_expanded(const struct request *request, const char *name)
{
    const char *asked;

    for (size_t i = 0; (asked = request_query_at(request, "expand", i)) != NULL;
         i++)
        if (strcmp(asked, name) == 0)
            return true;
    return false;
}

static bool
is_known(const char *const *names, const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int
shape_check_expand(const struct request *request, enum repository_kind kind,
                   struct error *err)
{
    const char *const *names = names_of[kind];
    struct buffer list = {0};
    const char *asked;
    size_t n = 0;

    while ((asked = request_query_at(request, "expand", n)) != NULL &&
           is_known(names, asked))
        n++;
    if (asked == NULL)
        return 0;
    for (size_t i = 0; names[i] != NULL; i++)
        buffer_append_format(&list, "%s\"%s\"", i > 0 ? "|" : "", names[i]);
    error_set(err, ERROR_BAD_REQUEST,
              "\xe2\x9c\x96 Invalid option: expected one of %s", list.bytes);
    buffer_free(&list);
    return -1;
}

json_t *
shape_expand(const struct request *request, json_t *whole)
{
    json_t *part;
    const char *asked;

    if (request_query_at(request, "expand", 0) == NULL)
        return whole;
    part = json_object();
    json_object_set(part, "_id", json_object_get(whole, "_id"));
    json_object_set(part, "id", json_object_get(whole, "id"));
    for (size_t i = 0; (asked = request_query_at(request, "expand", i)) != NULL;
         i++)
        json_object_set(part, asked, json_object_get(whole, asked));
    json_decref(whole);
    return part;
}
