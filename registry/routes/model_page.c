/* model_page: the page of one repository, with its gate and the form. */
#include <string.h>

#include "auth/access.h"
#include "auth/form.h"
#include "auth/gate_settings.h"
#include "auth/review_list.h"
#include "registry/routes/asking.h"
#include "registry/routes/model_form.h"
#include "registry/routes/notice.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"
#include "storage/model/card.h"

/* A card is shown as far as this; the rest is in the file. */
#define CARD_SHOWN_BYTES ((size_t)256 * 1024)

#define DAY_LENGTH 10 /* "2026-11-24" */

/* What the page says where the gate answers so. */
static const struct state {
    const char *title;
    const char *text;
    const char *label; /* of the answer's detail */
    bool has_form;
} states[] = {
    [GATE_OPEN] = {"Open", "Everybody may download it.", NULL, false},
    [GATE_EXEMPT] = {"Open", "Everybody may download it.", NULL, false},
    [GATE_OWNER] = {"You own it", "You may download it without asking.", NULL,
                    false},
    [GATE_MEMBER] = {"You are a member of its organisation",
                     "You may download it without asking.", NULL, false},
    [GATE_GRANTED] = {"You have access", "You may download it.", NULL, false},
    [GATE_ANONYMOUS] = {"Access is restricted",
                        "You must sign in and ask for access.", NULL, false},
    [GATE_NO_REQUEST] = {"Access is restricted",
                         "You have not asked for access yet.", NULL, true},
    [GATE_PENDING] = {"Your request waits",
                      "The reviewers have not decided yet.", NULL, false},
    [GATE_REJECTED] = {"Your request was rejected",
                       "The reviewers decided against it.", "Their reason",
                       false},
    [GATE_RESET] = {"Ask again",
                    "The reviewers withdrew your access or your request. You "
                    "may ask again.",
                    "Their reason", true},
    [GATE_EXPIRED] = {"Your access has ended",
                      "Its time is over. You may ask again.", NULL, true},
    [GATE_LICENCE] = {"The licence changed",
                      "You have been accepted; what is missing is your "
                      "agreement to the licence as it is now.",
                      "The licence now", true},
    [GATE_EMBARGO] = {"Not released yet",
                      "Nobody may download it before its release.",
                      "Its release", false},
    [GATE_TOKEN] = {"Your session does not reach it", "Sign in again.", NULL,
                    false},
    [GATE_DISABLED] = {"Switched off", "Access to this resource is disabled.",
                       NULL, false},
};

/* One page on its way. */
struct work {
    struct request *request;
    struct gate_settings settings;
    struct form form;
    struct gate_answer answer;
    const json_t *own; /* the caller's request; NULL: none */
    const char *path;  /* "acme/tiny", "datasets/acme/words" */
    bool is_sent;      /* the form was sent and refused */
};

static int
find_own(struct work *work, struct error *err)
{
    struct request *request = work->request;
    const struct review_query query = {.url = request->service->url,
                                       .before_ms = CLOCK_NEVER,
                                       .account = request->caller.account,
                                       .limit = 1};
    struct review_page page;

    if (request->caller.account == 0)
        return 0;
    if (review_list(&page, request->db, request->arena, request->repository.id,
                    &query, err) < 0)
        return -1;
    work->own = json_array_get(page.items, 0);
    return 0;
}

static int
read_work(struct work *work, struct error *err)
{
    struct request *request = work->request;
    struct target whole = {0};

    work->path = access_repository_name(request->arena, &request->repository);
    if (gate_settings_find(&work->settings, request->db, request->arena,
                           request->repository.id, err) < 0 ||
        form_find(&work->form, request->db, request->arena,
                  request->repository.id, &work->settings, err) < 0 ||
        target_ask(&work->answer, request, &whole, NULL, err) < 0)
        return -1;
    return find_own(work, err);
}

/*
 * Whether the form helps: a person whose request was never made or was reset
 * may make one, also before the release.
 */
static bool
wants_form(const struct work *work)
{
    const char *status = json_text(work->own, "status");

    if (work->request->caller.session == 0)
        return false;
    if (work->answer.reason != GATE_EMBARGO)
        return states[work->answer.reason].has_form;
    return strcmp(work->settings.mode, "open") != 0 &&
           (status == NULL || strcmp(status, "reset") == 0);
}

