#include <string.h>

#include "registry/http/answer.h"
#include "registry/http/input.h"
#include "registry/http/page.h"
#include "registry/http/refusal.h"
#include "tests/check.h"

struct asked {
    struct arena *arena;
    struct service service;
    struct request_input input;
    struct request request;
    struct response response;
    struct header headers[4];
    struct error err;
};

static void
begin(struct asked *it, const char *target, const char *accept)
{
    memset(it, 0, sizeof(*it));
    it->arena = arena_open();
    it->service.url = "https://registry.test";
    it->input.spool = -1;
    it->input.head.headers = it->headers;
    if (accept != NULL) {
        it->headers[0] = (struct header){"Accept", accept};
        it->input.head.header_count = 1;
    }
    it->request = (struct request){
        .arena = it->arena,
        .service = &it->service,
        .id = "request-1",
        .method = "GET",
        .target = target,
        .is_api = strncmp(target, "/api/", 5) == 0,
        .input = &it->input,
        .repository = {.full_name = "acme/tiny", .kind = REPOSITORY_MODEL},
    };
    it->request.caller.name = "";
    response_open(&it->response, it->arena, "/tmp");
}

static void
end(struct asked *it)
{
    response_free(&it->response);
    arena_free(it->arena);
}

static const char *
field(const struct asked *it, const char *name)
{
    for (const struct response_field *f = it->response.fields; f; f = f->next)
        if (strcmp(f->name, name) == 0)
            return f->value;
    return NULL;
}

/* The gate's refusal, as an answer. */
static void
refuse(struct asked *it, enum gate_reason reason, const char *detail)
{
    const struct gate_answer answer = {.reason = reason, .detail = detail};

    begin(it, "/acme/tiny/resolve/main/model.gguf", NULL);
    CHECK(refuse_gate(&it->err, &answer, &it->request) == -1);
    refusal_answer(&it->response, &it->request, &it->err);
}

/* The Hub's texts, as recorded in October 2026. */
TEST(the_gate_speaks_in_the_hubs_words)
{
    static const struct {
        enum gate_reason reason;
        int status;
        const char *message;
    } rows[] = {
        {GATE_ANONYMOUS, 401,
         "Access to model acme/tiny is restricted. You must have access to it "
         "and be authenticated to access it. Please log in."},
        {GATE_NO_REQUEST, 403,
         "Access to model acme/tiny is restricted and you are not in the "
         "authorized list. Visit https://registry.test/acme/tiny to ask for "
         "access."},
        {GATE_PENDING, 403,
         "Your request to access model acme/tiny is awaiting a review from "
         "the repo authors."},
        {GATE_REJECTED, 403,
         "Your request to access model acme/tiny has been rejected by the "
         "repo's authors."},
        {GATE_RESET, 403,
         "Your request to access model acme/tiny has been reset by the repo's "
         "authors. Visit https://registry.test/acme/tiny to submit a new "
         "request."},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct asked it;

        refuse(&it, rows[i].reason, NULL);
        CHECK(it.response.status == rows[i].status);
        CHECK_TEXT(field(&it, "X-Error-Code"), "GatedRepo");
        CHECK_TEXT(field(&it, "X-Error-Message"), rows[i].message);
        end(&it);
    }
}

TEST(every_refusal_of_the_gate_has_a_text)
{
    for (int reason = GATE_ANONYMOUS; reason <= GATE_DISABLED; reason++) {
        struct asked it;

        refuse(&it, (enum gate_reason)reason, NULL);
        CHECK(field(&it, "X-HF-Warning") != NULL);
        CHECK(strchr(it.err.message, '%') == NULL);
        end(&it);
    }
}

TEST(a_disabled_repository_has_the_message_that_clients_look_for)
{
    struct asked it;

    refuse(&it, GATE_DISABLED, NULL);
    CHECK_TEXT(field(&it, "X-Error-Message"),
               "Access to this resource is disabled.");
    CHECK(strcmp(field(&it, "X-Error-Code"), "GatedRepo") != 0);
    end(&it);
}

TEST(a_warning_tells_state_form_and_reason)
{
    struct asked it;

    refuse(&it, GATE_REJECTED, "not for\r\nX-Evil: 1");
    CHECK_TEXT(field(&it, "X-HF-Warning"),
               "gate; Your request to access model acme/tiny has been "
               "rejected by the repo's authors. State: rejected. Form: "
               "https://registry.test/acme/tiny Reason: not for??X-Evil: 1");
    end(&it);
}

