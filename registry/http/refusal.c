#include "registry/http/refusal.h"

#include <assert.h>
#include <string.h>

#include "registry/http/answer.h"
#include "registry/http/input.h"
#include "registry/http/page.h"
#include "storage/base/text.h"

#define MEDIA_LFS "application/vnd.git-lfs+json"

/* How long what is out of reach or busy mostly takes to come back. */
#define UNAVAILABLE_SECONDS 2

/*
 * What the gate says, in the Hub's words where it has some (its answers as
 * recorded in October 2026).  %m is the kind and name of the repository, %u
 * its page.
 */
static const struct {
    enum gate_reason reason;
    int status;
    const char *text;
} gate_texts[] = {
    {GATE_ANONYMOUS, 401,
     "Access to %m is restricted. You must have access to it and be "
     "authenticated to access it. Please log in."},
    {GATE_NO_REQUEST, 403,
     "Access to %m is restricted and you are not in the authorized list. "
     "Visit %u to ask for access."},
    {GATE_PENDING, 403,
     "Your request to access %m is awaiting a review from the repo authors."},
    {GATE_REJECTED, 403,
     "Your request to access %m has been rejected by the repo's authors."},
    {GATE_RESET, 403,
     "Your request to access %m has been reset by the repo's authors. Visit "
     "%u to submit a new request."},
    {GATE_EXPIRED, 403,
     "Your access to %m has expired. Visit %u to submit a new request."},
    {GATE_LICENCE, 403,
     "Access to %m is restricted: its licence has changed since you agreed to "
     "it. Visit %u to agree to the new licence."},
    {GATE_EMBARGO, 403, "Access to %m is restricted: it is not released yet."},
    {GATE_TOKEN, 403,
     "Access to %m is restricted and your token does not reach gated "
     "repositories. Change the token's rights in your settings."},
    {GATE_DISABLED, 403, "Access to this resource is disabled."},
};

static const char *
repository_url(const struct request *request)
{
    const struct repository *repository = &request->repository;

    return arena_format(request->arena, "%s/%s%s", request->service->url,
                        repository_kind_prefix(repository->kind),
                        repository->full_name);
}

/* Puts name and address in the place of %m and %u. */
static void
write_gate_text(struct error *err, const char *text,
                const struct request *request)
{
    struct buffer out = {0};

    for (; *text != '\0'; text++) {
        if (*text != '%') {
            buffer_append(&out, text, 1);
        } else if (*++text == 'm') {
            buffer_append_format(&out, "%s %s",
                                 repository_kind_name(request->repository.kind),
                                 request->repository.full_name);
        } else {
            buffer_append_text(&out, repository_url(request));
        }
    }
    error_set(err, ERROR_GATED, "%s", out.bytes);
    buffer_free(&out);
}

/* The one channel by which the gate speaks to who uses the Hub's tool. */
static const char *
write_warning(const struct gate_answer *answer, const struct request *request,
              const char *message)
{
    const char *detail = answer->detail != NULL ? answer->detail : "";

    return arena_format(request->arena, "gate; %s State: %s. Form: %s%s%s",
                        message, gate_reason_name(answer->reason),
                        repository_url(request),
                        *detail != '\0' ? " Reason: " : "", detail);
}

int
refuse_gate(struct error *err, const struct gate_answer *answer,
            const struct request *request)
{
    assert(request->repository.full_name != NULL);
    for (size_t i = 0; i < sizeof(gate_texts) / sizeof(gate_texts[0]); i++) {
        if (gate_texts[i].reason != answer->reason)
            continue;
        write_gate_text(err, gate_texts[i].text, request);
        err->status = gate_texts[i].status;
        /* Clients look for this message, and for no code beside it. */
        if (answer->reason == GATE_DISABLED)
            err->code = ERROR_FORBIDDEN;
        request->input->warning = write_warning(answer, request, err->message);
        return -1;
    }
    return error_set(err, ERROR_GATED, NULL);
}

const char *
refusal_text(const struct error *err)
{
    return err->message[0] != '\0' ? err->message : error_text(err->code);
}