/* The day of a time; the answer's end, or the release. */
static int
render_detail(const struct html **out, struct work *work, struct error *err)
{
    const struct gate_answer *answer = &work->answer;
    const char *label = states[answer->reason].label;
    const char *text = answer->detail;
    char at[CLOCK_TEXT_SIZE];

    *out = page_empty();
    if (answer->allowed && answer->valid_until_ms != CLOCK_NEVER) {
        clock_write(at, answer->valid_until_ms);
        label = "Until";
        text = at;
    }
    if (label == NULL || text == NULL || text[0] == '\0')
        return 0;
    return page_render(out, work->request->arena, "model_reason",
                       (struct page_hole[]){
                           {"label", label, NULL},
                           {"text", text, NULL},
                           {0},
                       },
                       err);
}

/* What a person can do next, where it is not to fill in the form. */
static int
render_more(const struct html **out, struct work *work, struct error *err)
{
    struct request *request = work->request;
    const struct repository *repository = &request->repository;
    const char *page = NULL;
    const char *kind = "";

    *out = page_empty();
    if (work->answer.allowed)
        page = "model_pull";
    else if (request->caller.session == 0)
        page = "model_sign_in";
    else if (work->answer.reason == GATE_PENDING)
        page = "model_withdraw";
    if (page == NULL)
        return 0;
    if (repository->kind != REPOSITORY_MODEL)
        kind = arena_format(request->arena, " --repo-type %s",
                            repository_kind_name(repository->kind));
    return page_render(
        out, request->arena, page,
        (struct page_hole[]){
            {"name", repository->full_name, NULL},
            {"repository",
             arena_format(request->arena, "%s%s", repository->full_name, kind),
             NULL},
            {"registry", request->service->url, NULL},
            {"next", arena_format(request->arena, "/%s", work->path), NULL},
            {"path", work->path, NULL},
            {"csrf", page_csrf(request), NULL},
            {0},
        },
        err);
}

/* Evidence that a person can take home, once they agreed to a licence. */
static int
render_receipt(const struct html **out, struct work *work, struct error *err)
{
    struct request *request = work->request;
    const struct repository *repository = &request->repository;
    struct arena *arena = request->arena;

    *out = page_empty();
    if (json_object_get(work->own, "agreement") == NULL)
        return 0;
    return page_render(
        out, arena, "model_receipt",
        (struct page_hole[]){
            {"types",
             arena_format(arena, "%ss", repository_kind_name(repository->kind)),
             NULL},
            {"name", repository->full_name, NULL},
            {"file",
             arena_format(arena, "%s-%s-receipt.json",
                          repository->namespace_name, repository->name),
             NULL},
            {0},
        },
        err);
}

static int
render_state(const struct html **out, struct work *work, struct error *err)
{
    const struct state *state = &states[work->answer.reason];
    const struct html *receipt;
    const struct html *detail;
    const struct html *more;

    if (render_detail(&detail, work, err) < 0 ||
        render_more(&more, work, err) < 0 ||
        render_receipt(&receipt, work, err) < 0)
        return -1;
    return page_render(out, work->request->arena, "model_state",
                       (struct page_hole[]){
                           {"title", state->title, NULL},
                           {"text", state->text, NULL},
                           {"detail", NULL, detail},
                           {"more", NULL, more},
                           {"receipt", NULL, receipt},
                           {0},
                       },
                       err);
}

static int
render_gate(const struct html **out, struct work *work, struct error *err)
{
    const struct model_form shown = {
        .settings = &work->settings,
        .form = &work->form,
        .is_licence_alone = work->answer.reason == GATE_LICENCE,
        .is_sent = work->is_sent,
    };
    const struct html *parts[3] = {page_empty(), page_empty(), page_empty()};

    if (render_state(&parts[0], work, err) < 0 ||
        model_form_render_licence(&parts[1], work->request, &work->settings,
                                  err) < 0)
        return -1;
    if (wants_form(work) &&
        model_form_render(&parts[2], work->request, &shown, err) < 0)
        return -1;
    *out = page_join(work->request->arena, parts, 3);
    return 0;
}

