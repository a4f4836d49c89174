#include "auth/gate_change.h"

#include <stddef.h>
#include <string.h>

#include "auth/account.h"
#include "auth/licence.h"
#include "auth/log.h"
#include "storage/base/clock.h"
#include "storage/model/card.h"

/* Settings on their way, and where what they need is looked up. */
struct work {
    struct gate_settings *settings;
    struct db *db;
    struct arena *arena;
};

struct member {
    const char *name;
    int (*apply)(struct work *work, const struct member *member,
                 const json_t *value, struct error *err);
    size_t offset;    /* of what it sets in a struct gate_settings */
    const char *kind; /* of the accounts that a list names; NULL: domains */
};

/* Bytes in a domain's or an account's name. */
#define NAME_LIMIT 253

static const char *const mode_names[] = {"open",   "click",  "auto",
                                         "manual", "quorum", NULL};
static const char *const notification_names[] = {"bulk", "real-time", NULL};

static int
refuse(const struct member *member, const char *wanted, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, "%s must be %s", member->name,
                     wanted);
}

static void *
place_of(const struct work *work, const struct member *member)
{
    return (char *)work->settings + member->offset;
}

static int
apply_word(struct work *work, const struct member *member, const json_t *value,
           struct error *err)
{
    bool is_mode = member->offset == offsetof(struct gate_settings, mode);
    const char *const *names = is_mode ? mode_names : notification_names;
    const char *text = json_string_value(value);

    for (; text != NULL && *names != NULL; names++) {
        if (strcmp(text, *names) != 0)
            continue;
        *(const char **)place_of(work, member) = *names;
        return 0;
    }
    return refuse(member,
                  is_mode ? "open, click, auto, manual or quorum"
                          : "bulk or real-time",
                  err);
}

static int
apply_quorum(struct work *work, const struct member *member,
             const json_t *value, struct error *err)
{
    json_int_t number = json_integer_value(value);

    if (number < 1 || number > GATE_CHANGE_QUORUM_LIMIT)
        return refuse(member, "a number from 1 to 16", err);
    work->settings->quorum = number;
    return 0;
}

static int
apply_days(struct work *work, const struct member *member, const json_t *value,
           struct error *err)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_null(value) && (number < 1 || number > GATE_CHANGE_DAYS_LIMIT))
        return refuse(member, "a number of days from 1 to 36500, or null", err);
    work->settings->grant_days = number;
    return 0;
}

static int
apply_released(struct work *work, const struct member *member,
               const json_t *value, struct error *err)
{
    int64_t at_ms = CLOCK_NEVER;

    if (!json_is_null(value) &&
        (!json_is_string(value) ||
         !clock_parse(&at_ms, json_string_value(value))))
        return refuse(member, "a date, a time or null", err);
    work->settings->released_at_ms = at_ms;
    return 0;
}

static int
apply_flag(struct work *work, const struct member *member, const json_t *value,
           struct error *err)
{
    if (!json_is_boolean(value))
        return refuse(member, "true or false", err);
    *(bool *)place_of(work, member) = json_is_true(value);
    return 0;
}

static int
apply_email(struct work *work, const struct member *member, const json_t *value,
            struct error *err)
{
    const char *email = json_string_value(value);

    if (email == NULL && !json_is_null(value))
        return refuse(member, "an e-mail address or null", err);
    if (email != NULL && account_check_email(email, err) < 0)
        return -1;
    work->settings->notifications_email = arena_text(work->arena, email);
    return 0;
}

static int
apply_licence(struct work *work, const struct member *member,
              const json_t *value, struct error *err)
{
    struct gate_settings *settings = work->settings;
    struct licence licence;
    struct digest digest;

    settings->has_licence = false;
    if (json_is_null(value))
        return 0;
    if (!json_is_string(value) ||
        !licence_parse_name(&digest, json_string_value(value)))
        return refuse(member, "sha256: and 64 hexadecimal digits, or null",
                      err);
    if (licence_find(&licence, work->db, work->arena, &digest, err) < 0)
        return -1;
    if (licence.text == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "no licence %s is known here; add its text first",
                         json_string_value(value));
    settings->has_licence = true;
    settings->licence = digest;
    settings->licence_label = licence.label;
    settings->licence_version = licence.version;
    return 0;
}

