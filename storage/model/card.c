#include "storage/model/card.h"

#include <string.h>

#include "storage/base/json.h"
#include "storage/model/yaml.h"

#define FENCE "---"

static const char *const types[] = {
    [CARD_TEXT] = "text",        [CARD_CHECKBOX] = "checkbox",
    [CARD_DATE] = "date_picker", [CARD_COUNTRY] = "country",
    [CARD_SELECT] = "select",    [CARD_IP_LOCATION] = "ip_location",
};

const char *
card_type_text(enum card_type type)
{
    return types[type];
}

bool
card_type_parse(enum card_type *out, const char *text)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(text, types[i]) == 0) {
            *out = (enum card_type)i;
            return true;
        }
    return false;
}

/* Where the line at `at` ends, its newline left out. */
static const char *
line_end(const char *at, const char *end)
{
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return stop != NULL ? stop : end;
}

/* Three dashes, and blanks at most after them. */
static bool
is_fence(const char *line, const char *stop)
{
    if (stop - line < 3 || memcmp(line, FENCE, 3) != 0)
        return false;
    for (line += 3; line < stop; line++)
        if (*line != ' ' && *line != '\t' && *line != '\r')
            return false;
    return true;
}

static bool
is_blank(const char *line, const char *stop)
{
    while (line < stop && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line == stop;
}

/* What stands between the first two fences; false when there are none. */
static bool
find_front_matter(const char **out, size_t *out_length, size_t *body_offset,
                  const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *at = bytes;
    const char *stop;

    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end && is_blank(at, line_end(at, end)))
        at = line_end(at, end) + (line_end(at, end) < end);
    stop = line_end(at, end);
    if (stop == end || !is_fence(at, stop))
        return false;
    *out = stop + 1;
    for (at = stop + 1; at < end; at = stop + 1) {
        stop = line_end(at, end);
        if (is_fence(at, stop)) {
            *out_length = (size_t)(at - *out);
            *body_offset = (size_t)(stop - bytes) + (stop < end);
            return true;
        }
        if (stop == end)
            break;
    }
    return false;
}

/* A scalar as a person reads it; NULL for lists and objects. */
static const char *
value_text(struct arena *arena, const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        return arena_format(arena, "%" JSON_INTEGER_FORMAT,
                            json_integer_value(value));
    if (json_is_real(value))
        return arena_format(arena, "%.12g", json_real_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return NULL;
}

/* The texts of a list, or of one text that stands for a list of one. */
static struct card_list
read_list(struct arena *arena, const json_t *data, const char *key)
{
    const json_t *value = json_object_get(data, key);
    size_t size = json_is_array(value) ? json_array_size(value) : 1;
    const char **items = arena_array(arena, size, sizeof(*items));
    size_t count = 0;

    for (size_t i = 0; i < size; i++) {
        const json_t *item =
            json_is_array(value) ? json_array_get(value, i) : value;

        if (json_is_string(item))
            items[count++] = json_string_value(item);
    }
    return (struct card_list){items, count};
}

/* The Hub takes a list of licences too; the first one is shown. */
static const char *
read_first(struct arena *arena, const json_t *data, const char *key)
{
    struct card_list list = read_list(arena, data, key);

    return list.count > 0 ? list.items[0] : NULL;
}

static int
read_option(struct card_option *out, struct arena *arena, const json_t *value,
            const char *label, struct error *err)
{
    if (json_is_object(value)) {
        out->label = value_text(arena, json_object_get(value, "label"));
        out->value = value_text(arena, json_object_get(value, "value"));
        if (out->value == NULL)
            out->value = out->label;
    } else {
        out->label = value_text(arena, value);
        out->value = out->label;
    }
    if (out->label == NULL || out->label[0] == '\0')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields, \"%.100s\": an option has no "
                         "label",
                         label);
    return 0;
}

static int
read_options(struct card_field *out, struct arena *arena, const json_t *options,
             struct error *err)
{
    size_t count = json_array_size(options);
    struct card_option *list = arena_array(arena, count, sizeof(*list));

