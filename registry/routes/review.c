/* review: the reviewers' side, in the Hub's words and with ours beside. */
#include "auth/review.h"

#include <string.h>

#include "auth/review_list.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/buffer.h"
#include "storage/base/clock.h"

#define BATCH_LIMIT 100

static const char *const statuses[] = {"pending", "accepted", "rejected",
                                       "reset", NULL};

static bool
is_status(const char *text)
{
    for (const char *const *status = statuses; *status != NULL; status++)
        if (strcmp(text, *status) == 0)
            return true;
    return false;
}

/* What every list can be narrowed by; the Hub's names and bounds. */
static int
read_query(struct review_query *out, struct request *request, struct error *err)
{
    static const int64_t bounds[] = {REVIEW_LIST_LIMIT_MIN,
                                     REVIEW_LIST_LIMIT_MAX};
    const char *after = request_query(request, "after");
    const char *before = request_query(request, "before");

    *out = (struct review_query){
        .url = request->service->url,
        .search = request_query(request, "q"),
        .before_ms = CLOCK_NEVER,
        .cursor = request_query(request, "cursor"),
    };
    if (after != NULL && !clock_parse(&out->after_ms, after))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid ISO datetime → at after");
    if (before != NULL && !clock_parse(&out->before_ms, before))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid ISO datetime → at before");
    if (out->search != NULL && strlen(out->search) > REVIEW_LIST_SEARCH_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Too big: expected string to have <=%d characters"
                         " → at q",
                         REVIEW_LIST_SEARCH_LIMIT);
    return request_query_int(&out->limit, request, "limit",
                             REVIEW_LIST_LIMIT_MAX, bounds, err);
}

static void
answer_page(struct request *request, struct response *response,
            const struct review_page *page)
{
    if (page->next != NULL)
        target_link_next(response, request, page->next);
    response_json(response, 200, page->items);
}

static int
requests_list(struct request *request, struct response *response,
              struct error *err)
{
    const char *status = request_param(request, "status");
    struct review_query query;
    struct review_page page;

    if (!is_status(status))
        return error_set(err, ERROR_NOT_FOUND, "there is no status %.40s",
                         status);
    if (read_query(&query, request, err) < 0)
        return -1;
    query.status = status;
    if (review_list(&page, request->db, request->arena, request->repository.id,
                    &query, err) < 0)
        return -1;
    answer_page(request, response, &page);
    return 0;
}

static int
queue_list(struct request *request, struct response *response,
           struct error *err)
{
    const char *status = request_query(request, "status");
    struct review_query query;
    struct review_page page;

    if (status != NULL && !is_status(status))
        return error_set(err, ERROR_BAD_REQUEST, "there is no status %.40s",
                         status);
    if (read_query(&query, request, err) < 0)
        return -1;
    query.status = status != NULL ? status : "pending";
    if (review_list_queue(&page, request->db, request->arena,
                          request->caller.account, &query, err) < 0)
        return -1;
    answer_page(request, response, &page);
    return 0;
}

static int
queue_show(struct request *request, struct response *response,
           struct error *err)
{
    const struct review_query query = {
        .url = request->service->url,
        .search = request_param(request, "request"),
    };
    json_t *item;

    if (review_list_find(&item, request->db, request->arena,
                         request->caller.account, &query, err) < 0)
        return -1;
    response_json(response, 200, item);
    return 0;
}

/* Whose request a body speaks of: exactly one of the three. */
static int
read_target(struct review_target *out, const json_t *asked, struct error *err)
{
    int count;

    *out = (struct review_target){
        .user = json_text(asked, "user"),
        .user_id = json_text(asked, "userId"),
        .request = json_text(asked, "requestId"),
    };
    count =
        (out->user != NULL) + (out->user_id != NULL) + (out->request != NULL);
    if (count != 1)
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: exactly one of user, userId and "
                         "requestId is wanted");
    return 0;
}

