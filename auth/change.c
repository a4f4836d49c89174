#include "auth/change.h"

#include <string.h>

#include "auth/describe.h"
#include "auth/log.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/git/ref.h"
#include "storage/git/revision.h"

/* The tag's own name, or NULL when the ref is none. */
static const char *
tag_of(const struct change *change)
{
    size_t length = strlen(REF_TAGS);

    return strncmp(change->ref, REF_TAGS, length) == 0 ? change->ref + length
                                                       : NULL;
}

static int
check_change(const struct change *change, struct error *err)
{
    if (!change->standing->may_write)
        return error_set(err, ERROR_FORBIDDEN,
                         "You don't have the right to write to %s",
                         change->repository->full_name);
    if (change->to == NULL && strcmp(change->ref, REF_MAIN) == 0)
        return error_set(err, ERROR_BAD_REQUEST, "Cannot delete %s", REF_MAIN);
    return ref_check_name(change->ref, err);
}

/*
 * A commit that a ref leads to was examined when it came.  What is about to
 * become a release is examined anew and whole, since signed models take less.
 */
static int
examine(struct change_plan *plan, struct view *view,
        struct content_store *store, struct error *err)
{
    const struct change *change = plan->change;
    struct examine_question question = {change->repository, NULL, plan->commit};
    struct oid before;
    bool is_known;

    if (revision_is_reachable(&is_known, view, &plan->commit, err) < 0)
        return -1;
    if (is_known && !plan->is_release)
        return examine_known(&plan->examination, view, &plan->commit, err);
    if (change->from != NULL && !plan->is_release) {
        if (revision_peel(&before, view, change->from, err) < 0)
            return -1;
        question.before = &before;
    }
    return examine_commit(&plan->examination, view, store, &question, err);
}

int
change_prepare(struct change_plan *out, struct view *view,
               struct content_store *store, const struct change *change,
               struct error *err)
{
    *out = (struct change_plan){.change = change};
    if (check_change(change, err) < 0)
        return -1;
    if (change->to == NULL)
        return 0;
    if (revision_peel(&out->commit, view, change->to, err) < 0)
        return -1;
    if (tag_of(change) != NULL &&
        release_check(&out->release, &out->is_release, view, change->repository,
                      &out->commit, err) < 0)
        return -1;
    if (examine(out, view, store, err) < 0)
        return -1;
    out->is_main = strcmp(change->ref, REF_MAIN) == 0;
    if (!out->is_main)
        return 0;
    return describe_commit(&out->summary, view, &out->commit, &out->examination,
                           err);
}

/* Locks the ref and holds it against what the caller thinks it is. */
static int
compare(struct view *view, const struct change *change, struct error *err)
{
    struct ref now;

    if (ref_lock(&now, view, change->ref, err) < 0)
        return -1;
    if (change->from == NULL && now.name != NULL)
        return error_set(err, ERROR_CONFLICT, "Reference %s already exists",
                         change->ref);
    if (change->from != NULL &&
        (now.name == NULL || !oid_is_equal(&now.target, change->from)))
        return error_set(err, ERROR_STALE, NULL);
    return 0;
}

static int
move(struct view *view, const struct change *change, struct error *err)
{
    bool is_moved;

    if (change->to == NULL) {
        if (ref_remove(&is_moved, view, change->ref, change->from, err) < 0)
            return -1;
    } else if (ref_set(&is_moved, view, change->ref, change->from, change->to,
                       err) < 0) {
        return -1;
    }
    if (is_moved)
        return 0;
    /* One that is there was locked: this one was not, and came between. */
    return error_set(err, ERROR_CONFLICT, "Reference %s already exists",
                     change->ref);
}

/* A tag that was a release comes back, if at all, as what it was. */
static int
check_return(struct view *view, const struct change_plan *plan, const char *tag,
             struct error *err)
{
    struct release *releases;
    size_t count;

