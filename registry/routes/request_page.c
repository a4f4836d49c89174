/* request_page: my requests, and the requests that I decide. */
#include <inttypes.h>
#include <string.h>

#include "auth/review.h"
#include "auth/review_list.h"
#include "registry/routes/notice.h"
#include "registry/routes/routes.h"
#include "storage/base/clock.h"

#define PAGE_ITEMS 50
#define SHORT_ID 8    /* digits of a request's id that a person needs */
#define DAY_LENGTH 10 /* "2026-11-24" */

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* "2026-11-24 05:23" */
static const char *
minute_text(struct arena *arena, const char *at)
{
    return at == NULL ? ""
                      : arena_format(arena, "%.*s %.5s", DAY_LENGTH, at,
                                     at + DAY_LENGTH + 1);
}

/* "acme/tiny", "datasets/acme/words" */
static const char *
item_path(struct arena *arena, const json_t *item)
{
    const json_t *repo = json_object_get(item, "repo");
    enum repository_kind kind = REPOSITORY_MODEL;

    (void)repository_kind_parse(&kind, or_empty(json_text(repo, "type")));
    return arena_format(arena, "%s%s", repository_kind_prefix(kind),
                        or_empty(json_text(repo, "name")));
}

static int
render_action(const struct html **out, struct request *request,
              const json_t *item, struct error *err)
{
    *out = page_empty();
    if (strcmp(or_empty(json_text(item, "status")), "pending") != 0)
        return 0;
    return page_render(out, request->arena, "gated_withdraw",
                       (struct page_hole[]){
                           {"path", item_path(request->arena, item), NULL},
                           {"csrf", page_csrf(request), NULL},
                           {0},
                       },
                       err);
}

static int
render_own(const struct html **out, struct request *request, const json_t *item,
           struct error *err)
{
    struct arena *arena = request->arena;
    const char *asked_at = or_empty(json_text(item, "timestamp"));
    const struct html *action;

    if (render_action(&action, request, item, err) < 0)
        return -1;
    return page_render(
        out, arena, "gated_row",
        (struct page_hole[]){
            {"path", item_path(arena, item), NULL},
            {"asked_at", asked_at, NULL},
            {"asked_on", minute_text(arena, asked_at), NULL},
            {"status", json_text(item, "status"), NULL},
            {"reason", or_empty(json_text(item, "reason")), NULL},
            {"ends", minute_text(arena, json_text(item, "grantEndsAt")), NULL},
            {"action", NULL, action},
            {0},
        },
        err);
}

static int
render_answers(const struct html **out, struct request *request,
               const json_t *item, struct error *err)
{
    json_t *answers = json_object_get(item, "fields");
    const struct html **parts = arena_array(
        request->arena, json_object_size(answers), sizeof(const struct html *));
    const char *question;
    json_t *answer;
    size_t count = 0;

    json_object_foreach(answers, question, answer)
    {
        if (page_render(
                &parts[count++], request->arena, "reviews_answer",
                (struct page_hole[]){
                    {"question", question, NULL},
                    {"answer", or_empty(json_string_value(answer)), NULL},
                    {0},
                },
                err) < 0)
            return -1;
    }
    *out = page_join(request->arena, parts, count);
    return 0;
}

static int
render_votes(const struct html **out, struct request *request,
             const json_t *item, struct error *err)
{
    int64_t votes = json_number(item, "votes", 0);

    *out = page_empty();
    if (votes == 0)
        return 0;
    return page_render(
        out, request->arena, "reviews_votes",
        (struct page_hole[]){
            {"count", arena_format(request->arena, "%" PRId64, votes), NULL},
            {0},
        },
        err);
}

static const char *
agreement_text(struct arena *arena, const json_t *item)
{
    const json_t *agreement = json_object_get(item, "agreement");

    if (agreement == NULL)
        return "none";
    return arena_format(arena, "licence sha256:%.12s…, given by %s on %s",
                        or_empty(json_text(agreement, "licence")),
                        or_empty(json_text(agreement, "given")),
                        minute_text(arena, json_text(agreement, "agreedAt")));
}

static int
render_review(const struct html **out, struct request *request,
              const json_t *item, struct error *err)
{
    struct arena *arena = request->arena;
    const json_t *user = json_object_get(item, "user");
    const char *id = or_empty(json_text(item, "requestId"));
    const char *asked_at = or_empty(json_text(item, "timestamp"));
    const struct html *answers;
    const struct html *votes;

    if (render_answers(&answers, request, item, err) < 0 ||
        render_votes(&votes, request, item, err) < 0)
        return -1;
    return page_render(
        out, arena, "reviews_row",
        (struct page_hole[]){
            {"person", or_empty(json_text(user, "user")), NULL},
            {"path", item_path(arena, item), NULL},
            {"id", arena_format(arena, "%.*s", SHORT_ID, id), NULL},
            {"request", id, NULL},
            {"fullname", or_empty(json_text(user, "fullname")), NULL},
            {"email", or_empty(json_text(user, "email")), NULL},
            {"asked_at", asked_at, NULL},
            {"asked_on", minute_text(arena, asked_at), NULL},
            {"agreement", agreement_text(arena, item), NULL},
            {"answers", NULL, answers},
            {"votes", NULL, votes},
            {"csrf", page_csrf(request), NULL},
            {0},
        },
        err);
}

