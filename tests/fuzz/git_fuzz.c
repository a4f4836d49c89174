/*
 * Git objects as a push or a commit hands them in: trees, commits, tags and
 * files, read and examined as change_prepare does before a ref moves.
 *
 * Objects come one behind the other: a letter for the kind (b, t, c, g), two
 * bytes of length, least significant first, and the bytes.  "$N" in them
 * stands for the name of the N-th object before, raw in a tree and as text
 * elsewhere, since no mutation would ever find a SHA-1.
 */
#include <git2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/change.h"
#include "storage/base/buffer.h"
#include "storage/base/text.h"
#include "storage/git/closure.h"
#include "storage/git/commit.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"
#include "storage/git/ref.h"

#define OBJECTS 10

/* LeakSanitizer's, where it is linked. */
void __lsan_disable(void) __attribute__((weak)); /* NOLINT */
void __lsan_enable(void) __attribute__((weak));  /* NOLINT */

struct names {
    struct oid oids[OBJECTS];
    size_t count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
kind_of(uint8_t letter)
{
    switch (letter % 4) {
    case 'b' % 4:
        return OBJECT_BLOB;
    case 't' % 4:
        return OBJECT_TREE;
    case 'c' % 4:
        return OBJECT_COMMIT;
    default:
        return OBJECT_TAG;
    }
}

static void
add_name(struct buffer *out, const struct oid *oid, int kind)
{
    char text[OID_TEXT_SIZE];

    oid_write(text, oid);
    if (kind == OBJECT_TREE)
        buffer_append(out, oid->bytes, sizeof(oid->bytes));
    else
        buffer_append_text(out, text);
}

/* The object's bytes with the names of those before it. */
static void
fill(struct buffer *out, const struct names *names, int kind,
     const uint8_t *bytes, size_t length)
{
    size_t start = 0; /* of what is not in out yet */

    for (size_t i = 0; kind != OBJECT_BLOB && i + 1 < length; i++) {
        size_t n = (size_t)bytes[i + 1] - '0';

        if (bytes[i] != '$' || n >= names->count)
            continue;
        buffer_append(out, bytes + start, i - start);
        add_name(out, &names->oids[n], kind);
        i++; /* over the digit */
        start = i + 1;
    }
    buffer_append(out, bytes + start, length - start);
}

static void
add_object(struct names *names, struct view *view, int kind,
           const struct buffer *bytes)
{
    struct oid *oid = &names->oids[names->count];
    struct error err;
    git_oid id;

    if (git_odb_hash(&id, bytes->bytes, bytes->length, (git_object_t)kind) < 0)
        return;
    memcpy(oid->bytes, id.id, sizeof(oid->bytes));
    if (objects_write(view, oid, kind, bytes->bytes, bytes->length, &err) == 0)
        names->count++;
}

static void
add_objects(struct names *names, struct view *view, const uint8_t *data,
            size_t size)
{
    while (names->count < OBJECTS && size >= 3) {
        size_t length = (size_t)data[1] | (size_t)data[2] << 8;
        struct buffer bytes = {0};
        int kind = kind_of(data[0]);

        data += 3;
        size -= 3;
        if (length > size)
            length = size;
        buffer_append(&bytes, "", 0);
        fill(&bytes, names, kind, data, length);
        add_object(names, view, kind, &bytes);
        buffer_free(&bytes);
        data += length;
        size -= length;
    }
}

/* What a ref may lead to, whoever made the tree. */
static void
check_files(const struct entry_list *files)
{
    struct error err;

    for (size_t i = 0; i < files->count; i++)
        if (text_check_path(files->entries[i].path, &err) < 0)
            abort();
}

static void
prepare(struct view *view, const struct oid *to, const char *ref)
{
    const struct repository repository = {.id = 1,
                                          .public_id = "1",
                                          .namespace_name = "acme",
                                          .name = "tiny",
                                          .full_name = "acme/tiny",
                                          .gate_mode = "manual"};
    const struct standing standing = {
        .may_see = true, .may_write = true, .membership = "owner"};
    const struct caller caller = {.account = 1, .name = "acme"};
    const struct change change = {.caller = &caller,
                                  .standing = &standing,
                                  .repository = &repository,
                                  .ref = ref,
                                  .to = to};
    struct change_plan plan;
    struct error err;

    if (change_prepare(&plan, view, NULL, &change, &err) == 0)
        check_files(&plan.examination.files);
}

/*
 * libgit2 1.5 loses a small block when a commit that it walks over cannot be
 * parsed; the registry makes its commits itself, so it has none of these.
 */
static void
list_commits(struct view *view, const struct oid *from)
{
    const struct commit_range commits = {.from = *from, .limit = OBJECTS};
    struct commit_list list;
    struct error err;

    if (__lsan_disable != NULL)
        __lsan_disable();
    commit_list(&list, view, &commits, &err);
    if (__lsan_enable != NULL)
        __lsan_enable();
}

static void
read_history(struct view *view, const struct oid *from)
{
    const struct entry_range root = {.folder = "", .limit = 50};
    struct entry_list entries;
    struct commit **last;
    struct entry entry;
    struct error err;

    list_commits(view, from);
    entry_find(&entry, view, from, "README.md", &err);
    if (entry_list(&entries, view, from, &root, &err) == 0)
        commit_find_last(&last, view, from, &entries, &err);
}

/* What a clone of it would bring. */
static void
close_over(struct view *view, const struct oid *want)
{
    struct oid copy = *want;
    struct wants wants = {.wants = {&copy, 1}, .is_done = true};
    struct closure closure = {0};
    struct error err;

    closure_find(&closure, view, &wants, &err);
    wants.depth = 1;
    closure = (struct closure){0};
    closure_find(&closure, view, &wants, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct names names = {.count = 0};
    struct view *view;
    struct error err;

    if (view_open(&view, NULL, arena, 1, &err) == 0) {
        add_objects(&names, view, data, size);
        if (names.count > 0) {
            const struct oid *last = &names.oids[names.count - 1];

            prepare(view, last, REF_MAIN);
            prepare(view, last, REF_TAGS "v1");
            read_history(view, last);
            close_over(view, last);
        }
    }
    arena_free(arena);
    return 0;
}
