/*
 * json: what is taken can be written and read again as the same value, and
 * nothing in it is a text with a NUL.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
find_depth(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    int deepest = 0;
    int depth;

    if (!json_is_object(value) && !json_is_array(value))
        return 0;
    json_object_foreach((json_t *)value, key, member)
    {
        depth = find_depth(member);
        deepest = depth > deepest ? depth : deepest;
    }
    json_array_foreach(value, i, member)
    {
        depth = find_depth(member);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static void
check_members(const json_t *value)
{
    static const char *const names[] = {"a", "path", NULL};
    const char *text;
    struct error err;

    (void)json_number(value, "a", 0);
    (void)json_flag(value, "a", false);
    (void)json_find_unknown(value, names);
    if (json_need_text(&text, value, "path", &err) == 0 &&
        strlen(text) != json_string_length(json_object_get(value, "path")))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct error err;
    json_t *value;
    json_t *again;
    char *text;
    size_t length;

    if (json_read(&value, arena, (const char *)data, size, &err) == 0) {
        if (find_depth(value) > JSON_DEPTH)
            abort();
        check_members(value);
        text = json_write(&length, arena, value);
        if (json_read(&again, arena, text, length, &err) < 0 ||
            !json_equal(value, again))
            abort();
    }
    arena_free(arena);
    return 0;
}
