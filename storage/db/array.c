#include "storage/db/array.h"

#include <endian.h>
#include <string.h>

/* PostgreSQL's pg_type.dat, oid. */
enum {
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
};

static char *
put_u32(char *at, uint32_t number)
{
    uint32_t wire = htobe32(number);

    memcpy(at, &wire, sizeof(wire));
    return at + sizeof(wire);
}

static size_t
measure(const struct array_item *items, size_t count)
{
    size_t total = 20;

    for (size_t i = 0; i < count; i++)
        total += 4 + (items[i].bytes != NULL ? items[i].length : 0);
    return total;
}

static struct db_value
write_array(struct arena *arena, uint32_t type, const struct array_item *items,
            size_t count)
{
    size_t length = count > 0 ? measure(items, count) : 12;
    char *bytes = arena_alloc(arena, length);
    char *at = put_u32(bytes, count > 0); /* dimensions */

    at = put_u32(at, 1); /* there may be a null */
    at = put_u32(at, type);
    if (count > 0) {
        at = put_u32(at, (uint32_t)count);
        at = put_u32(at, 1); /* the first index */
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].bytes == NULL) {
            at = put_u32(at, UINT32_MAX);
            continue;
        }
        at = put_u32(at, (uint32_t)items[i].length);
        memcpy(at, items[i].bytes, items[i].length);
        at += items[i].length;
    }
    return db_bytes(bytes, length);
}

struct db_value
array_of_bytes(struct arena *arena, const struct array_item *items,
               size_t count)
{
    return write_array(arena, TYPE_BYTEA, items, count);
}

struct db_value
array_of_texts(struct arena *arena, const char *const *texts, size_t count)
{
    struct array_item *items = arena_array(arena, count, sizeof(*items));

    for (size_t i = 0; i < count; i++)
        items[i] = (struct array_item){texts[i],
                                       texts[i] != NULL ? strlen(texts[i]) : 0};
    return write_array(arena, TYPE_TEXT, items, count);
}

struct db_value
array_of_ints(struct arena *arena, const int64_t *numbers, size_t count)
{
    struct array_item *items = arena_array(arena, count, sizeof(*items));
    uint64_t *wire = arena_array(arena, count, sizeof(*wire));

    for (size_t i = 0; i < count; i++) {
        wire[i] = htobe64((uint64_t)numbers[i]);
        items[i] = (struct array_item){&wire[i], sizeof(wire[i])};
    }
    return write_array(arena, TYPE_INT8, items, count);
}