/* A list of {label, type, options} in the card's spelling. */
static int
questions_from_list(json_t **out, struct arena *arena, const json_t *list,
                    struct error *err)
{
    const json_t *item;
    size_t i;

    *out = json_keep(arena, json_object());
    json_array_foreach(list, i, item)
    {
        const char *label;
        json_t *field;

        if (json_need_text(&label, item, "label", err) < 0)
            return -1;
        if (json_object_get(*out, label) != NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "two questions are called \"%.100s\"", label);
        field = json_copy((json_t *)item);
        json_object_del(field, "label");
        json_object_set_new(*out, label, field);
    }
    return 0;
}

static int
apply_questions(struct work *work, const struct member *member,
                const json_t *value, struct error *err)
{
    json_t *questions = (json_t *)value;
    struct card_field *fields;
    size_t count;

    work->settings->questions = NULL;
    if (json_is_null(value))
        return 0;
    if (json_is_array(value) &&
        questions_from_list(&questions, work->arena, value, err) < 0)
        return -1;
    if (!json_is_object(questions))
        return refuse(member, "a list, an object or null", err);
    if (card_parse_fields(&fields, &count, work->arena, questions, err) < 0)
        return -1;
    work->settings->questions = questions;
    return 0;
}

static int
apply_form(struct work *work, const struct member *member, const json_t *value,
           struct error *err)
{
    json_t *form = json_keep(work->arena, json_deep_copy(work->settings->form));
    const char *text = json_string_value(value);

    if (text == NULL && !json_is_null(value))
        return refuse(member, "a text or null", err);
    if (text != NULL && strlen(text) > GATE_CHANGE_TEXT_LIMIT)
        return refuse(member, "at most 65536 bytes", err);
    if (text != NULL)
        json_object_set_new(form, member->name, json_string(text));
    else
        json_object_del(form, member->name);
    work->settings->form = form;
    return 0;
}

/* Letters, digits, hyphens, and dots between them: no pattern, no "@". */
static bool
is_domain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    size_t length = strlen(text);

    return strspn(text, letters) == length && text[0] != '.' &&
           text[length - 1] != '.';
}

static int
check_names(struct work *work, const struct member *member, const json_t *names,
            struct error *err)
{
    struct db_rows *rows;

    if (member->kind == NULL)
        return 0;
    if (DB_RUN(&rows, work->db, work->arena, "gate_settings_unknown", err,
               db_text(member->kind),
               db_text(json_write(NULL, work->arena, names))) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    return error_set(
        err, ERROR_BAD_REQUEST, "%s: there is no %s %.100s", member->name,
        strcmp(member->kind, "user") == 0 ? "person" : "organization",
        db_get_text(rows, 0, 0));
}

static int
apply_names(struct work *work, const struct member *member, const json_t *value,
            struct error *err)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(value) ||
        json_array_size(value) > GATE_CHANGE_NAMES_LIMIT)
        return refuse(member, "a list of at most 100 names", err);
    json_array_foreach(value, i, item)
    {
        const char *name = json_string_value(item);

        if (name == NULL || name[0] == '\0' || strlen(name) > NAME_LIMIT)
            return refuse(member, "a list of at most 100 names", err);
        if (member->kind == NULL && !is_domain(name))
            return refuse(member, "a list of domains such as example.org", err);
    }
    if (check_names(work, member, value, err) < 0)
        return -1;
    *(const json_t **)place_of(work, member) = value;
    return 0;
}

#define AT(field) offsetof(struct gate_settings, field)
static const struct member members[] = {
    {"mode", apply_word, AT(mode), NULL},
    {"quorum", apply_quorum, 0, NULL},
    {"licence", apply_licence, 0, NULL},
    {"questions", apply_questions, 0, NULL},
    {"prompt", apply_form, 0, NULL},
    {"heading", apply_form, 0, NULL},
    {"description", apply_form, 0, NULL},
    {"button", apply_form, 0, NULL},
    {"grantDays", apply_days, 0, NULL},
    {"releasedAt", apply_released, 0, NULL},
    {"reviewers", apply_names, AT(reviewers), "user"},
    {"acceptDomains", apply_names, AT(accept_domains), NULL},
    {"refuseDomains", apply_names, AT(refuse_domains), NULL},
    {"acceptOrganizations", apply_names, AT(accept_organizations),
     "organization"},
    {"refuseOrganizations", apply_names, AT(refuse_organizations),
     "organization"},
    {"orgMembersGated", apply_flag, AT(org_members_gated), NULL},
    {"notificationsMode", apply_word, AT(notifications_mode), NULL},
    {"notificationsEmail", apply_email, 0, NULL},
};
#undef AT