    if (release_list(&releases, &count, view_db(view), view_arena(view),
                     plan->change->repository->id, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(releases[i].tag, tag) == 0 &&
            !oid_is_equal(&releases[i].commit, &plan->commit))
            return error_set(err, ERROR_CONFLICT,
                             "%s was a signed release of another commit; "
                             "publish under another tag",
                             tag);
    return 0;
}

/*
 * A release's tag holds still; its removal is a withdrawal, which stays on
 * record.
 */
static int
keep_release(struct view *view, const struct change_plan *plan,
             struct error *err)
{
    const struct change *change = plan->change;
    const char *tag = tag_of(change);
    struct release release;

    if (tag == NULL)
        return 0;
    if (change->from == NULL)
        return check_return(view, plan, tag, err);
    if (change->to == NULL)
        return release_withdraw(
            view_db(view), view_arena(view), change->repository, tag,
            change->reason != NULL ? change->reason : "", err);
    if (release_find(&release, view_db(view), view_arena(view),
                     change->repository->id, tag, err) < 0)
        return -1;
    if (release.id != 0)
        return error_set(err, ERROR_CONFLICT,
                         "%s is a signed release and cannot move; publish "
                         "under another tag",
                         tag);
    return 0;
}

static int
add_release(struct view *view, const struct change_plan *plan,
            struct error *err)
{
    const struct change *change = plan->change;
    struct release release = plan->release;

    if (!plan->is_release)
        return 0;
    release.tag = tag_of(change);
    return release_add(&release, view_db(view), view_arena(view),
                       change->repository, change->caller->account, err);
}

static void
set_oid(json_t *object, const char *key, const struct oid *oid)
{
    char text[OID_TEXT_SIZE];

    if (oid == NULL)
        return;
    oid_write(text, oid);
    json_object_set_new(object, key, json_string(text));
}

static int
note(struct view *view, const struct change_plan *plan, struct error *err)
{
    const struct change *change = plan->change;
    struct arena *arena = view_arena(view);
    json_t *open = json_keep(arena, json_object());
    json_t *record = json_keep(arena, json_object());
    const struct log_fact fact = {"change", open, record};
    char now[CLOCK_TEXT_SIZE];

    clock_write(now, clock_now_ms());
    log_name_model(open, change->repository);
    if (!change->repository->is_private) {
        json_object_set_new(open, "ref", json_string(change->ref));
        set_oid(open, "from", change->from);
        set_oid(open, "to", change->to);
    }
    json_object_set_new(record, "repository",
                        json_string(change->repository->full_name));
    json_object_set_new(record, "account", json_string(change->caller->name));
    json_object_set_new(record, "ref", json_string(change->ref));
    set_oid(record, "from", change->from);
    set_oid(record, "to", change->to);
    json_object_set_new(record, "at", json_string(now));
    return log_add(NULL, view_db(view), arena, &fact, err);
}

int
change_apply(struct view *view, const struct change_plan *plan,
             struct error *err)
{
    const struct change *change = plan->change;
    const struct examination *examination = &plan->examination;

    if (compare(view, change, err) < 0 || keep_release(view, plan, err) < 0 ||
        move(view, change, err) < 0)
        return -1;
    if (examination->digest_count > 0 &&
        object_set_committed(view_db(view), change->repository->id,
                             examination->digests, examination->digest_count,
                             err) < 0)
        return -1;
    if (plan->is_main &&
        summary_set(view_db(view), view_arena(view), change->repository->id,
                    &plan->summary, err) < 0)
        return -1;
    if (add_release(view, plan, err) < 0)
        return -1;
    return note(view, plan, err);
}

int
change_ref(struct view *view, struct content_store *store,
           const struct change *change, struct error *err)
{
    struct change_plan plan;

    if (change_prepare(&plan, view, store, change, err) < 0 ||
        db_begin(view_db(view), err) < 0)
        return -1;
    return db_end(view_db(view), change_apply(view, &plan, err), err);
}
