#include "registry/routes/notice.h"

#include "registry/http/refusal.h"

static int
render(const struct html **out, struct arena *arena, const char *page,
       const char *text, struct error *err)
{
    *out = page_empty();
    if (text == NULL)
        return 0;
    return page_render(out, arena, page,
                       (struct page_hole[]){{"text", text, NULL}, {0}}, err);
}

int
notice_good(const struct html **out, struct arena *arena, const char *text,
            struct error *err)
{
    return render(out, arena, "notice", text, err);
}

int
notice_bad(const struct html **out, struct arena *arena, const char *text,
           struct error *err)
{
    return render(out, arena, "notice_error", text, err);
}

int
notice_answer(struct request *request, struct response *response,
              const char *title, const char *text, struct error *err)
{
    const struct html *body;

    if (page_render(&body, request->arena, "message",
                    (struct page_hole[]){
                        {"title", title, NULL},
                        {"text", text, NULL},
                        {0},
                    },
                    err) < 0)
        return -1;
    return page_answer(request, response, title, body, err);
}

bool
notice_is_for_form(const struct error *err)
{
    return err->status < 500;
}

void
notice_set_status(struct response *response, const struct request *request,
                  const struct error *refusal)
{
    struct error shown = *refusal;

    /* A 401 would have to name a scheme, and this form is none. */
    if (shown.status == 401)
        shown.status = 403;
    response_status(response, shown.status);
    refusal_add_fields(response, request, &shown);
}

const char *
notice_field(struct request *request, const char *name)
{
    const char *value = request_form(request, name, 0);

    return value != NULL ? value : "";
}
