#include "registry/routes/target.h"

#include <string.h>

#include "registry/http/refusal.h"
#include "storage/base/buffer.h"
#include "storage/base/text.h"

int
target_open(struct target *out, struct request *request, struct error *err)
{
    *out = (struct target){0};
    return view_open(&out->view, request->db, request->arena,
                     request->repository.id, err);
}

int
target_find(struct target *out, struct request *request, struct error *err)
{
    if (target_open(out, request, err) < 0)
        return -1;
    return revision_find(&out->revision, out->view,
                         request_param(request, "revision"), err);
}

int
target_ask(struct gate_answer *out, struct request *request,
           const struct target *target, const char *path, struct error *err)
{
    const struct gate_object object = {
        .repository = &request->repository,
        .standing = &request->standing,
        .facts = request->door != NULL ? &request->door->facts : NULL,
        .commit = oid_is_zero(&target->revision.commit)
                      ? NULL
                      : target->revision.commit.bytes,
        .path = path,
        .arena = request->arena,
    };

    return gate_check(out, request->db, &request->caller, &object, err);
}

int
target_is_masked(bool *out, struct request *request,
                 const struct target *target, struct error *err)
{
    struct gate_answer answer;

    if (target_ask(&answer, request, target, NULL, err) < 0)
        return -1;
    *out = !answer.allowed;
    if (!answer.allowed &&
        strncmp(request->caller.user_agent, "llama-cpp", 9) == 0)
        return refuse_gate(err, &answer, request);
    return 0;
}

const char *
target_url(const struct request *request)
{
    const struct repository *repository = &request->repository;

    return arena_format(request->arena, "%s/%s%s", request->service->url,
                        repository_kind_prefix(repository->kind),
                        repository->full_name);
}

void
target_name_commit(struct response *response, const struct target *target)
{
    char text[OID_TEXT_SIZE];

    oid_write(text, &target->revision.commit);
    response_header(response, "X-Repo-Commit", text);
}

/* The query without the cursor, followed by '&' where there is any. */
static void
copy_query(struct buffer *out, const char *query)
{
    while (*query != '\0' && *query != '#') {
        size_t length = strcspn(query, "&#");

        if (length > 0 && strncmp(query, "cursor=", 7) != 0) {
            buffer_append(out, query, length);
            buffer_append(out, "&", 1);
        }
        query += length;
        query += *query == '&';
    }
}

void
target_link_next(struct response *response, const struct request *request,
                 const char *cursor)
{
    size_t path = strcspn(request->target, "?#");
    struct buffer link = {0};

    buffer_append_format(&link, "<%s%.*s?", request->service->url, (int)path,
                         request->target);
    if (request->target[path] == '?')
        copy_query(&link, request->target + path + 1);
    buffer_append_format(&link, "cursor=%s>; rel=\"next\"",
                         text_percent_write(request->arena, cursor, ""));
    response_header(response, "Link", link.bytes);
    buffer_free(&link);
}

const char *
target_email(const struct request *request)
{
    const char *host = strstr(request->service->url, "://");

    host = host != NULL ? host + 3 : request->service->url;
    return arena_format(request->arena, "%s@users.noreply.%.*s",
                        request->caller.name, (int)strcspn(host, ":/"), host);
}