/* The reason that belongs to the status; one that does not is a mistake. */
static int
read_reason(struct review *out, const json_t *asked, struct error *err)
{
    static const char *const names[] = {"rejectionReason", "resetReason"};
    static const char *const owners[] = {"rejected", "reset"};

    for (size_t i = 0; i < 2; i++) {
        const json_t *value = json_object_get(asked, names[i]);

        if (value == NULL || json_is_null(value))
            continue;
        if (!json_is_string(value) || strcmp(out->status, owners[i]) != 0)
            return error_set(err, ERROR_BAD_REQUEST,
                             "✖ Invalid input: only %s takes a reason → at %s",
                             owners[i], names[i]);
        if (json_string_value(value)[0] != '\0')
            out->reason = json_string_value(value);
    }
    return 0;
}

static int
read_until(struct review *out, const json_t *asked, struct error *err)
{
    const json_t *until = json_object_get(asked, "until");

    out->until_ms = CLOCK_NEVER;
    if (until == NULL || json_is_null(until))
        return 0;
    if (!json_is_string(until) ||
        !clock_parse(&out->until_ms, json_string_value(until)))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid ISO datetime → at until");
    return 0;
}

static int
read_review(struct review *out, json_t **out_asked, struct request *request,
            struct error *err)
{
    *out = (struct review){.repository = &request->repository,
                           .caller = &request->caller,
                           .until_ms = CLOCK_NEVER};
    return request_json(out_asked, request, err);
}

static int
read_status(struct review *out, const json_t *asked, struct error *err)
{
    out->status = json_text(asked, "status");
    if (out->status == NULL || !is_status(out->status))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid option: expected one of \"accepted\"|"
                         "\"rejected\"|\"pending\"|\"reset\" → at status");
    return 0;
}

static void
answer_done(struct request *request, struct response *response)
{
    response_json(response, 200, json_keep(request->arena, json_object()));
}

static int
request_handle(struct request *request, struct response *response,
               struct error *err)
{
    struct review review;
    json_t *asked;

    if (read_review(&review, &asked, request, err) < 0 ||
        read_status(&review, asked, err) < 0 ||
        read_target(&review.target, asked, err) < 0 ||
        read_reason(&review, asked, err) < 0 ||
        read_until(&review, asked, err) < 0 ||
        review_decide(request->db, request->arena, &review, err) < 0)
        return -1;
    answer_done(request, response);
    return 0;
}

static int
request_grant(struct request *request, struct response *response,
              struct error *err)
{
    struct review review;
    json_t *asked;

    if (read_review(&review, &asked, request, err) < 0)
        return -1;
    review.status = "accepted";
    if (read_target(&review.target, asked, err) < 0 ||
        read_until(&review, asked, err) < 0 ||
        review_grant(request->db, request->arena, &review, err) < 0)
        return -1;
    answer_done(request, response);
    return 0;
}

/* Ours: {user | userId | requestId, reason?, final?}. */
static int
request_revoke(struct request *request, struct response *response,
               struct error *err)
{
    struct review review;
    json_t *asked;

    if (read_review(&review, &asked, request, err) < 0)
        return -1;
    review.status = json_flag(asked, "final", false) ? "rejected" : "reset";
    review.reason = json_text(asked, "reason");
    if (read_target(&review.target, asked, err) < 0 ||
        review_revoke(request->db, request->arena, &review, err) < 0)
        return -1;
    answer_done(request, response);
    return 0;
}

/* One of a batch; what is refused by the gate's rules is told per item. */
static int
decide_item(json_t **out, struct request *request, struct review *review,
            const json_t *item, struct error *err)
{
    static const char *const outcomes[] = {
        [REVIEW_OK] = NULL,
        [REVIEW_USER_NOT_FOUND] = "user_not_found",
        [REVIEW_REQUEST_NOT_FOUND] = "request_not_found",
    };
    enum review_outcome outcome = REVIEW_OK;
    const char *problem;

    if (read_target(&review->target, item, err) < 0)
        return -1;
    if (review_decide_one(&outcome, request->db, request->arena, review, err) <
        0) {
        if (err->code != ERROR_FORBIDDEN && err->code != ERROR_CONFLICT)
            return -1;
        problem = err->message;
    } else {
        problem = outcomes[outcome];
    }
    *out = json_pack("{s:s*, s:s*, s:s*, s:b, s:s*}", "user",
                     review->target.user, "userId", review->target.user_id,
                     "requestId", review->target.request, "ok",
                     (int)(problem == NULL), "error", problem);
    return 0;
}