    if (count == 0 || count > CARD_OPTIONS_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields, \"%.100s\": a select has 1 to "
                         "%d options",
                         out->label, CARD_OPTIONS_LIMIT);
    for (size_t i = 0; i < count; i++)
        if (read_option(&list[i], arena, json_array_get(options, i), out->label,
                        err) < 0)
            return -1;
    out->options = list;
    out->option_count = count;
    return 0;
}

static int
read_field(struct card_field *out, struct arena *arena, const char *label,
           const json_t *value, struct error *err)
{
    const char *type = json_is_object(value) ? json_text(value, "type")
                                             : json_string_value(value);

    out->label = label;
    if (label[0] == '\0')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields: a field has no label");
    if (type == NULL || !card_type_parse(&out->type, type))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields, \"%.100s\": the type is not "
                         "text, checkbox, date_picker, country, select or "
                         "ip_location",
                         label);
    if (out->type == CARD_SELECT)
        return read_options(out, arena, json_object_get(value, "options"), err);
    return 0;
}

int
card_parse_fields(struct card_field **out, size_t *out_count,
                  struct arena *arena, const json_t *fields, struct error *err)
{
    json_t *object = (json_t *)fields;
    size_t count = json_object_size(object);
    const char *label;
    json_t *value;
    size_t n = 0;

    if (!json_is_object(object))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields maps labels to types");
    if (count > CARD_FIELDS_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "extra_gated_fields has over %d fields",
                         CARD_FIELDS_LIMIT);
    *out = arena_array(arena, count, sizeof(**out));
    *out_count = count;
    json_object_foreach(object, label, value)
    {
        if (read_field(&(*out)[n++], arena, label, value, err) < 0)
            return -1;
    }
    return 0;
}

static int
read_gate(struct card *out, struct arena *arena, struct error *err)
{
    const json_t *fields = json_object_get(out->data, "extra_gated_fields");
    struct card_field *list = NULL;

    out->prompt = json_text(out->data, "extra_gated_prompt");
    out->heading = json_text(out->data, "extra_gated_heading");
    out->description = json_text(out->data, "extra_gated_description");
    out->button = json_text(out->data, "extra_gated_button_content");
    out->is_eu_disallowed =
        json_flag(out->data, "extra_gated_eu_disallowed", false);
    if (fields == NULL || json_is_null(fields))
        return 0;
    if (card_parse_fields(&list, &out->field_count, arena, fields, err) < 0)
        return -1;
    out->fields = list;
    return 0;
}

int
card_parse(struct card *out, struct arena *arena, const char *bytes,
           size_t length, struct error *err)
{
    static const struct yaml_limits limits = {CARD_DEPTH_LIMIT,
                                              CARD_NODES_LIMIT};
    const char *yaml = "";
    size_t yaml_length = 0;

    *out = (struct card){0};
    if (length > CARD_LIMIT_BYTES)
        length = CARD_LIMIT_BYTES;
    if (find_front_matter(&yaml, &yaml_length, &out->body_offset, bytes,
                          length) &&
        yaml_length > CARD_YAML_LIMIT_BYTES)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the card's YAML is over %u bytes",
                         CARD_YAML_LIMIT_BYTES);
    if (yaml_read(&out->data, arena, yaml, yaml_length, &limits, err) < 0)
        return -1;
    if (json_is_null(out->data))
        out->data = json_keep(arena, json_object());
    if (!json_is_object(out->data))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the card's YAML maps no keys to values");
    out->license = read_first(arena, out->data, "license");
    out->license_name = json_text(out->data, "license_name");
    out->license_link = json_text(out->data, "license_link");
    out->pipeline_tag = json_text(out->data, "pipeline_tag");
    out->library_name = json_text(out->data, "library_name");
    out->tags = read_list(arena, out->data, "tags");
    out->base_models = read_list(arena, out->data, "base_model");
    return read_gate(out, arena, err);
}
