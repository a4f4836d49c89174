/* licence: texts by their digest, for ever. */
#include "auth/licence.h"

#include <string.h>

#include "registry/routes/routes.h"

static int
licence_show(struct request *request, struct response *response,
             struct error *err)
{
    const char *name = request_param(request, "digest");
    struct licence licence = {0};
    struct digest digest;

    if (licence_parse_name(&digest, name) &&
        licence_find(&licence, request->db, request->arena, &digest, err) < 0)
        return -1;
    if (licence.text == NULL)
        return error_set(err, ERROR_NOT_FOUND, "no licence %.80s is known here",
                         name);
    response_bytes(response, 200, "text/plain; charset=utf-8", licence.text,
                   licence.length);
    response_header(response, "Cache-Control",
                    "public, max-age=31536000, immutable");
    return 0;
}

static const char *
text_or_empty(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_text(object, key);

    return text != NULL ? text : otherwise;
}

static int
licence_create(struct request *request, struct response *response,
               struct error *err)
{
    struct licence licence = {.added_by = request->caller.account};
    char name[LICENCE_NAME_SIZE];
    json_t *asked;
    json_t *body;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&licence.text, asked, "text", err) < 0 ||
        json_need_text(&licence.label, asked, "label", err) < 0)
        return -1;
    licence.length = strlen(licence.text);
    licence.version = text_or_empty(asked, "version", "");
    licence.language = text_or_empty(asked, "language", "en");
    if (licence_add(&licence, request->db, request->arena, err) < 0)
        return -1;
    licence_write_name(name, &licence.digest);
    body = json_pack(
        "{s:s, s:s, s:s, s:I, s:s}", "digest", name, "label", licence.label,
        "version", licence.version, "size", (json_int_t)licence.length, "url",
        arena_format(request->arena, "%s/api/licences/%s",
                     request->service->url, strchr(name, ':') + 1));
    response_json(response, 201, json_keep(request->arena, body));
    return 0;
}

const struct route licence_routes[] = {
    {"GET", "/api/licences/:digest", RIGHT_PUBLIC, licence_show, NULL, 0},
    {"POST", "/api/licences", RIGHT_ACCOUNT, licence_create, NULL, 0},
    {0},
};