bool
refusal_is_git(const struct request *request)
{
    /* A clone's address may end in ".git" or not. */
    static const char *const marks[] = {
        ".git/", "/info/refs", "/git-upload-pack", "/git-receive-pack"};
    size_t path = strcspn(request->target, "?#");

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *mark = strstr(request->target, marks[i]);

        if (mark != NULL && (size_t)(mark - request->target) < path)
            return true;
    }
    return false;
}

static bool
accepts(const struct request *request, const char *type)
{
    const char *accept = request_header(request, "Accept");

    return accept != NULL && strstr(accept, type) != NULL;
}

static bool
wants_json(const struct request *request)
{
    return request->is_api || strstr(request->target, "/resolve/") != NULL ||
           accepts(request, "application/json");
}

static void
add_json(struct response *response, const struct request *request,
         const struct error *err)
{
    const char *text = refusal_text(err);
    bool is_lfs = strstr(request->target, ".git/info/lfs") != NULL;
    json_t *body = json_pack("{s:s}", "error", text);

    if (is_lfs) /* what git-lfs shows */
        json_object_set_new(body, "message", json_string(text));
    response_json(response, err->status, body);
    json_decref(body);
    if (is_lfs)
        response_header(response, "Content-Type", MEDIA_LFS);
}

/* False when the page cannot be had; then the text serves. */
static bool
add_page(struct response *response, const struct request *request,
         const struct error *err)
{
    const struct html *body;
    struct error trouble;

    if (page_render(&body, request->arena, "error",
                    (struct page_hole[]){
                        {"title", error_text(err->code), NULL},
                        {"message", refusal_text(err), NULL},
                        {"id", request->id, NULL},
                        {0},
                    },
                    &trouble) < 0 ||
        page_answer(request, response, error_text(err->code), body, &trouble) <
            0)
        return false;
    response_status(response, err->status);
    return true;
}

/* When to come again; 0: not by waiting. */
static int
retry_seconds(const struct error *err)
{
    if (err->retry_after_seconds > 0)
        return err->retry_after_seconds;
    return err->status == 503 ? UNAVAILABLE_SECONDS : 0;
}

void
refusal_add_fields(struct response *response, const struct request *request,
                   const struct error *err)
{
    response_header(response, "X-Error-Code", error_wire(err->code));
    response_header(response, "X-Error-Message", refusal_text(err));
    if (request->input->warning != NULL)
        response_header(response, "X-HF-Warning", request->input->warning);
    if (request->input->match.allow[0] != '\0' && err->status == 405)
        response_header(response, "Allow", request->input->match.allow);
    if (retry_seconds(err) > 0)
        response_header(response, "Retry-After",
                        arena_format(request->arena, "%d", retry_seconds(err)));
    if (err->status != 401)
        return;
    response_header(response, "WWW-Authenticate",
                    refusal_is_git(request)
                        ? "Basic realm=\"Weighhouse\""
                        : "Bearer realm=\"Authentication required\", "
                          "charset=\"UTF-8\"");
}

/*
 * A person at a browser who opens a page that wants an account.  An unknown
 * repository stays what it is: signing in would seldom show more.
 */
static bool
is_for_login(const struct request *request, const struct error *err)
{
    return err->code == ERROR_UNAUTHENTICATED &&
           strcmp(request->method, "GET") == 0 && !request->is_head &&
           !wants_json(request) && accepts(request, "text/html") &&
           request_header(request, "Authorization") == NULL;
}

void
refusal_answer(struct response *response, const struct request *request,
               const struct error *err)
{
    response_reset(response);
    if (is_for_login(request, err)) {
        response_redirect(
            response, 303,
            arena_format(
                request->arena, "/login?next=%s",
                text_percent_write(request->arena, request->target, "/")));
        return;
    }
    if (strstr(request->target, ".git/info/lfs") != NULL || wants_json(request))
        add_json(response, request, err);
    else if (!accepts(request, "text/html") ||
             !add_page(response, request, err))
        response_text(response, err->status,
                      arena_format(request->arena, "%s\n", refusal_text(err)));
    refusal_add_fields(response, request, err);
}
