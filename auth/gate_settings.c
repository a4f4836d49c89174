#include "auth/gate_settings.h"

#include <string.h>

#include "auth/licence.h"
#include "storage/base/clock.h"
#include "storage/model/card.h"

static const struct {
    const char *mode;
    const char *shown;
} modes[] = {
    {"open", NULL},       {"click", "auto"},    {"auto", "auto"},
    {"manual", "manual"}, {"quorum", "manual"},
};

/* Columns of gate_settings_find.sql. */
enum {
    MODE,
    QUORUM,
    LICENCE,
    LICENCE_LABEL,
    LICENCE_VERSION,
    LICENCE_BYTES,
    QUESTIONS,
    FORM,
    GRANT_DAYS,
    RELEASED_AT,
    ACCEPT_DOMAINS,
    REFUSE_DOMAINS,
    ACCEPT_ORGANIZATIONS,
    REFUSE_ORGANIZATIONS,
    REVIEWERS,
    MEMBERS_GATED,
    NOTIFICATIONS_MODE,
    NOTIFICATIONS_EMAIL,
};

const char *
gate_settings_shown(const char *mode)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(mode, modes[i].mode) == 0)
            return modes[i].shown;
    return NULL;
}

static void
set_open(struct gate_settings *out, struct arena *arena)
{
    const json_t *none = json_keep(arena, json_array());

    *out = (struct gate_settings){
        .mode = "open",
        .quorum = 1,
        .form = json_keep(arena, json_object()),
        .released_at_ms = CLOCK_NEVER,
        .reviewers = none,
        .accept_domains = none,
        .refuse_domains = none,
        .accept_organizations = none,
        .refuse_organizations = none,
        .notifications_mode = "real-time",
    };
}

static void
read_licence(struct gate_settings *out, struct arena *arena,
             const struct db_rows *rows)
{
    const char *gap;

    out->has_licence =
        !db_is_null(rows, 0, LICENCE) &&
        licence_parse_name(&out->licence, db_get_text(rows, 0, LICENCE));
    if (!out->has_licence)
        return;
    out->licence_label = db_get_text(rows, 0, LICENCE_LABEL);
    out->licence_version = db_get_text(rows, 0, LICENCE_VERSION);
    gap = out->licence_version[0] != '\0' ? " " : "";
    out->licence_name = arena_format(arena, "%s%s%s", out->licence_label, gap,
                                     out->licence_version);
    out->licence_bytes = db_get_int(rows, 0, LICENCE_BYTES);
}

static int
read_lists(struct gate_settings *out, struct arena *arena,
           const struct db_rows *rows, struct error *err)
{
    const struct {
        int column;
        const json_t **list;
    } lists[] = {
        {QUESTIONS, &out->questions},
        {FORM, &out->form},
        {ACCEPT_DOMAINS, &out->accept_domains},
        {REFUSE_DOMAINS, &out->refuse_domains},
        {ACCEPT_ORGANIZATIONS, &out->accept_organizations},
        {REFUSE_ORGANIZATIONS, &out->refuse_organizations},
        {REVIEWERS, &out->reviewers},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *text = db_get_text(rows, 0, lists[i].column);
        json_t *value;

        if (db_is_null(rows, 0, lists[i].column))
            continue;
        if (json_read(&value, arena, text, strlen(text), err) < 0)
            return -1;
        *lists[i].list = value;
    }
    return 0;
}

int
gate_settings_find(struct gate_settings *out, struct db *db,
                   struct arena *arena, int64_t repository, struct error *err)
{
    struct db_rows *rows;

    set_open(out, arena);
    if (DB_RUN(&rows, db, arena, "gate_settings_find", err,
               db_int(repository)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    out->mode = db_get_text(rows, 0, MODE);
    out->quorum = db_get_int(rows, 0, QUORUM);
    if (!db_is_null(rows, 0, GRANT_DAYS))
        out->grant_days = db_get_int(rows, 0, GRANT_DAYS);
    out->released_at_ms = db_get_time(rows, 0, RELEASED_AT);
    out->org_members_gated = db_get_bool(rows, 0, MEMBERS_GATED);
    out->notifications_mode = db_get_text(rows, 0, NOTIFICATIONS_MODE);
    if (!db_is_null(rows, 0, NOTIFICATIONS_EMAIL))
        out->notifications_email = db_get_text(rows, 0, NOTIFICATIONS_EMAIL);
    read_licence(out, arena, rows);
    return read_lists(out, arena, rows, err);
}

static json_t *
licence_to_json(const struct gate_settings *settings)
{
    char name[LICENCE_NAME_SIZE];

    if (!settings->has_licence)
        return json_null();
    licence_write_name(name, &settings->licence);
    return json_pack("{s:s, s:s, s:s, s:I}", "digest", name, "label",
                     settings->licence_label, "version",
                     settings->licence_version, "size",
                     (json_int_t)settings->licence_bytes);
}

static json_t *
released_to_json(const struct gate_settings *settings)
{
    char at[CLOCK_TEXT_SIZE];

    if (settings->released_at_ms == CLOCK_NEVER)
        return json_null();
    clock_write(at, settings->released_at_ms);
    return json_string(at);
}

json_t *
gate_settings_to_json(const struct gate_settings *settings, struct arena *arena)
{
    json_t *days = settings->grant_days != 0
                       ? json_integer(settings->grant_days)
                       : json_null();

    return json_keep(
        arena,
        json_pack(
            "{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
            " s:b, s:s, s:s?}",
            "mode", settings->mode, "quorum", (json_int_t)settings->quorum,
            "licence", licence_to_json(settings), "form",
            json_deep_copy(settings->form), "grantDays", days, "releasedAt",
            released_to_json(settings), "reviewers",
            json_deep_copy(settings->reviewers), "acceptDomains",
            json_deep_copy(settings->accept_domains), "refuseDomains",
            json_deep_copy(settings->refuse_domains), "acceptOrganizations",
            json_deep_copy(settings->accept_organizations),
            "refuseOrganizations",
            json_deep_copy(settings->refuse_organizations), "orgMembersGated",
            (int)settings->org_members_gated, "notificationsMode",
            settings->notifications_mode, "notificationsEmail",
            settings->notifications_email));
}