TEST(a_dataset_is_named_as_one)
{
    const struct gate_answer answer = {.reason = GATE_NO_REQUEST};
    struct asked it;

    begin(&it, "/datasets/acme/tiny/resolve/main/x", NULL);
    it.request.repository.kind = REPOSITORY_DATASET;
    refuse_gate(&it.err, &answer, &it.request);
    CHECK_TEXT(it.err.message,
               "Access to dataset acme/tiny is restricted and you are not in "
               "the authorized list. Visit "
               "https://registry.test/datasets/acme/tiny to ask for access.");
    end(&it);
}

static void
check_body(const char *target, const char *accept, const char *type,
           const char *body)
{
    struct asked it;

    begin(&it, target, accept);
    error_set(&it.err, ERROR_FORBIDDEN, "say \"no\"");
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK_TEXT(it.response.type, type);
    CHECK_TEXT(it.response.bytes, body);
    end(&it);
}

TEST(a_body_is_json_where_programs_ask_and_text_elsewhere)
{
    const char *json = "application/json; charset=utf-8";

    check_body("/api/models/a/b", NULL, json, "{\"error\":\"say \\\"no\\\"\"}");
    check_body("/a/b/resolve/main/x", NULL, json,
               "{\"error\":\"say \\\"no\\\"\"}");
    check_body("/a/b", "application/json", json,
               "{\"error\":\"say \\\"no\\\"\"}");
    check_body("/a/b", NULL, "text/plain; charset=utf-8", "say \"no\"\n");
    check_body("/a/b.git/info/lfs/objects/batch", NULL,
               "application/vnd.git-lfs+json",
               "{\"error\":\"say \\\"no\\\"\",\"message\":\"say \\\"no\\\"\"}");
}

TEST(a_browser_gets_a_page_with_nothing_unescaped)
{
    struct asked it;

    begin(&it, "/a/b", "text/html,*/*");
    error_set(&it.err, ERROR_NOT_FOUND, "<script>'&\"");
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK(it.response.status == 404);
    CHECK_TEXT(it.response.type, "text/html; charset=utf-8");
    CHECK(strstr(it.response.bytes, "&lt;script&gt;&#39;&amp;&quot;") != NULL);
    CHECK(strstr(it.response.bytes, "<script") == NULL);
    CHECK(strstr(it.response.bytes, "{{") == NULL);
    CHECK(field(&it, "Content-Security-Policy") != NULL);
    end(&it);
}

TEST(a_401_asks_for_bearer_and_of_git_for_basic)
{
    struct asked it;

    begin(&it, "/api/whoami-v2", NULL);
    error_set(&it.err, ERROR_UNAUTHENTICATED, NULL);
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK_TEXT(field(&it, "WWW-Authenticate"),
               "Bearer realm=\"Authentication required\", charset=\"UTF-8\"");
    end(&it);
    begin(&it, "/a/b.git/info/refs?service=git-upload-pack", NULL);
    error_set(&it.err, ERROR_UNAUTHENTICATED, NULL);
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK_TEXT(field(&it, "WWW-Authenticate"), "Basic realm=\"Weighhouse\"");
    end(&it);
    begin(&it, "/search?q=a.git/x", NULL);
    error_set(&it.err, ERROR_UNAUTHENTICATED, NULL);
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK(strncmp(field(&it, "WWW-Authenticate"), "Bearer", 6) == 0);
    end(&it);
}

TEST(a_time_to_wait_is_passed_on)
{
    struct asked it;

    begin(&it, "/api/x", NULL);
    error_set(&it.err, ERROR_TOO_MANY, NULL);
    it.err.retry_after_seconds = 7;
    refusal_answer(&it.response, &it.request, &it.err);
    CHECK(it.response.status == 429);
    CHECK_TEXT(field(&it, "Retry-After"), "7");
    end(&it);
}

TEST(what_is_out_of_reach_says_when_to_come_again)
{
    static const enum error_code codes[] = {ERROR_DATABASE, ERROR_BUSY};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct asked it;

        begin(&it, "/ready", NULL);
        error_set(&it.err, codes[i], NULL);
        refusal_answer(&it.response, &it.request, &it.err);
        CHECK(it.response.status == 503);
        CHECK(field(&it, "Retry-After") != NULL);
        end(&it);
    }
}

TEST(a_hole_without_a_value_is_an_error_of_the_program)
{
    struct arena *arena = arena_open();
    const struct html *page;
    struct error err;

    CHECK(page_render(&page, arena, "error",
                      (struct page_hole[]){{"title", "t", NULL}, {0}},
                      &err) < 0);
    CHECK_TEXT(err.cause, "page error: no value for {{message}}");
    CHECK(page_render(&page, arena, "no_such_page", (struct page_hole[]){{0}},
                      &err) < 0);
    arena_free(arena);
}
