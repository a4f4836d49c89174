/* access: the requester's side: asking, withdrawing, one's own requests. */
#include <string.h>

#include "auth/agreement_store.h"
#include "auth/ask.h"
#include "auth/notice.h"
#include "auth/review_list.h"
#include "registry/routes/asking.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"

static int
ask_create(struct request *request, struct response *response,
           struct error *err)
{
    struct ask_result asked;
    json_t *body;

    if (asking_submit(&asked, request, err) < 0)
        return -1;
    body = json_pack("{s:s, s:s, s:b, s:s?}", "requestId", asked.request,
                     "status", asked.status, "changed", (int)asked.has_changed,
                     "receipt", asked.receipt);
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

static int
ask_cancel(struct request *request, struct response *response,
           struct error *err)
{
    if (ask_withdraw(request->db, request->arena, &request->repository,
                     &request->caller, err) < 0)
        return -1;
    response_json(response, 200,
                  json_keep(request->arena, json_pack("{s:b}", "ok", 1)));
    return 0;
}

/* The caller's own request for this repository. */
static int
ask_show(struct request *request, struct response *response, struct error *err)
{
    const struct review_query query = {.url = request->service->url,
                                       .before_ms = CLOCK_NEVER,
                                       .account = request->caller.account,
                                       .limit = 1};
    struct review_page page;

    if (review_list(&page, request->db, request->arena, request->repository.id,
                    &query, err) < 0)
        return -1;
    if (json_array_size(page.items) == 0)
        return error_set(err, ERROR_NOT_FOUND,
                         "you have not asked for access to %s",
                         request->repository.full_name);
    response_json(response, 200, json_array_get(page.items, 0));
    return 0;
}

static int
receipt_show(struct request *request, struct response *response,
             struct error *err)
{
    const char *receipt;

    if (agreement_store_find_receipt(&receipt, request->db, request->arena,
                                     request->repository.id,
                                     request->caller.account, err) < 0)
        return -1;
    if (receipt == NULL)
        return error_set(err, ERROR_NOT_FOUND,
                         "you have agreed to no licence of %s",
                         request->repository.full_name);
    response_bytes(response, 200, "application/json", receipt, strlen(receipt));
    return 0;
}

static int
own_list(struct request *request, struct response *response, struct error *err)
{
    static const int64_t bounds[] = {REVIEW_LIST_LIMIT_MIN,
                                     REVIEW_LIST_LIMIT_MAX};
    struct review_query query = {
        .url = request->service->url,
        .before_ms = CLOCK_NEVER,
        .cursor = request_query(request, "cursor"),
    };
    struct review_page page;

    if (request_query_int(&query.limit, request, "limit", REVIEW_LIST_LIMIT_MAX,
                          bounds, err) < 0 ||
        review_list_own(&page, request->db, request->arena,
                        request->caller.account, &query, err) < 0)
        return -1;
    if (page.next != NULL)
        target_link_next(response, request, page.next);
    response_json(response, 200, page.items);
    return 0;
}

/* The Hub's switch of mails; of its many keys one means something here. */
static int
notifications_change(struct request *request, struct response *response,
                     struct error *err)
{
    const json_t *wanted;
    json_t *asked;

    if (request_json(&asked, request, err) < 0)
        return -1;
    wanted = json_object_get(asked, "gated_user_access_request");
    if (wanted != NULL && !json_is_boolean(wanted))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: expected boolean → at "
                         "gated_user_access_request");
    if (wanted != NULL &&
        notice_set_wanted(request->db, request->arena, request->caller.account,
                          json_is_true(wanted), err) < 0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

#define REQUESTS "/api/{types}/:namespace/:name/user-access-request"
const struct route access_routes[] = {
    {"POST", REQUESTS, RIGHT_ASK, ask_create, NULL, 0},
    {"GET", REQUESTS, RIGHT_ASK, ask_show, NULL, 0},
    {"POST", REQUESTS "/cancel", RIGHT_ASK, ask_cancel, NULL, 0},
    {"GET", REQUESTS "/receipt", RIGHT_ASK, receipt_show, NULL, 0},
    {"GET", "/api/settings/gated-repos", RIGHT_SIGNED_IN, own_list, NULL, 0},
    {"PATCH", "/api/settings/notifications", RIGHT_ACCOUNT,
     notifications_change, NULL, 0},
    {0},
};
#undef REQUESTS
