#include "registry/http/fields.h"

#include <stdbool.h>
#include <string.h>

#include "storage/base/text.h"

/* Decodes one name or value; NULL when it is malformed. */
static const char *
decode(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_bytes(arena, bytes, length);
    char *text;

    for (size_t i = 0; i < length; i++)
        if (copy[i] == '+')
            copy[i] = ' ';
    if (memchr(copy, '\0', length) != NULL)
        return NULL;
    text = text_percent_read(arena, copy, length);
    if (text == NULL || !text_is_utf8(text, strlen(text)))
        return NULL;
    return text;
}

static size_t
count_fields(const char *bytes, size_t length)
{
    size_t count = 1;

    for (size_t i = 0; i < length; i++)
        count += bytes[i] == '&';
    return count;
}

int
fields_parse(struct fields *out, struct arena *arena, const char *bytes,
             size_t length, size_t limit, struct error *err)
{
    const char *at = bytes;
    const char *end = bytes + length;
    size_t count = count_fields(bytes, length);

    out->count = 0;
    out->list = NULL;
    if (length == 0)
        return 0;
    if (count > limit)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the form has more than %zu fields", limit);
    out->list = arena_array(arena, count, sizeof(struct field));
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        const char *equal;
        struct field *field = &out->list[out->count];

        if (stop == NULL)
            stop = end;
        equal = memchr(at, '=', (size_t)(stop - at));
        if (stop > at) {
            const char *value = equal != NULL ? equal + 1 : stop;
            const char *name_end = equal != NULL ? equal : stop;

            field->name = decode(arena, at, (size_t)(name_end - at));
            field->value = decode(arena, value, (size_t)(stop - value));
            if (field->name == NULL || field->value == NULL)
                return error_set(err, ERROR_BAD_REQUEST,
                                 "a field is not percent-encoded UTF-8");
            out->count++;
        }
        at = stop + 1;
    }
    return 0;
}

static bool
is_name(const char *field, const char *name)
{
    size_t length = strlen(name);

    return strncmp(field, name, length) == 0 &&
           (field[length] == '\0' || strcmp(field + length, "[]") == 0);
}

const char *
fields_find(const struct fields *fields, const char *name, size_t n)
{
    for (size_t i = 0; i < fields->count; i++)
        if (is_name(fields->list[i].name, name) && n-- == 0)
            return fields->list[i].value;
    return NULL;
}
