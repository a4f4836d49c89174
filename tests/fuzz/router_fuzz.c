/* A target against every kind of pattern; values stay inside of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/router.h"

static const struct route routes[] = {
    {"GET", "/", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/:namespace", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/tree/:rev/*path", RIGHT_SEE, NULL,
     NULL, 0},
    {"GET", "/{prefix}:namespace/:name/resolve/:rev/*path", RIGHT_CONTENT, NULL,
     NULL, 0},
    {"GET", "/{prefix}:namespace/:name.git/info/refs", RIGHT_SEE, NULL, NULL,
     0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct router *router;
    struct arena *arena = arena_open();
    const char *rest = arena_bytes(arena, data, size);
    const char *target = arena_format(arena, "/%s", rest);
    struct route_match match;
    struct error err;

    if (router == NULL)
        router = router_open(tables);
    if (router_find(&match, router, arena, "GET", target, &err) == 0)
        for (size_t i = 0; i < match.parameter_count; i++) {
            const struct parameter *parameter = &match.parameters[i];

            if (parameter->value == NULL ||
                parameter->offset + parameter->length > strlen(target))
                abort();
        }
    arena_free(arena);
    return 0;
}
