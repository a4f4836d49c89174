#include "storage/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
release(void *value)
{
    json_decref(value);
}

/* jansson's own limit is 2048 levels; ours is lower and fixed. */
static bool
is_too_deep(const char *bytes, size_t length)
{
    int depth = 0;
    bool in_text = false;

    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];

        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '[' || c == '{') && ++depth > JSON_DEPTH)
            return true;
        else if (!in_text && (c == ']' || c == '}'))
            depth--;
    }
    return false;
}

static void *
allocate(size_t size_bytes)
{
    return xcalloc(1, size_bytes);
}

void
json_guard_memory(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *
json_keep(struct arena *arena, json_t *value)
{
    if (value != NULL)
        arena_defer(arena, release, value);
    return value;
}

int
json_read(json_t **out, struct arena *arena, const char *bytes, size_t length,
          struct error *err)
{
    json_error_t problem;

    if (is_too_deep(bytes, length))
        return error_set(err, ERROR_BAD_REQUEST, "JSON nested over %d levels",
                         JSON_DEPTH);
    errno = 0;
    *out = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &problem);
    /* jansson calls a text broken when it had no memory to keep it. */
    if (*out == NULL && errno == ENOMEM)
        return error_set(err, ERROR_BUSY, "no memory left to read JSON");
    if (*out == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "not valid JSON at line %d, column %d", problem.line,
                         problem.column);
    json_keep(arena, *out);
    return 0;
}

char *
json_write(size_t *out_length, struct arena *arena, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL)
        abort();
    arena_defer(arena, free, text);
    if (out_length != NULL)
        *out_length = strlen(text);
    return text;
}

const char *
json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t
json_number(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool
json_flag(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *
json_find_unknown(const json_t *object, const char *const *names)
{
    const char *key;
    json_t *unused;

    json_object_foreach((json_t *)object, key, unused)
    {
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return key;
    }
    return NULL;
}

int
json_need_text(const char **out, const json_t *object, const char *key,
               struct error *err)
{
    *out = json_text(object, key);
    if (*out == NULL)
        return error_set(err, ERROR_BAD_REQUEST, "\"%s\" must be a string",
                         key);
    return 0;
}
