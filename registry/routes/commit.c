/* commit: a new commit out of an NDJSON body, on a branch. */
#include <string.h>

#include "auth/change.h"
#include "registry/config.h"
#include "registry/routes/commit_line.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/buffer.h"
#include "storage/base/clock.h"
#include "storage/content/object.h"
#include "storage/git/build.h"
#include "storage/git/commit.h"
#include "storage/git/ref.h"
#include "storage/git/rules.h"

#define EDITS_LIMIT 100000
#define SUMMARY_LIMIT 4096  /* bytes */
#define MESSAGE_LIMIT 65536 /* bytes */
#define ATTRIBUTES ".gitattributes"

/* Others may move the branch in between; then it is built anew. */
#define TRIES 5

/* What the body asks for. */
struct order {
    struct view *view;
    struct edit *edits; /* grows in the request's arena */
    size_t count;
    size_t capacity;
    struct entry_wish weights; /* paths of weights, for .gitattributes */
    const char **weights_paths;
    const char *message;
    bool has_parent;
    struct oid parent; /* that the client thinks the branch is at */
};

static struct edit *
add_edit(struct order *order, struct arena *arena)
{
    if (order->count == order->capacity) {
        size_t capacity = order->capacity == 0 ? 64 : 2 * order->capacity;
        struct edit *edits = arena_array(arena, capacity, sizeof(*edits));
        const char **paths = arena_array(arena, capacity, sizeof(*paths));

        if (order->count > 0)
            memcpy(edits, order->edits, order->count * sizeof(*edits));
        if (order->weights.count > 0)
            memcpy(paths, order->weights_paths,
                   order->weights.count * sizeof(*paths));
        order->edits = edits;
        order->weights_paths = paths;
        order->weights.paths = paths;
        order->capacity = capacity;
    }
    return &order->edits[order->count++];
}

static int
read_header(struct order *order, struct request *request,
            const struct commit_line *line, struct error *err)
{
    bool has_body = line->description != NULL && line->description[0] != '\0';
    size_t length =
        strlen(line->summary) + (has_body ? strlen(line->description) : 0);

    if (strlen(line->summary) > SUMMARY_LIMIT || length > MESSAGE_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the commit's message is too long");
    order->message =
        arena_format(request->arena, "%s%s%s", line->summary,
                     has_body ? "\n\n" : "", has_body ? line->description : "");
    if (line->parent == NULL)
        return 0;
    order->has_parent = true;
    if (!oid_parse(&order->parent, line->parent))
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"parentCommit\" is a commit's whole id");
    return 0;
}

/* Without a size it stands for a copy of what the repository has. */
static int
read_weights(struct edit *edit, struct order *order, struct request *request,
             const struct commit_line *line, struct error *err)
{
    struct pointer pointer = {line->digest, (uint64_t)line->size_bytes};

    if (line->size_bytes < 0) {
        struct object_state state;

        if (object_find_all(&state, request->db, request->repository.id,
                            &line->digest, 1, err) < 0)
            return -1;
        if (!state.is_present)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "%.200s names weights that were not uploaded to "
                             "this repository",
                             edit->path);
        pointer.size_bytes = state.size_bytes;
    }
    order->weights_paths[order->weights.count++] = edit->path;
    return build_pointer(&edit->blob, order->view, &pointer, err);
}

static int
take_line(struct order *order, struct request *request,
          const struct commit_line *line, struct error *err)
{
    static const enum edit_kind kinds[] = {
        [COMMIT_LINE_FILE] = EDIT_WRITE,
        [COMMIT_LINE_WEIGHTS] = EDIT_WRITE,
        [COMMIT_LINE_REMOVE] = EDIT_REMOVE,
        [COMMIT_LINE_REMOVE_FOLDER] = EDIT_REMOVE_FOLDER,
    };
    struct edit *edit;

    if (line->kind == COMMIT_LINE_HEADER)
        return read_header(order, request, line, err);
    if (order->count == EDITS_LIMIT)
        return error_set(err, ERROR_TOO_LARGE,
                         "a commit has at most %d changes", EDITS_LIMIT);
    edit = add_edit(order, request->arena);
    edit->kind = kinds[line->kind];
    edit->path = arena_text(request->arena, line->path);
    if (line->kind == COMMIT_LINE_WEIGHTS)
        return read_weights(edit, order, request, line, err);
    if (line->kind == COMMIT_LINE_FILE)
        return build_blob(&edit->blob, order->view, line->bytes, line->length,
                          err);
    return 0;
}

