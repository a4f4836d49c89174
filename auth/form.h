/*
 * form: what a person is asked for before they may have a model, and whether
 * they answered.
 *
 * The form is what the gate's settings say, and where they are silent what the
 * card of main's newest commit says (extra_gated_…).  Every question wants an
 * answer, a text, kept under the question's label.
 */
#ifndef AUTH_FORM_H
#define AUTH_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/gate_settings.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/db.h"
#include "storage/model/card.h"

#define FORM_ANSWER_LIMIT 4000 /* bytes of one answer */

struct form {
    const char *prompt; /* Markdown; NULL: none */
    const char *heading;
    const char *description;
    const char *button; /* never NULL */
    bool is_eu_disallowed;
    const struct card_field *fields;
    size_t count;
    const char *commit; /* main's newest, 40 hexadecimal digits; NULL: none */
};

/* ERROR_UNPROCESSABLE when the card's form cannot be understood. */
int form_find(struct form *out, struct db *db, struct arena *arena,
              int64_t repository, const struct gate_settings *settings,
              struct error *err);

/*
 * Takes the answers to form's questions out of given, an object of texts; the
 * rest of it is left out.  A question about the region is answered by address.
 * ERROR_BAD_REQUEST names the question that has no answer or a wrong one.
 */
int form_check_answers(json_t **out, struct arena *arena,
                       const struct form *form, const json_t *given,
                       const char *address, struct error *err);

/* prompt, heading, description, button, questions as a list.  In the arena. */
json_t *form_to_json(const struct form *form, struct arena *arena);

#endif
