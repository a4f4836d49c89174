#include "registry/http/asset.h"

#include <string.h>

#include "registry_http_page_web.h"
#include "storage/base/digest.h"

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

/* NULL for pages, which are not sent as they are. */
static const char *
find_type(const char *name)
{
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ending != NULL && strcmp(ending, types[i].ending) == 0)
            return types[i].type;
    return NULL;
}

static int
asset_show(struct request *request, struct response *response,
           struct error *err)
{
    const char *name = request_param(request, "name");
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    for (const struct embed_file *f = registry_http_page_web; f->name; f++) {
        const char *type = find_type(f->name);

        if (type == NULL || strcmp(f->name, name) != 0)
            continue;
        digest_of(&digest, f->bytes, f->length);
        digest_write(text, &digest);
        response_bytes(response, 200, type, f->bytes, f->length);
        response_etag(response, arena_format(request->arena, "\"%s\"", text));
        response_header(response, "Cache-Control", "public, max-age=3600");
        return 0;
    }
    return error_set(err, ERROR_NOT_FOUND, "there is no such file");
}

const struct route asset_routes[] = {
    {"GET", "/static/:name", RIGHT_PUBLIC, asset_show, NULL, 0},
    {0},
};
