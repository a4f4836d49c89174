#include "registry/http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/slots.h"
#include "registry/http/cookie.h"
#include "registry/http/input.h"
#include "registry/http/limits.h"

const char *
request_param(const struct request *request, const char *name)
{
    const struct route_match *match = &request->input->match;

    for (size_t i = 0; i < match->parameter_count; i++)
        if (strcmp(match->parameters[i].name, name) == 0)
            return match->parameters[i].value;
    return NULL;
}

const char *
request_query(const struct request *request, const char *name)
{
    return fields_find(&request->input->query, name, 0);
}

const char *
request_query_at(const struct request *request, const char *name, size_t n)
{
    return fields_find(&request->input->query, name, n);
}

int
request_query_int(int64_t *out, const struct request *request, const char *name,
                  int64_t fallback, const int64_t bounds[2], struct error *err)
{
    const char *text = request_query(request, name);
    long long number;
    char *end;

    *out = fallback;
    if (text == NULL)
        return 0;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < bounds[0] ||
        number > bounds[1])
        return error_set(err, ERROR_BAD_REQUEST,
                         "%s is not a number from %lld to %lld", name,
                         (long long)bounds[0], (long long)bounds[1]);
    *out = number;
    return 0;
}

bool
request_query_flag(const struct request *request, const char *name)
{
    const char *text = request_query(request, name);

    return text != NULL &&
           (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

const char *
request_header(const struct request *request, const char *name)
{
    return head_find(&request->input->head, name);
}

const char *
request_cookie(const struct request *request, const char *name)
{
    const char *header = request_header(request, "Cookie");

    return header != NULL ? cookie_find(request->arena, header, name) : NULL;
}

const char *
request_body(size_t *out_length, const struct request *request)
{
    const struct request_input *input = request->input;

    *out_length = 0;
    if (input->spool >= 0)
        return NULL;
    *out_length = input->memory.length;
    return input->memory.length > 0 ? input->memory.bytes : "";
}

const struct source *
request_source(const struct request *request)
{
    const struct request_input *input = request->input;

    return input->spool >= 0 ? &input->file_source.source
                             : &input->memory_source.source;
}

int
request_json(json_t **out, struct request *request, struct error *err)
{
    size_t length;
    const char *body = request_body(&length, request);

    if (body == NULL)
        return error_set(err, ERROR_TOO_LARGE, "the JSON body is over %d bytes",
                         REQUEST_BODY_MEMORY);
    return json_read(out, request->arena, body, length, err);
}

int
request_begin_upload(struct request *request, int64_t account,
                     struct error *err)
{
    if (request->service->uploads == NULL)
        return 0;
    if (slots_take(request->service->uploads, request->db, request->arena,
                   account, err) < 0)
        return -1;
    request->input->uploader = account;
    return 0;
}

void
request_end_upload(struct request *request)
{
    if (request->input->uploader == 0)
        return;
    slots_give(request->service->uploads, request->input->uploader);
    request->input->uploader = 0;
}

/* Reads the body as a form once; one that is malformed has no fields. */
static const struct fields *
read_form(struct request *request)
{
    struct request_input *input = request->input;
    struct error err;
    size_t length;
    const char *body;

    if (input->has_form)
        return &input->form;
    input->has_form = true;
    body = request_body(&length, request);
    if (body == NULL || fields_parse(&input->form, request->arena, body, length,
                                     LIMIT_FORM_FIELDS, &err) < 0)
        memset(&input->form, 0, sizeof(input->form));
    return &input->form;
}

const char *
request_form(struct request *request, const char *name, size_t n)
{
    return fields_find(read_form(request), name, n);
}

bool
request_form_at(const char **out_name, const char **out_value,
                struct request *request, size_t n)
{
    const struct fields *form = read_form(request);

    if (n >= form->count)
        return false;
    *out_name = form->list[n].name;
    *out_value = form->list[n].value;
    return true;
}