static int
request_batch(struct request *request, struct response *response,
              struct error *err)
{
    const json_t *items;
    struct review review;
    json_t *asked;
    json_t *body;
    size_t count;

    if (read_review(&review, &asked, request, err) < 0 ||
        read_status(&review, asked, err) < 0 ||
        read_reason(&review, asked, err) < 0)
        return -1;
    items = json_object_get(asked, "requests");
    count = json_array_size(items);
    if (count < 1 || count > BATCH_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: expected 1 to %d → at requests",
                         BATCH_LIMIT);
    body = json_keep(request->arena, json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *item;

        if (decide_item(&item, request, &review, json_array_get(items, i),
                        err) < 0)
            return -1;
        json_array_append_new(body, item);
    }
    response_json(response, 200, body);
    return 0;
}

/* Adds one page of the report, and says where the next one begins. */
static int
add_report_page(struct buffer *out, struct request *request,
                struct review_query *query, struct error *err)
{
    struct arena *arena = arena_open();
    struct review_page page;
    int result = review_list(&page, request->db, arena, request->repository.id,
                             query, err);

    for (size_t i = 0; result == 0 && i < json_array_size(page.items); i++) {
        json_t *entry = review_list_report(json_array_get(page.items, i));

        buffer_append_text(out, out->length == 0 ? "[" : ",");
        buffer_append_text(out,
                           json_write(NULL, arena, json_keep(arena, entry)));
    }
    if (result == 0)
        query->cursor = arena_text(request->arena, page.next);
    arena_free(arena);
    return result;
}

static void
free_buffer(void *buffer)
{
    buffer_free(buffer);
}

/* A page at a time, since the rows of all would fill the memory. */
static int
report_show(struct request *request, struct response *response,
            struct error *err)
{
    const struct repository *repository = &request->repository;
    struct review_query query = {.url = request->service->url,
                                 .before_ms = CLOCK_NEVER,
                                 .limit = REVIEW_LIST_LIMIT_MAX};
    struct buffer *report = arena_alloc(request->arena, sizeof(*report));

    arena_defer(request->arena, free_buffer, report);
    do {
        if (add_report_page(report, request, &query, err) < 0)
            return -1;
    } while (query.cursor != NULL);
    buffer_append_text(report, report->length == 0 ? "[]" : "]");
    response_bytes(response, 200, "application/json", report->bytes,
                   report->length);
    response_header(
        response, "Content-Disposition",
        arena_format(request->arena,
                     "attachment; filename=user-access-report-%s-%s.json",
                     repository->namespace_name, repository->name));
    return 0;
}

#define REQUESTS "/api/{types}/:namespace/:name/user-access-request"
const struct route review_routes[] = {
    {"GET", REQUESTS "/:status", RIGHT_REVIEW, requests_list, NULL, 0},
    {"POST", REQUESTS "/handle", RIGHT_REVIEW, request_handle, NULL, 0},
    {"POST", REQUESTS "/grant", RIGHT_REVIEW, request_grant, NULL, 0},
    {"POST", REQUESTS "/batch", RIGHT_REVIEW, request_batch, NULL, 0},
    {"POST", REQUESTS "/revoke", RIGHT_REVIEW, request_revoke, NULL, 0},
    {"GET", "/{prefix}:namespace/:name/user-access-report", RIGHT_REVIEW,
     report_show, NULL, 0},
    {"GET", "/api/reviews", RIGHT_ACCOUNT, queue_list, NULL, 0},
    {"GET", "/api/reviews/:request", RIGHT_ACCOUNT, queue_show, NULL, 0},
    {0},
};
#undef REQUESTS
