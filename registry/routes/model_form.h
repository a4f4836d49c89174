/*
 * model_form: the licence and the questions of a gate, as a page shows them.
 */
#ifndef REGISTRY_ROUTES_MODEL_FORM_H
#define REGISTRY_ROUTES_MODEL_FORM_H

#include "auth/form.h"
#include "auth/gate_settings.h"
#include "registry/http/page.h"
#include "registry/http/request.h"

struct model_form {
    const struct gate_settings *settings;
    const struct form *form;
    bool is_licence_alone; /* the questions were answered before */
    bool is_sent;          /* it is shown again: with what was sent */
};

/* The licence's whole text; nothing when the gate names none. */
int model_form_render_licence(const struct html **out, struct request *request,
                              const struct gate_settings *settings,
                              struct error *err);

/* The form that posts to ask-access. */
int model_form_render(const struct html **out, struct request *request,
                      const struct model_form *shown, struct error *err);

#endif