static int
apply_all(struct work *work, const json_t *change, struct error *err)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)change, name, value)
    {
        const struct member *member = NULL;

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
            if (strcmp(name, members[i].name) == 0)
                member = &members[i];
        if (member == NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "a gate has no setting \"%.100s\"", name);
        if (member->apply(work, member, value, err) < 0)
            return -1;
    }
    return 0;
}

/* What no single member can tell. */
static int
check_whole(const struct gate_settings *settings, struct error *err)
{
    bool is_click = strcmp(settings->mode, "click") == 0;
    bool is_quorum = strcmp(settings->mode, "quorum") == 0;

    if (is_click && !settings->has_licence)
        return error_set(err, ERROR_BAD_REQUEST,
                         "mode click needs a licence to agree to");
    if (is_quorum &&
        json_array_size(settings->reviewers) < (size_t)settings->quorum)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a quorum of %d needs as many reviewers",
                         (int)settings->quorum);
    return 0;
}

static int
write_settings(struct work *work, int64_t repository, struct error *err)
{
    const struct gate_settings *settings = work->settings;
    struct arena *arena = work->arena;
    const json_t *lists[] = {settings->accept_domains, settings->refuse_domains,
                             settings->accept_organizations,
                             settings->refuse_organizations};
    char *texts[4];

    for (size_t i = 0; i < 4; i++)
        texts[i] = json_write(NULL, arena, lists[i]);
    if (DB_RUN(NULL, work->db, arena, "gate_settings_set", err,
               db_int(repository), db_text(settings->mode),
               db_int(settings->quorum),
               settings->has_licence
                   ? db_bytes(settings->licence.bytes, DIGEST_BYTES)
                   : db_null(),
               settings->questions != NULL
                   ? db_text(json_write(NULL, arena, settings->questions))
                   : db_null(),
               db_text(json_write(NULL, arena, settings->form)),
               settings->grant_days != 0 ? db_int(settings->grant_days)
                                         : db_null(),
               db_time(settings->released_at_ms), db_text(texts[0]),
               db_text(texts[1]), db_text(texts[2]), db_text(texts[3]),
               db_bool(settings->org_members_gated),
               db_text(settings->notifications_mode),
               db_text(settings->notifications_email)) < 0)
        return -1;
    return DB_RUN(NULL, work->db, arena, "gate_settings_set_reviewers", err,
                  db_int(repository),
                  db_text(json_write(NULL, arena, settings->reviewers)));
}

static int
log_change(struct work *work, const struct gate_change *change,
           struct error *err)
{
    const struct gate_settings *settings = work->settings;
    json_t *open =
        json_keep(work->arena, json_pack("{s:s}", "mode", settings->mode));
    json_t *record =
        json_keep(work->arena,
                  json_pack("{s:s, s:s, s:O}", "repository",
                            change->repository->full_name, "account",
                            change->caller->name, "change", change->members));
    const struct log_fact fact = {"gate", open, record};
    char name[LICENCE_NAME_SIZE];

    log_name_model(open, change->repository);
    if (settings->has_licence) {
        licence_write_name(name, &settings->licence);
        json_object_set_new(open, "licence", json_string(name));
    }
    return log_add(NULL, work->db, work->arena, &fact, err);
}

int
gate_change_save(struct gate_settings *out, struct db *db, struct arena *arena,
                 const struct gate_change *change, struct error *err)
{
    int64_t repository = change->repository->id;
    struct work work = {out, db, arena};

    if (!json_is_object(change->members))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a gate's settings are a JSON object");
    if (DB_RUN(NULL, db, arena, "gate_settings_lock", err, db_int(repository)) <
            0 ||
        gate_settings_find(out, db, arena, repository, err) < 0 ||
        apply_all(&work, change->members, err) < 0 ||
        check_whole(out, err) < 0 ||
        write_settings(&work, repository, err) < 0 ||
        log_change(&work, change, err) < 0)
        return -1;
    /* Read back: names as their accounts spell them, the licence's size. */
    return gate_settings_find(out, db, arena, repository, err);
}
