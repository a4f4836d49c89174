/* A query, a form body and a Cookie header out of the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/cookie.h"
#include "registry/http/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    char *text = arena_bytes(arena, data, size);
    struct fields fields;
    struct error err;

    if (fields_parse(&fields, arena, (const char *)data, size, 256, &err) == 0)
        for (size_t i = 0; i < fields.count; i++)
            if (fields_find(&fields, fields.list[i].name, 0) == NULL)
                abort();
    cookie_find(arena, text, COOKIE_SESSION);
    cookie_find(arena, text, "a");
    arena_free(arena);
    return 0;
}
