/*
 * notice: what a page says about what was just done or refused.
 */
#ifndef REGISTRY_ROUTES_NOTICE_H
#define REGISTRY_ROUTES_NOTICE_H

#include <stdbool.h>

#include "registry/http/page.h"

/* A paragraph for the hole "notice"; nothing when text is NULL. */
int notice_good(const struct html **out, struct arena *arena, const char *text,
                struct error *err);
int notice_bad(const struct html **out, struct arena *arena, const char *text,
               struct error *err);

/* A whole page of a title and a sentence. */
int notice_answer(struct request *request, struct response *response,
                  const char *title, const char *text, struct error *err);

/*
 * Whether a refusal belongs on the form that was sent, for its person to
 * mend; what is ours to mend gets the layer's page.
 */
bool notice_is_for_form(const struct error *err);

/* Gives a form that is shown again the refusal's status and headers. */
void notice_set_status(struct response *response, const struct request *request,
                       const struct error *refusal);

/* A form's field, "" when it is missing. */
const char *notice_field(struct request *request, const char *name);

#endif
