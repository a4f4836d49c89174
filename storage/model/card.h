/*
 * card: the YAML that a model's README.md begins with.
 *
 * The front matter stands between two lines "---".  It is read by the core
 * schema of YAML 1.2, as the Hub does ("no" is a text, not false), into JSON,
 * and the parts that the registry acts on are picked out.  Everything is
 * bounded, aliases by what they expand to.
 */
#ifndef STORAGE_MODEL_CARD_H
#define STORAGE_MODEL_CARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/* Of README.md, that is looked at. */
#define CARD_LIMIT_BYTES (4u << 20)
#define CARD_YAML_LIMIT_BYTES (256u << 10)
#define CARD_DEPTH_LIMIT 32
#define CARD_NODES_LIMIT 20000 /* with every alias expanded */
#define CARD_FIELDS_LIMIT 50
#define CARD_OPTIONS_LIMIT 300

enum card_type {
    CARD_TEXT,
    CARD_CHECKBOX,
    CARD_DATE, /* "date_picker" */
    CARD_COUNTRY,
    CARD_SELECT,
    CARD_IP_LOCATION,
};

struct card_option {
    const char *label;
    const char *value;
};

struct card_field {
    const char *label; /* also the key of the answer */
    enum card_type type;
    const struct card_option *options; /* CARD_SELECT */
    size_t option_count;
};

struct card_list {
    const char *const *items;
    size_t count;
};

struct card {
    json_t *data;       /* the whole front matter, an object; never NULL */
    size_t body_offset; /* where the Markdown begins */
    /* Texts are NULL when they are missing or no text. */
    const char *license;
    const char *license_name;
    const char *license_link;
    const char *pipeline_tag;
    const char *library_name;
    struct card_list tags;
    struct card_list base_models;
    /* extra_gated_*: the form of a gate */
    const char *prompt;
    const char *heading;
    const char *description;
    const char *button;
    bool is_eu_disallowed;
    const struct card_field *fields; /* in the order of the card */
    size_t field_count;
};

/*
 * Reads a README.md; one without front matter gives an empty card.  Lives as
 * long as the arena.  ERROR_UNPROCESSABLE when the YAML is malformed, over a
 * limit, or its extra_gated_fields are no form.
 */
int card_parse(struct card *out, struct arena *arena, const char *bytes,
               size_t length, struct error *err);

/* "text", "checkbox", "date_picker", …  Static. */
const char *card_type_text(enum card_type type);
bool card_type_parse(enum card_type *out, const char *text);

/*
 * Reads a form that came as JSON in the card's spelling (an object: label to
 * type, or to {"type": …, "options": […]}).
 */
int card_parse_fields(struct card_field **out, size_t *out_count,
                      struct arena *arena, const json_t *fields,
                      struct error *err);

#endif
