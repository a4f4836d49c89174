/*
 * gate_settings: what a model's gate asks for, and who decides.
 *
 * A record that auth/gate_change changes.  A repository without a row has an
 * open gate, which asks for nothing.
 */
#ifndef AUTH_GATE_SETTINGS_H
#define AUTH_GATE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/db.h"

struct gate_settings {
    const char *mode; /* open, click, auto, manual, quorum */
    int64_t quorum;   /* votes that accept, where mode is quorum */
    bool has_licence; /* the five below are set */
    struct digest licence;
    const char *licence_label;
    const char *licence_version; /* may be "" */
    const char *licence_name;    /* "Acme Research Licence 1.0" */
    int64_t licence_bytes;
    const json_t *questions; /* in the card's spelling; NULL: the card's own */
    const json_t *form;      /* prompt, heading, description, button */
    int64_t grant_days;      /* 0: grants have no end */
    int64_t released_at_ms;  /* of an embargo; CLOCK_NEVER: none */
    const json_t *reviewers; /* names, as the four below */
    const json_t *accept_domains;
    const json_t *refuse_domains;
    const json_t *accept_organizations;
    const json_t *refuse_organizations;
    bool org_members_gated;
    const char *notifications_mode;  /* bulk, real-time */
    const char *notifications_email; /* NULL: the owner's */
};

int gate_settings_find(struct gate_settings *out, struct db *db,
                       struct arena *arena, int64_t repository,
                       struct error *err);

/* For the API: the members that auth/gate_change takes.  In the arena. */
json_t *gate_settings_to_json(const struct gate_settings *settings,
                              struct arena *arena);

/* How the Hub shows a mode: "auto", "manual", or NULL for false. */
const char *gate_settings_shown(const char *mode);

#endif