/* README.md of main behind its front matter; NULL when there is none. */
static int
read_card(const char **out, struct request *request, struct error *err)
{
    struct target target;
    struct entry entry;
    const void *bytes;
    struct card card;
    size_t length;

    *out = NULL;
    if (target_open(&target, request, err) < 0)
        return -1;
    if (revision_find(&target.revision, target.view, "main", err) < 0)
        return err->code == ERROR_REVISION_NOT_FOUND ? 0 : -1;
    if (entry_find(&entry, target.view, &target.revision.commit, "README.md",
                   err) < 0)
        return err->code == ERROR_ENTRY_NOT_FOUND ? 0 : -1;
    if (entry.is_folder || entry.is_weights ||
        entry.blob_bytes > CARD_SHOWN_BYTES)
        return 0;
    if (entry_read(&bytes, &length, target.view, &entry, err) < 0)
        return -1;
    /* A card that cannot be understood is shown as it is. */
    if (card_parse(&card, request->arena, bytes, length, err) < 0)
        card.body_offset = 0;
    *out = (const char *)bytes + card.body_offset;
    return 0;
}

static int
render_card(const struct html **out, struct request *request, struct error *err)
{
    const char *text;

    *out = page_empty();
    if (read_card(&text, request, err) < 0)
        return -1;
    if (text == NULL || text[strspn(text, " \r\n")] == '\0')
        return 0;
    return page_render(out, request->arena, "model_card",
                       (struct page_hole[]){{"text", text, NULL}, {0}}, err);
}

static const char *
access_text(const struct work *work)
{
    const char *mode = work->settings.mode;

    if (work->request->repository.is_private)
        return "private";
    if (strcmp(mode, "open") == 0)
        return "open to everybody";
    if (strcmp(mode, "click") == 0)
        return "gated: agree to the licence";
    if (strcmp(mode, "auto") == 0)
        return "gated: answer the questions";
    return strcmp(mode, "quorum") == 0
               ? "gated: several reviewers decide together"
               : "gated: reviewers decide";
}

static int
page_write(struct work *work, struct response *response,
           const struct html *notice, struct error *err)
{
    struct request *request = work->request;
    const struct repository *repository = &request->repository;
    char at[CLOCK_TEXT_SIZE];
    const struct html *gate;
    const struct html *card;
    const struct html *body;

    if (read_work(work, err) < 0 || render_gate(&gate, work, err) < 0 ||
        render_card(&card, request, err) < 0)
        return -1;
    clock_write(at, repository->updated_at_ms);
    if (page_render(
            &body, request->arena, "model",
            (struct page_hole[]){
                {"name", repository->full_name, NULL},
                {"notice", NULL, notice},
                {"owner", repository->namespace_name, NULL},
                {"access", access_text(work), NULL},
                {"licence",
                 work->settings.has_licence ? work->settings.licence_name
                                            : "see the model card",
                 NULL},
                {"changed_at", at, NULL},
                {"changed_on",
                 arena_format(request->arena, "%.*s", DAY_LENGTH, at), NULL},
                {"gate", NULL, gate},
                {"card", NULL, card},
                {0},
            },
            err) < 0)
        return -1;
    return page_answer(request, response, repository->full_name, body, err);
}

static int
page_show(struct request *request, struct response *response, struct error *err)
{
    struct work work = {.request = request};

    return page_write(&work, response, page_empty(), err);
}

/* The Hub's: whatever became of it, back to the repository's page. */
static int
redirect_back(struct request *request, struct response *response)
{
    response_redirect(response, 303,
                      target_url(request) + strlen(request->service->url));
    return 0;
}

/* A browser gets its form again, with what is wrong; a program the error. */
static int
page_ask(struct request *request, struct response *response, struct error *err)
{
    struct work work = {.request = request, .is_sent = true};
    struct ask_result asked;
    struct error refusal;
    const struct html *notice;

    if (asking_submit(&asked, request, &refusal) == 0)
        return redirect_back(request, response);
    if (request->caller.session == 0 || !notice_is_for_form(&refusal)) {
        *err = refusal;
        return -1;
    }
    if (notice_bad(&notice, request->arena, refusal.message, err) < 0 ||
        page_write(&work, response, notice, err) < 0)
        return -1;
    notice_set_status(response, request, &refusal);
    return 0;
}

static int
page_withdraw(struct request *request, struct response *response,
              struct error *err)
{
    if (request_check_csrf(request, err) < 0 ||
        ask_withdraw(request->db, request->arena, &request->repository,
                     &request->caller, err) < 0)
        return -1;
    return redirect_back(request, response);
}

const struct route model_page_routes[] = {
    {"GET", "/{prefix}:namespace/:name", RIGHT_SEE, page_show, NULL, 0},
    {"POST", "/{prefix}:namespace/:name/ask-access", RIGHT_ASK, page_ask, NULL,
     0},
    {"POST", "/{prefix}:namespace/:name/withdraw-access", RIGHT_ASK,
     page_withdraw, NULL, 0},
    {0},
};
