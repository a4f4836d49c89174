/* tree: the files and folders of a revision. */
#include <string.h>

#include "registry/http/limits.h"
#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/git/commit.h"

#define PAGE_LIMIT 1000
#define PAGE_LIMIT_EXPANDED 100 /* each looks back through the history */
#define PATHS_LIMIT 2000

struct page {
    struct entry_list entries;
    bool is_expanded;
};

/* An array of the entries, each with its last change when that is wanted. */
static int
answer(struct request *request, struct response *response,
       const struct target *target, const struct page *page, struct error *err)
{
    const struct entry_list *entries = &page->entries;
    json_t *array = json_keep(request->arena, json_array());
    struct commit **last = NULL;
    bool is_masked;

    if (target_is_masked(&is_masked, request, target, err) < 0)
        return -1;
    if (page->is_expanded &&
        commit_find_last(&last, target->view, &target->revision.commit, entries,
                         err) < 0)
        return -1;
    for (size_t i = 0; i < entries->count; i++)
        json_array_append_new(array,
                              shape_entry(&entries->entries[i], is_masked,
                                          last != NULL ? last[i] : NULL));
    response_json(response, 200, array);
    target_name_commit(response, target);
    return 0;
}

static int
tree_show(struct request *request, struct response *response, struct error *err)
{
    struct page page = {.is_expanded = request_query_flag(request, "expand")};
    int64_t most = page.is_expanded ? PAGE_LIMIT_EXPANDED : PAGE_LIMIT;
    const char *folder = request_param(request, "path");
    struct entry_range range = {
        .folder = folder != NULL ? folder : "",
        .is_recursive = request_query_flag(request, "recursive"),
        .after = request_query(request, "cursor"),
    };
    struct target target;
    int64_t limit;

    if (target_find(&target, request, err) < 0 ||
        request_query_int(&limit, request, "limit", most,
                          (int64_t[]){1, PAGE_LIMIT}, err) < 0)
        return -1;
    range.limit = (size_t)(limit < most ? limit : most);
    if (entry_list(&page.entries, target.view, &target.revision.commit, &range,
                   err) < 0 ||
        answer(request, response, &target, &page, err) < 0)
        return -1;
    if (page.entries.has_more) {
        const struct entry *end = &page.entries.entries[page.entries.count - 1];

        target_link_next(response, request,
                         arena_format(request->arena, "%s%s", end->path,
                                      end->is_folder ? "/" : ""));
    }
    return 0;
}

/* The paths of a JSON body, as the JavaScript client sends them. */
static int
read_json_paths(struct entry_wish *out, struct request *request,
                bool *out_expanded, struct error *err)
{
    const char **paths;
    const json_t *list;
    json_t *body;
    size_t count;

    if (request_json(&body, request, err) < 0)
        return -1;
    list = json_object_get(body, "paths");
    count = json_array_size(list);
    if (count > PATHS_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, "more than %d paths",
                         PATHS_LIMIT);
    *out_expanded = json_flag(body, "expand", false);
    paths = arena_array(request->arena, count, sizeof(*paths));
    for (size_t i = 0; i < count; i++) {
        paths[i] = json_string_value(json_array_get(list, i));
        if (paths[i] == NULL)
            return error_set(err, ERROR_BAD_REQUEST, "a path is a text");
    }
    *out = (struct entry_wish){paths, count};
    return 0;
}

/* The paths of a form, as the Python client sends them. */
static int
read_form_paths(struct entry_wish *out, struct request *request,
                bool *out_expanded, struct error *err)
{
    const char *expand = request_form(request, "expand", 0);
    const char *name;
    const char *value;
    const char **paths;
    size_t count = 0;
    size_t length;

    /* A form that cannot be read has no fields: not one that asks nothing. */
    if (request_body(&length, request) != NULL && length > 0 &&
        !request_form_at(&name, &value, request, 0))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the form cannot be read, or has more than %d fields",
                         LIMIT_FORM_FIELDS);
    while (request_form(request, "paths", count) != NULL)
        count++;
    if (count > PATHS_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, "more than %d paths",
                         PATHS_LIMIT);
    paths = arena_array(request->arena, count, sizeof(*paths));
    for (size_t i = 0; i < count; i++)
        paths[i] = request_form(request, "paths", i);
    *out_expanded = expand != NULL &&
                    (strcmp(expand, "true") == 0 ||
                     strcmp(expand, "True") == 0 || strcmp(expand, "1") == 0);
    *out = (struct entry_wish){paths, count};
    return 0;
}

static int
read_paths(struct entry_wish *out, struct request *request, bool *out_expanded,
           struct error *err)
{
    const char *type = request_header(request, "Content-Type");

    if (type != NULL && strncmp(type, "application/json", 16) == 0)
        return read_json_paths(out, request, out_expanded, err);
    return read_form_paths(out, request, out_expanded, err);
}

static int
paths_show(struct request *request, struct response *response,
           struct error *err)
{
    struct page page = {.is_expanded = false};
    struct entry_wish wish;
    struct target target;

    if (read_paths(&wish, request, &page.is_expanded, err) < 0 ||
        target_find(&target, request, err) < 0)
        return -1;
    if (entry_pick(&page.entries, target.view, &target.revision.commit, &wish,
                   err) < 0)
        return -1;
    return answer(request, response, &target, &page, err);
}

const struct route tree_routes[] = {
    {"GET", "/api/{types}/:namespace/:name/tree/:revision", RIGHT_SEE,
     tree_show, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/tree/:revision/*path", RIGHT_SEE,
     tree_show, NULL, 0},
    {"POST", "/api/{types}/:namespace/:name/paths-info/:revision", RIGHT_SEE,
     paths_show, NULL, 0},
    {0},
};
