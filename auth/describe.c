#include "auth/describe.h"

#include <string.h>

#include "storage/base/json.h"
#include "storage/model/card.h"

struct tags {
    struct arena *arena;
    const char **items;
    size_t count;
};

static bool
is_tag(const char *text)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > DESCRIBE_TAG_LIMIT)
        return false;
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return true;
}

static void
add_tag(struct tags *tags, const char *tag)
{
    if (!is_tag(tag) || tags->count == DESCRIBE_TAGS_LIMIT)
        return;
    for (size_t i = 0; i < tags->count; i++)
        if (strcmp(tags->items[i], tag) == 0)
            return;
    tags->items[tags->count++] = tag;
}

static void
add_named(struct tags *tags, const char *name, const char *value)
{
    if (value != NULL)
        add_tag(tags, arena_format(tags->arena, "%s:%s", name, value));
}

/* A text or a list of texts: "language: en", "datasets: [a, b]". */
static void
add_member(struct tags *tags, const json_t *data, const char *key,
           const char *name)
{
    const json_t *value = json_object_get(data, key);
    const json_t *item;
    size_t i;

    if (json_is_string(value)) {
        if (name != NULL)
            add_named(tags, name, json_string_value(value));
        else
            add_tag(tags, json_string_value(value));
    }
    json_array_foreach(value, i, item)
    {
        if (name != NULL)
            add_named(tags, name, json_string_value(item));
        else
            add_tag(tags, json_string_value(item));
    }
}

static void
add_formats(struct tags *tags, const struct examination *examination)
{
    for (size_t i = 0; i < examination->files.count; i++) {
        const struct entry *file = &examination->files.entries[i];
        const struct object *object =
            file->is_weights ? examine_find(examination, &file->pointer.digest)
                             : NULL;

        if (object != NULL && (strcmp(object->format, "safetensors") == 0 ||
                               strcmp(object->format, "gguf") == 0))
            add_tag(tags, object->format);
    }
}

static void
fill_tags(struct summary *out, struct arena *arena, const struct card *card,
          const struct examination *examination)
{
    struct tags tags = {
        arena, arena_array(arena, DESCRIBE_TAGS_LIMIT, sizeof(char *)), 0};

    add_tag(&tags, card->library_name);
    add_formats(&tags, examination);
    add_tag(&tags, card->pipeline_tag);
    for (size_t i = 0; i < card->tags.count; i++)
        add_tag(&tags, card->tags.items[i]);
    add_member(&tags, card->data, "language", NULL);
    add_member(&tags, card->data, "datasets", "dataset");
    for (size_t i = 0; i < card->base_models.count; i++)
        add_named(&tags, "base_model", card->base_models.items[i]);
    add_named(&tags, "license", card->license);
    out->tags = tags.items;
    out->tag_count = tags.count;
}

/* Adds the parameters of one file to those of the others. */
static void
add_parameters(json_t *sum, const json_t *detail)
{
    json_t *parameters = json_object_get(sum, "parameters");
    const json_t *count;
    const char *type;

    json_object_foreach((json_t *)json_object_get(detail, "parameters"), type,
                        count)
    {
        json_int_t before = json_number(parameters, type, 0);

        json_object_set_new(parameters, type,
                            json_integer(before + json_integer_value(count)));
    }
    json_object_set_new(sum, "total",
                        json_integer(json_number(sum, "total", 0) +
                                     json_number(detail, "total", 0)));
}

/* The headers of weights, as examine_commit kept them. */
static int
fill_headers(struct summary *out, struct arena *arena,
             const struct examination *examination, struct error *err)
{
    json_t *sum =
        json_keep(arena, json_pack("{s:{}, s:i}", "parameters", "total", 0));
    size_t files = 0;
    size_t length;

    for (size_t i = 0; i < examination->files.count; i++) {
        const struct entry *file = &examination->files.entries[i];
        const struct object *object =
            file->is_weights ? examine_find(examination, &file->pointer.digest)
                             : NULL;
        json_t *detail;

        if (object == NULL || object->detail == NULL)
            continue;
        if (strcmp(object->format, "gguf") == 0 && out->gguf == NULL)
            out->gguf = object->detail;
        if (strcmp(object->format, "safetensors") != 0)
            continue;
        if (json_read(&detail, arena, object->detail, strlen(object->detail),
                      err) < 0)
            return -1;
        add_parameters(sum, detail);
        files++;
    }
    if (files > 0)
        out->safetensors = json_write(&length, arena, sum);
    return 0;
}

static int
read_card(struct card *out, struct view *view,
          const struct examination *examination, struct error *err)
{
    const void *bytes = "";
    size_t length = 0;

    for (size_t i = 0; i < examination->files.count; i++) {
        const struct entry *file = &examination->files.entries[i];

        if (strcmp(file->path, DESCRIBE_CARD) == 0 && !file->is_weights &&
            file->blob_bytes <= CARD_LIMIT_BYTES &&
            entry_read(&bytes, &length, view, file, err) < 0)
            return -1;
    }
    return card_parse(out, view_arena(view), bytes, length, err);
}

int
describe_commit(struct summary *out, struct view *view,
                const struct oid *commit, const struct examination *examination,
                struct error *err)
{
    struct arena *arena = view_arena(view);
    struct card card;
    size_t length;

    *out = (struct summary){0};
    memcpy(out->head, commit->bytes, sizeof(out->head));
    if (read_card(&card, view, examination, err) < 0 ||
        fill_headers(out, arena, examination, err) < 0)
        return -1;
    out->card = json_write(&length, arena, card.data);
    out->pipeline_tag = card.pipeline_tag;
    out->library_name = card.library_name;
    out->license = card.license;
    fill_tags(out, arena, &card, examination);
    for (size_t i = 0; i < examination->objects.count; i++)
        out->used_bytes += examination->objects.objects[i].size_bytes;
    return 0;
}