/* One of the two lists: how it is found, shown, and called. */
struct listing {
    const char *path;
    const char *title;
    const char *page; /* with "_list" and "_none" */
    int (*find)(struct review_page *out, struct db *db, struct arena *arena,
                int64_t account, const struct review_query *query,
                struct error *err);
    int (*render)(const struct html **out, struct request *request,
                  const json_t *item, struct error *err);
};

static const struct listing own_listing = {
    "/settings/gated-repos", "My requests", "gated",
    review_list_own,         render_own,
};
static const struct listing review_listing = {
    "/reviews", "Reviews", "reviews", review_list_queue, render_review,
};

static int
render_next(const struct html **out, struct request *request,
            const struct listing *listing, const char *next, struct error *err)
{
    *out = page_empty();
    if (next == NULL)
        return 0;
    return page_render(
        out, request->arena, "reviews_next",
        (struct page_hole[]){
            {"address",
             arena_format(request->arena, "%s?cursor=%s", listing->path, next),
             NULL},
            {0},
        },
        err);
}

static int
render_list(const struct html **out, struct request *request,
            const struct listing *listing, struct error *err)
{
    struct arena *arena = request->arena;
    const struct review_query query = {
        .url = request->service->url,
        .status = "pending", /* of the queue; one's own have any */
        .before_ms = CLOCK_NEVER,
        .cursor = request_query(request, "cursor"),
        .limit = PAGE_ITEMS,
    };
    const struct html **parts;
    const struct html *next;
    struct review_page page;
    size_t count;

    if (listing->find(&page, request->db, arena, request->caller.account,
                      &query, err) < 0)
        return -1;
    count = json_array_size(page.items);
    if (count == 0)
        return page_render(out, arena,
                           arena_format(arena, "%s_none", listing->page),
                           (struct page_hole[]){{0}}, err);
    parts = arena_array(arena, count, sizeof(const struct html *));
    for (size_t i = 0; i < count; i++)
        if (listing->render(&parts[i], request, json_array_get(page.items, i),
                            err) < 0)
            return -1;
    if (render_next(&next, request, listing, page.next, err) < 0)
        return -1;
    return page_render(out, arena,
                       arena_format(arena, "%s_list", listing->page),
                       (struct page_hole[]){
                           {"rows", NULL, page_join(arena, parts, count)},
                           {"next", NULL, next},
                           {0},
                       },
                       err);
}

static int
answer_listing(struct request *request, struct response *response,
               const struct listing *listing, const struct html *notice,
               struct error *err)
{
    const struct html *list;
    const struct html *body;

    if (render_list(&list, request, listing, err) < 0 ||
        page_render(&body, request->arena, listing->page,
                    (struct page_hole[]){
                        {"notice", NULL, notice},
                        {"list", NULL, list},
                        {0},
                    },
                    err) < 0)
        return -1;
    return page_answer(request, response, listing->title, body, err);
}

static int
own_show(struct request *request, struct response *response, struct error *err)
{
    return answer_listing(request, response, &own_listing, page_empty(), err);
}

static int
reviews_show(struct request *request, struct response *response,
             struct error *err)
{
    return answer_listing(request, response, &review_listing, page_empty(),
                          err);
}

static int
decide(struct request *request, struct error *err)
{
    struct review review = {
        .repository = &request->repository,
        .caller = &request->caller,
        .target = {.request = request_form(request, "request", 0)},
        .status = notice_field(request, "status"),
        .reason = request_form(request, "reason", 0),
        .until_ms = CLOCK_NEVER,
    };
    bool takes_reason = strcmp(review.status, "rejected") == 0 ||
                        strcmp(review.status, "reset") == 0;

    if (review.target.request == NULL ||
        (!takes_reason && strcmp(review.status, "accepted") != 0))
        return error_set(err, ERROR_BAD_REQUEST, "the form is not complete");
    if (!takes_reason || or_empty(review.reason)[0] == '\0')
        review.reason = NULL;
    return review_decide(request->db, request->arena, &review, err);
}

/* Back to the queue; what was refused is told above it. */
static int
review_submit(struct request *request, struct response *response,
              struct error *err)
{
    const struct html *notice;
    struct error refusal;

    if (request_check_csrf(request, err) < 0)
        return -1;
    if (decide(request, &refusal) == 0) {
        response_redirect(response, 303, review_listing.path);
        return 0;
    }
    if (!notice_is_for_form(&refusal)) {
        *err = refusal;
        return -1;
    }
    if (notice_bad(&notice, request->arena, refusal.message, err) < 0 ||
        answer_listing(request, response, &review_listing, notice, err) < 0)
        return -1;
    notice_set_status(response, request, &refusal);
    return 0;
}

const struct route request_page_routes[] = {
    {"GET", "/settings/gated-repos", RIGHT_SIGNED_IN, own_show, NULL, 0},
    {"GET", "/reviews", RIGHT_ACCOUNT, reviews_show, NULL, 0},
    {"POST", "/{prefix}:namespace/:name/review-access", RIGHT_REVIEW,
     review_submit, NULL, 0},
    {0},
};
