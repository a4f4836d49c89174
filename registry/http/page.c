#include "registry/http/page.h"

#include <string.h>

#include "auth/session.h"
#include "registry/http/html.h"
#include "registry_http_page_web.h"
#include "storage/base/buffer.h"

#define LAYOUT "layout"

static const struct {
    char character;
    const char *escaped;
} escapes[] = {
    {'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
    {'"', "&quot;"}, {'\'', "&#39;"},
};

static const struct html nothing = {"", 0};

static const char *
find_escape(char character)
{
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (escapes[i].character == character)
            return escapes[i].escaped;
    return NULL;
}

static void
add_escaped(struct buffer *out, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "&<>\"'");

        buffer_append(out, text, plain);
        text += plain;
        if (*text != '\0')
            buffer_append_text(out, find_escape(*text++));
    }
}

static const struct embed_file *
find_page(const char *name)
{
    for (const struct embed_file *f = registry_http_page_web; f->stem; f++) {
        size_t length = strlen(f->stem);

        if (strcmp(f->stem, name) == 0 &&
            strcmp(f->name + length, ".html") == 0)
            return f;
    }
    return NULL;
}

static const struct page_hole *
find_hole(const struct page_hole *holes, const char *name, size_t length)
{
    for (; holes->name != NULL; holes++)
        if (strlen(holes->name) == length &&
            memcmp(holes->name, name, length) == 0)
            return holes;
    return NULL;
}

/* Fills the hole that begins at *at, behind "{{", and moves *at past it. */
static int
fill(struct buffer *out, const char **at, const struct page_hole *holes,
     const char *page, struct error *err)
{
    const char *end = strstr(*at, "}}");
    size_t length = end != NULL ? (size_t)(end - *at) : strcspn(*at, "\n");
    const struct page_hole *hole = find_hole(holes, *at, length);

    if (end == NULL || hole == NULL || (!hole->text && !hole->html)) {
        error_set(err, ERROR_INTERNAL, NULL);
        return error_set_cause(err, "page %s: no value for {{%.*s}}", page,
                               (int)length, *at);
    }
    if (hole->html != NULL)
        buffer_append(out, hole->html->bytes, hole->html->length);
    else
        add_escaped(out, hole->text);
    *at = end + 2;
    return 0;
}

static const struct html *
keep(struct arena *arena, struct buffer *buffer)
{
    struct html *out = arena_alloc(arena, sizeof(*out));

    out->bytes = arena_bytes(arena, buffer->bytes, buffer->length);
    out->length = buffer->length;
    buffer_free(buffer);
    return out;
}

int
page_render(const struct html **out, struct arena *arena, const char *name,
            const struct page_hole *holes, struct error *err)
{
    const struct embed_file *page = find_page(name);
    struct buffer buffer = {0};
    const char *at;

    if (page == NULL) {
        error_set(err, ERROR_INTERNAL, NULL);
        return error_set_cause(err, "no page %s", name);
    }
    for (at = page->bytes; *at != '\0';) {
        const char *hole = strstr(at, "{{");

        if (hole == NULL)
            hole = page->bytes + page->length;
        buffer_append(&buffer, at, (size_t)(hole - at));
        at = hole;
        if (*at == '\0')
            break;
        at += 2;
        if (fill(&buffer, &at, holes, name, err) < 0) {
            buffer_free(&buffer);
            return -1;
        }
    }
    *out = keep(arena, &buffer);
    return 0;
}

const struct html *
page_join(struct arena *arena, const struct html *const *parts, size_t count)
{
    struct buffer buffer = {0};

    for (size_t i = 0; i < count; i++)
        buffer_append(&buffer, parts[i]->bytes, parts[i]->length);
    return keep(arena, &buffer);
}

const struct html *
page_empty(void)
{
    return &nothing;
}

int
page_answer(const struct request *request, struct response *response,
            const char *title, const struct html *body, struct error *err)
{
    const struct page_hole person_holes[] = {
        {"name", request->caller.name, NULL},
        {"csrf", page_csrf(request), NULL},
        {0},
    };
    struct page_hole holes[] = {
        {"title", title, NULL},
        {"person", NULL, page_empty()},
        {"body", NULL, body},
        {0},
    };
    const struct html *page = page_empty();

    if (page_render(&holes[1].html, request->arena,
                    request->caller.session != 0 ? LAYOUT "_person"
                                                 : LAYOUT "_anonymous",
                    person_holes, err) < 0 ||
        page_render(&page, request->arena, LAYOUT, holes, err) < 0)
        return -1;
    response_page(response, 200, page);
    return 0;
}

const char *
page_csrf(const struct request *request)
{
    char text[DIGEST_TEXT_SIZE];

    if (request->caller.session == 0 || request->service->vault == NULL)
        return "";
    session_write_csrf(text, request->service->vault, request->caller.session);
    return arena_text(request->arena, text);
}

int
request_check_csrf(struct request *request, struct error *err)
{
    const char *field = request_form(request, "csrf", 0);

    if (request->caller.session != 0 && field != NULL &&
        request->service->vault != NULL &&
        session_is_csrf(request->service->vault, request->caller.session,
                        field))
        return 0;
    return error_set(err, ERROR_FORBIDDEN,
                     "this form is no longer valid; go back, reload the page "
                     "and send it again");
}
