/*
 * page: HTML out of the files in registry/web, with every hole escaped.
 *
 * A page is a file NAME.html with holes {{hole}}.  A hole takes text, which is
 * always escaped, or a struct html, which only page_render, page_join and
 * registry/web/markdown make; so no text from outside becomes markup.  A
 * struct html lives in the arena it was made in.
 */
#ifndef REGISTRY_HTTP_PAGE_H
#define REGISTRY_HTTP_PAGE_H

#include "registry/http/request.h"
#include "registry/http/response.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

struct html;

/* What goes into a hole: text or html, the other one NULL. */
struct page_hole {
    const char *name;
    const char *text;
    const struct html *html;
};

/*
 * Renders registry/web/NAME.html.  holes ends with an entry without a name;
 * one that the page lacks is left out.  ERROR_INTERNAL when there is no such
 * page or a hole has no value: both are mistakes in the program.
 *
 *   page_render(&row, arena, "review_row",
 *               (struct page_hole[]){{"person", name, NULL},
 *                                    {"actions", NULL, actions},
 *                                    {0}}, err)
 */
int page_render(const struct html **out, struct arena *arena, const char *name,
                const struct page_hole *holes, struct error *err);

/* All parts, one behind the other; rows of a table, for example. */
const struct html *page_join(struct arena *arena,
                             const struct html *const *parts, size_t count);

/* Nothing: for a hole that stays empty. */
const struct html *page_empty(void);

/*
 * Answers with body inside layout.html: the title, who is signed in, the way
 * to sign out.
 */
int page_answer(const struct request *request, struct response *response,
                const char *title, const struct html *body, struct error *err);

/*
 * The value of the field "csrf" that each form of a signed-in person carries:
 * <input type="hidden" name="csrf" value="{{csrf}}">.  "" without a session;
 * request_check_csrf compares it.
 */
const char *page_csrf(const struct request *request);

#endif
