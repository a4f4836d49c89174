/*
 * gate_change: changes to a model's gate, as a JSON object that names only
 * what is to change.
 *
 * Checks everything, writes the settings and an entry in the log, all inside
 * the caller's transaction.
 */
#ifndef AUTH_GATE_CHANGE_H
#define AUTH_GATE_CHANGE_H

#include "auth/caller.h"
#include "auth/gate_settings.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define GATE_CHANGE_NAMES_LIMIT 100  /* reviewers, domains, organisations */
#define GATE_CHANGE_TEXT_LIMIT 65536 /* bytes of prompt, heading, … */
#define GATE_CHANGE_QUORUM_LIMIT 16
#define GATE_CHANGE_DAYS_LIMIT 36500

struct gate_change {
    const struct repository *repository;
    const struct caller *caller;
    /*
     * Any of mode, quorum, licence ("sha256:…"), questions (an object in the
     * card's spelling, or a list of {label, type, options}; null: the card's
     * own), prompt, heading, description, button, reviewers, grantDays,
     * releasedAt, acceptDomains, refuseDomains, acceptOrganizations,
     * refuseOrganizations, orgMembersGated, notificationsMode,
     * notificationsEmail.  null takes a value away where one may be missing.
     */
    const json_t *members;
};

/*
 * *out is what holds afterwards.  ERROR_BAD_REQUEST names the member that is
 * unknown or cannot be so, ERROR_UNPROCESSABLE the question that is none.
 */
int gate_change_save(struct gate_settings *out, struct db *db,
                     struct arena *arena, const struct gate_change *change,
                     struct error *err);

#endif
