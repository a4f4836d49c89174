/* list: repositories that match, a page at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/db/summary.h"

#define FILTERS_LIMIT 32
#define LIMIT_DEFAULT 1000

/* The Hub's names of orders; trending is by downloads here. */
static const struct {
    const char *name;
    enum summary_order order;
} orders[] = {
    {"lastModified", SUMMARY_BY_UPDATED},
    {"last_modified", SUMMARY_BY_UPDATED},
    {"createdAt", SUMMARY_BY_CREATED},
    {"created_at", SUMMARY_BY_CREATED},
    {"downloads", SUMMARY_BY_DOWNLOADS},
    {"likes", SUMMARY_BY_DOWNLOADS},
    {"trendingScore", SUMMARY_BY_DOWNLOADS},
    {"trending_score", SUMMARY_BY_DOWNLOADS},
};

static int
read_order(struct summary_filter *out, const struct request *request,
           struct error *err)
{
    const char *sort = request_query(request, "sort");
    const char *direction = request_query(request, "direction");

    out->order = SUMMARY_BY_UPDATED;
    out->is_ascending = direction != NULL && strcmp(direction, "1") == 0;
    if (sort == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (strcmp(orders[i].name, sort) == 0) {
            out->order = orders[i].order;
            return 0;
        }
    return error_set(err, ERROR_BAD_REQUEST, "there is no order \"%.100s\"",
                     sort);
}

static int
read_tags(struct summary_filter *out, const struct request *request,
          struct error *err)
{
    const char **tags =
        arena_array(request->arena, FILTERS_LIMIT, sizeof(*tags));
    const char *tag;

    for (size_t i = 0; (tag = request_query_at(request, "filter", i)) != NULL;
         i++) {
        char *list = arena_text(request->arena, tag);

        for (char *item = list; *item != '\0';) {
            size_t length = strcspn(item, ",");
            bool is_last = item[length] == '\0';

            if (out->tag_count == FILTERS_LIMIT)
                return error_set(err, ERROR_BAD_REQUEST, "too many filters");
            item[length] = '\0';
            if (length > 0)
                tags[out->tag_count++] = item;
            item += length + !is_last;
        }
    }
    tag = request_query(request, "pipeline_tag");
    if (tag != NULL && out->tag_count < FILTERS_LIMIT)
        tags[out->tag_count++] = tag;
    out->tags = tags;
    return 0;
}

/* "KEY.ID", as list wrote it. */
static int
read_cursor(struct summary_filter *out, const struct request *request,
            struct error *err)
{
    const char *cursor = request_query(request, "cursor");
    char *end;

    if (cursor == NULL)
        return 0;
    out->after_key = strtoll(cursor, &end, 10);
    if (*end == '.')
        out->after_id = strtoll(end + 1, &end, 10);
    if (*end != '\0' || out->after_id <= 0)
        return error_set(err, ERROR_BAD_REQUEST, "the cursor is not ours");
    return 0;
}

static int
read_filter(struct summary_filter *out, const struct request *request,
            struct error *err)
{
    const char *gated = request_query(request, "gated");
    int64_t limit;

    *out = (struct summary_filter){
        .author = request_query(request, "author"),
        .search = request_query(request, "search"),
        .gated = gated == NULL ? -1 : request_query_flag(request, "gated"),
    };
    /* A fine-grained token does not show what its account could see. */
    if (request->caller.role != TOKEN_FINE_GRAINED)
        out->viewer = request->caller.account;
    if (request_query_int(&limit, request, "limit", LIMIT_DEFAULT,
                          (int64_t[]){1, SUMMARY_PAGE}, err) < 0 ||
        read_order(out, request, err) < 0 || read_tags(out, request, err) < 0)
        return -1;
    out->limit = (size_t)limit;
    return read_cursor(out, request, err);
}

static int
list(struct request *request, struct response *response,
     enum repository_kind kind, struct error *err)
{
    json_t *array = json_keep(request->arena, json_array());
    struct summary_filter filter;
    struct summary_list found;

    if (shape_check_expand(request, kind, err) < 0 ||
        read_filter(&filter, request, err) < 0)
        return -1;
    filter.kind = kind;
    if (summary_list(&found, request->db, request->arena, &filter, err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++)
        json_array_append_new(
            array,
            shape_expand(request, shape_repository(request->arena,
                                                   &found.items[i].repository,
                                                   &found.items[i].summary)));
    if (found.has_more)
        target_link_next(
            response, request,
            arena_format(request->arena, "%" PRId64 ".%" PRId64, found.last_key,
                         found.items[found.count - 1].repository.id));
    response_json(response, 200, array);
    return 0;
}

static int
list_models(struct request *request, struct response *response,
            struct error *err)
{
    return list(request, response, REPOSITORY_MODEL, err);
}

static int
list_datasets(struct request *request, struct response *response,
              struct error *err)
{
    return list(request, response, REPOSITORY_DATASET, err);
}

static int
list_spaces(struct request *request, struct response *response,
            struct error *err)
{
    return list(request, response, REPOSITORY_SPACE, err);
}

const struct route list_routes[] = {
    {"GET", "/api/models", RIGHT_PUBLIC, list_models, NULL, 0},
    {"GET", "/api/datasets", RIGHT_PUBLIC, list_datasets, NULL, 0},
    {"GET", "/api/spaces", RIGHT_PUBLIC, list_spaces, NULL, 0},
    {0},
};
