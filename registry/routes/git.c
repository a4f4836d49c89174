/* git: clones and fetches over HTTP, behind the gate. */
#include <string.h>
#include <unistd.h>

#include "registry/http/refusal.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/buffer.h"
#include "storage/git/inflate.h"
#include "storage/git/serve.h"

#define ADVERTISEMENT "application/x-git-upload-pack-advertisement"
#define RESULT "application/x-git-upload-pack-result"

static int
refuse_push(struct error *err)
{
    return error_set(err, ERROR_FORBIDDEN,
                     "pushing comes in a later release; use weigh publish or "
                     "hf upload");
}

/* History, cards and pointers are behind the gate like what they point to. */
static int
open_gate(struct target *target, struct request *request, struct error *err)
{
    struct gate_answer answer;

    if (target_open(target, request, err) < 0)
        return -1;
    if (revision_find(&target->revision, target->view, "main", err) < 0 &&
        err->code != ERROR_REVISION_NOT_FOUND)
        return -1;
    if (target_ask(&answer, request, target, NULL, err) < 0)
        return -1;
    return answer.allowed ? 0 : refuse_gate(err, &answer, request);
}

static int
refs_show(struct request *request, struct response *response, struct error *err)
{
    const char *service = request_query(request, "service");
    struct buffer out = {0};
    struct target target;
    int result = -1;

    if (service != NULL && strcmp(service, "git-receive-pack") == 0)
        return refuse_push(err);
    if (service == NULL || strcmp(service, "git-upload-pack") != 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "only git's smart protocol is offered here");
    if (open_gate(&target, request, err) < 0 ||
        serve_advertise(&out, target.view, err) < 0)
        goto done;
    response_bytes(response, 200, ADVERTISEMENT,
                   arena_bytes(request->arena, out.bytes, out.length),
                   out.length);
    result = 0;

done:
    buffer_free(&out);
    return result;
}

/* The body as it was before git packed it. */
static int
read_body(struct buffer *out, struct request *request, struct error *err)
{
    const char *encoding = request_header(request, "Content-Encoding");
    const struct source *source = request_source(request);
    size_t length = (size_t)source->size_bytes;
    char *bytes = arena_alloc(request->arena, length + 1);

    if (source_read(source, bytes, 0, length, err) < 0)
        return -1;
    if (encoding != NULL &&
        (strcmp(encoding, "gzip") == 0 || strcmp(encoding, "x-gzip") == 0))
        return inflate_gzip(out, bytes, length, SERVE_BODY_LIMIT_BYTES, err);
    if (encoding != NULL && strcmp(encoding, "identity") != 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a body may be packed by gzip alone");
    return buffer_add(out, bytes, length, SERVE_BODY_LIMIT_BYTES, err);
}

static int
pack_create(struct request *request, struct response *response,
            struct error *err)
{
    struct buffer body = {0};
    struct target target;
    int fd = -1;
    int result = -1;

    if (open_gate(&target, request, err) < 0 ||
        read_body(&body, request, err) < 0 ||
        response_open_spool(&fd, response, err) < 0 ||
        serve_fetch(fd, target.view, body.bytes != NULL ? body.bytes : "",
                    body.length, err) < 0)
        goto done;
    response_spool(response, 200, RESULT, fd);
    fd = -1; /* the response's from here */
    result = 0;

done:
    buffer_free(&body);
    if (fd >= 0)
        close(fd);
    return result;
}

static int
push_refuse(struct request *request, struct response *response,
            struct error *err)
{
    (void)request;
    (void)response;
    return refuse_push(err);
}

const struct route git_routes[] = {
    {"GET", "/{prefix}:namespace/:name.git/info/refs", RIGHT_CONTENT, refs_show,
     NULL, 0},
    {"GET", "/{prefix}:namespace/:name/info/refs", RIGHT_CONTENT, refs_show,
     NULL, 0},
    {"POST", "/{prefix}:namespace/:name.git/git-upload-pack", RIGHT_CONTENT,
     pack_create, NULL, SERVE_BODY_LIMIT_BYTES},
    {"POST", "/{prefix}:namespace/:name/git-upload-pack", RIGHT_CONTENT,
     pack_create, NULL, SERVE_BODY_LIMIT_BYTES},
    {"POST", "/{prefix}:namespace/:name.git/git-receive-pack", RIGHT_CONTENT,
     push_refuse, NULL, SERVE_BODY_LIMIT_BYTES},
    {"POST", "/{prefix}:namespace/:name/git-receive-pack", RIGHT_CONTENT,
     push_refuse, NULL, SERVE_BODY_LIMIT_BYTES},
    {0},
};