/* Each line in an arena of its own: together they may be a gibibyte. */
static int
read_line(struct order *order, struct request *request, const char *bytes,
          size_t length, struct error *err)
{
    struct arena *scratch = arena_open();
    struct commit_line line;
    int result = commit_line_parse(&line, scratch, bytes, length, err);

    if (result == 0)
        result = take_line(order, request, &line, err);
    arena_free(scratch);
    return result;
}

static int
read_order(struct order *order, struct request *request, struct error *err)
{
    const struct limits *limits = &request->service->config->limits;
    struct commit_reader reader = {.source = request_source(request),
                                   .line_limit_bytes =
                                       (size_t)limits->commit_line_bytes};
    const char *line;
    size_t length;
    int result = -1;

    do {
        if (commit_reader_next(&line, &length, &reader, err) < 0)
            goto done;
        if (line != NULL && length > 0 &&
            read_line(order, request, line, length, err) < 0)
            goto done;
    } while (line != NULL);
    if (order->message == NULL)
        error_set(err, ERROR_BAD_REQUEST, "the commit has no header line");
    else
        result = 0;

done:
    commit_reader_free(&reader);
    return result;
}

/* The text of .gitattributes as this commit leaves it; "" for none. */
static int
read_attributes(const char **out, size_t *out_length, struct edit **out_edit,
                struct order *order, const struct oid *head, struct error *err)
{
    const struct entry_wish wish = {(const char *[]){ATTRIBUTES}, 1};
    struct entry_list found = {0};
    struct entry entry = {.path = ATTRIBUTES};
    const void *bytes = "";

    *out_length = 0;
    *out_edit = NULL;
    for (size_t i = 0; i < order->count; i++)
        if (strcmp(order->edits[i].path, ATTRIBUTES) == 0)
            *out_edit = &order->edits[i];
    if (*out_edit == NULL &&
        entry_pick(&found, order->view, head, &wish, err) < 0)
        return -1;
    if (found.count > 0)
        entry = found.entries[0];
    else if (*out_edit != NULL && (*out_edit)->kind == EDIT_WRITE)
        entry.oid = (*out_edit)->blob;
    if (!oid_is_zero(&entry.oid) && !entry.is_folder &&
        entry_read(&bytes, out_length, order->view, &entry, err) < 0)
        return -1;
    *out = bytes;
    return 0;
}

/* A pattern for one path: what means something else becomes '?'. */
static void
append_rule(struct buffer *out, const char *path)
{
    buffer_append(out, "/", 1);
    for (const char *at = path; *at != '\0'; at++)
        buffer_append(out, strchr(" *?[]\\\"!#", *at) != NULL ? "?" : at, 1);
    buffer_append_text(out, " filter=lfs diff=lfs merge=lfs -text\n");
}

/*
 * git-lfs replaces a pointer by its weights only where .gitattributes says so;
 * so a commit of weights under another name brings the line along.
 */
static int
add_attributes(struct order *order, struct request *request,
               const struct oid *head, struct error *err)
{
    struct buffer text = {0};
    struct edit *edit;
    struct rules rules;
    const char *bytes;
    size_t length;
    int result = 0;

    if (order->weights.count == 0)
        return 0;
    if (read_attributes(&bytes, &length, &edit, order, head, err) < 0)
        return -1;
    rules_parse_weights(&rules, request->arena, bytes, length);
    buffer_append(&text, bytes, length);
    if (length > 0 && bytes[length - 1] != '\n')
        buffer_append(&text, "\n", 1);
    length = text.length;
    for (size_t i = 0; i < order->weights.count; i++)
        if (!rules_is_weights(&rules, order->weights.paths[i]))
            append_rule(&text, order->weights.paths[i]);
    if (text.length > length) {
        if (edit == NULL)
            edit = add_edit(order, request->arena);
        edit->kind = EDIT_WRITE;
        edit->path = ATTRIBUTES;
        result =
            build_blob(&edit->blob, order->view, text.bytes, text.length, err);
    }
    buffer_free(&text);
    return result;
}

static int
build(struct oid *out, struct request *request, const struct order *order,
      const struct oid *parent, struct error *err)
{
    const struct build_draft draft = {
        .parent = parent,
        .edits = order->edits,
        .edit_count = order->count,
        .author_name = request->caller.name,
        .author_email = target_email(request),
        .at_ms = clock_now_ms(),
        .message = order->message,
    };

    return build_commit(out, order->view, &draft, err);
}

