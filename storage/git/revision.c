#include "storage/git/revision.h"

#include <string.h>

#include "storage/base/hex.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"
#include "storage/git/ref.h"

static int
not_found(const char *text, struct error *err)
{
    return error_set(err, ERROR_REVISION_NOT_FOUND, "Invalid rev id: %.200s",
                     text);
}

int
revision_peel(struct oid *out, struct view *view, const struct oid *oid,
              struct error *err)
{
    git_object *object = NULL;
    git_object *commit = NULL;
    int outcome =
        git_object_lookup(&object, view->git, to_git(oid), GIT_OBJECT_ANY);

    if (outcome == 0)
        outcome = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
    if (outcome == 0)
        *out = from_git(git_object_id(commit));
    git_object_free(commit);
    git_object_free(object);
    if (outcome == GIT_ENOTFOUND || outcome == GIT_EINVALIDSPEC ||
        outcome == GIT_EPEEL)
        return not_found("no commit", err);
    return outcome < 0 ? library_refuse(view, "peel", err) : 0;
}

/* *out_found is false when no ref is called so. */
static int
find_ref(struct revision *out, bool *out_found, struct view *view,
         const char *text, struct error *err)
{
    struct db_rows *rows;
    size_t length;

    *out_found = false;
    if (DB_RUN(&rows, view->db, view->arena, "git_ref_revision", err,
               db_int(view->repository), db_text(text)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    *out_found = true;
    out->ref = db_get_text(rows, 0, 0);
    memcpy(out->target.bytes, db_get_bytes(&length, rows, 0, 1), OID_BYTES);
    objects_keep(view, rows, 3);
    return revision_peel(&out->commit, view, &out->target, err);
}

/* Reads up to 40 digits; the rest of out is zero.  0 when they are not such. */
static size_t
read_digits(struct oid *out, const char *text)
{
    size_t digits = strlen(text);
    char padded[OID_TEXT_SIZE];

    if (digits < REVISION_DIGITS_LEAST || digits >= sizeof(padded))
        return 0;
    memset(padded, '0', sizeof(padded) - 1);
    padded[sizeof(padded) - 1] = '\0';
    memcpy(padded, text, digits);
    return oid_parse(out, padded) ? digits : 0;
}

/* The targets of all refs, as the commits that they come to. */
static int
list_tips(git_oid **out, size_t *out_count, struct view *view,
          const struct ref_list *refs, struct error *err)
{
    git_oid *tips = arena_array(view->arena, refs->count, sizeof(*tips));
    size_t count = 0;

    for (size_t i = 0; i < refs->count; i++) {
        struct oid commit;

        if (refs->refs[i].symbolic != NULL)
            continue;
        if (revision_peel(&commit, view, &refs->refs[i].target, err) < 0)
            return -1;
        git_oid_cpy(&tips[count++], to_git(&commit));
    }
    *out = tips;
    *out_count = count;
    return 0;
}

int
revision_is_reachable(bool *out, struct view *view, const struct oid *commit,
                      struct error *err)
{
    struct ref_list refs;
    git_oid *tips;
    size_t count;
    int outcome;

    *out = false;
    if (ref_list(&refs, view, "", err) < 0)
        return -1;
    /* Mostly it is the newest of a branch, and nothing needs to be walked. */
    for (size_t i = 0; i < refs.count && !*out; i++)
        *out = oid_is_equal(&refs.refs[i].target, commit);
    if (*out)
        return 0;
    if (objects_read_commits(view, err) < 0 ||
        list_tips(&tips, &count, view, &refs, err) < 0)
        return -1;
    if (count == 0)
        return 0;
    outcome =
        git_graph_reachable_from_any(view->git, to_git(commit), tips, count);
    if (outcome < 0)
        return library_refuse(view, "walk", err);
    *out = outcome == 1;
    for (size_t i = 0; i < count && !*out; i++)
        *out = git_oid_equal(&tips[i], to_git(commit));
    return 0;
}

int
revision_find(struct revision *out, struct view *view, const char *text,
              struct error *err)
{
    struct oid prefix;
    size_t digits;
    bool is_found;
    int count;

    *out = (struct revision){0};
    if (strlen(text) > REF_NAME_LIMIT)
        return not_found(text, err);
    if (strcmp(text, "HEAD") == 0)
        text = REF_MAIN;
    if (find_ref(out, &is_found, view, text, err) < 0)
        return -1;
    if (is_found)
        return 0;
    digits = read_digits(&prefix, text);
    if (digits == 0)
        return not_found(text, err);
    if (objects_find_prefix(&out->commit, &count, view, &prefix, digits, err) <
        0)
        return -1;
    if (count == 0)
        return not_found(text, err);
    if (count > 1)
        return error_set(err, ERROR_REVISION_NOT_FOUND,
                         "Invalid rev id: %s means more than one commit", text);
    if (revision_is_reachable(&is_found, view, &out->commit, err) < 0)
        return -1;
    if (!is_found)
        return not_found(text, err);
    out->target = out->commit;
    return 0;
}
