/* history: the commits of a revision, newest first. */
#include <inttypes.h>
#include <string.h>

#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/git/commit.h"

#define PAGE_LIMIT 1000
#define PAGE_DEFAULT 50

/* The address of page number p, for Link. */
static const char *
page_link(struct request *request, int64_t p, int64_t limit)
{
    return arena_format(
        request->arena,
        "<%s%.*s?p=%" PRId64 "&limit=%" PRId64 "%s>; "
        "rel=\"next\"",
        request->service->url, (int)strcspn(request->target, "?#"),
        request->target, p, limit,
        shape_is_expanded(request, "formatted") ? "&expand[]=formatted" : "");
}

static int
history_show(struct request *request, struct response *response,
             struct error *err)
{
    json_t *array = json_keep(request->arena, json_array());
    struct commit_list list;
    struct target target;
    int64_t limit;
    int64_t p;

    if (target_find(&target, request, err) < 0 ||
        request_query_int(&p, request, "p", 0,
                          (int64_t[]){0, COMMIT_WALK_LIMIT}, err) < 0 ||
        request_query_int(&limit, request, "limit", PAGE_DEFAULT,
                          (int64_t[]){1, PAGE_LIMIT}, err) < 0 ||
        commit_list(&list, target.view,
                    &(struct commit_range){target.revision.commit,
                                           (size_t)(p * limit), (size_t)limit},
                    err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        json_array_append_new(
            array, shape_commit(&list.commits[i],
                                shape_is_expanded(request, "formatted")));
    response_header(response, "X-Total-Count",
                    arena_format(request->arena, "%zu", list.total));
    if ((size_t)((p + 1) * limit) < list.total)
        response_header(response, "Link", page_link(request, p + 1, limit));
    response_json(response, 200, array);
    return 0;
}

const struct route history_routes[] = {
    {"GET", "/api/{types}/:namespace/:name/commits/:revision", RIGHT_SEE,
     history_show, NULL, 0},
    {0},
};