/*
 * Whether the head is this very commit, made by a request whose answer was
 * lost: clients send it again, and must not be told that it is stale.
 */
static int
is_repeat(bool *out, struct request *request, struct order *order,
          const struct oid *head, struct error *err)
{
    struct error ignored;
    struct commit made;
    struct commit again;
    struct oid oid;

    *out = false;
    if (commit_read(&made, order->view, head, err) < 0)
        return -1;
    if (made.parent_count != 1 ||
        strcmp(made.author_name, request->caller.name) != 0 ||
        strncmp(order->message, made.title, strlen(made.title)) != 0 ||
        (order->has_parent && !oid_is_equal(&made.parent, &order->parent)))
        return 0;
    if (add_attributes(order, request, &made.parent, &ignored) < 0 ||
        build(&oid, request, order, &made.parent, &ignored) < 0)
        return 0;
    if (commit_read(&again, order->view, &oid, err) < 0)
        return -1;
    *out = oid_is_equal(&again.tree, &made.tree);
    return 0;
}

/* One try: builds on the branch as it is now, and moves it. */
static int
try_commit(struct oid *out, struct request *request, struct order *order,
           const struct ref *branch, struct error *err)
{
    const struct change change = {
        .caller = &request->caller,
        .standing = &request->standing,
        .repository = &request->repository,
        .ref = branch->name,
        .from = &branch->target,
        .to = out,
    };
    const struct oid *head = &branch->target;
    struct error again;
    bool repeat;

    if (order->has_parent && !oid_is_equal(&order->parent, head))
        error_set(err, ERROR_STALE, NULL);
    else if (add_attributes(order, request, head, err) == 0 &&
             build(out, request, order, head, err) == 0) {
        if (oid_is_equal(out, head)) /* nothing to change */
            return 0;
        return change_ref(order->view, request->service->content, &change, err);
    }
    if (err->code != ERROR_STALE && err->code != ERROR_ENTRY_NOT_FOUND)
        return -1;
    if (is_repeat(&repeat, request, order, head, &again) < 0 || !repeat)
        return -1;
    *out = *head;
    return 0;
}

static int
find_branch(struct ref *out, struct request *request, struct view *view,
            struct error *err)
{
    const char *revision = request_param(request, "revision");
    const char *name =
        strncmp(revision, "refs/", 5) == 0
            ? revision
            : arena_format(request->arena, REF_BRANCHES "%s", revision);

    if (ref_find(out, view, name, err) < 0)
        return -1;
    if (out->name == NULL || strncmp(name, REF_TAGS, strlen(REF_TAGS)) == 0)
        return error_set(err, ERROR_REVISION_NOT_FOUND,
                         "Invalid rev id: %.200s", revision);
    return 0;
}

static int
commit_order(struct oid *out, struct request *request, struct order *order,
             struct error *err)
{
    for (int left = TRIES;; left--) {
        struct ref branch;

        if (find_branch(&branch, request, order->view, err) < 0)
            return -1;
        if (try_commit(out, request, order, &branch, err) == 0)
            return 0;
        if (err->code != ERROR_STALE || order->has_parent || left == 1)
            return -1;
    }
}

static int
commit_create(struct request *request, struct response *response,
              struct error *err)
{
    struct order order = {0};
    struct target target;
    char text[OID_TEXT_SIZE];
    struct oid made;
    struct ref branch;
    json_t *body;

    if (request_query_flag(request, "create_pr"))
        return error_set(err, ERROR_NOT_IMPLEMENTED,
                         "pull requests are not offered here yet");
    if (target_open(&target, request, err) < 0)
        return -1;
    order.view = target.view;
    if (find_branch(&branch, request, target.view, err) < 0 ||
        read_order(&order, request, err) < 0 ||
        commit_order(&made, request, &order, err) < 0)
        return -1;
    oid_write(text, &made);
    body = json_pack("{s:b, s:o, s:s, s:s}", "success", 1, "commitUrl",
                     json_sprintf("%s/commit/%s", target_url(request), text),
                     "commitOid", text, "hookOutput", "");
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

const struct route commit_routes[] = {
    {"POST", "/api/{types}/:namespace/:name/commit/:revision", RIGHT_WRITE,
     commit_create, NULL, ROUTE_COMMIT_BYTES},
    {0},
};
