#include "storage/git/folder.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/buffer.h"
#include "storage/base/twin.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct folder_item *)a)->name,
                  ((const struct folder_item *)b)->name);
}

/* As git does: a folder's name as if '/' followed it. */
static int
compare_in_tree(const void *a, const void *b)
{
    const struct folder_item *first = a;
    const struct folder_item *second = b;
    size_t first_length = strlen(first->name);
    size_t second_length = strlen(second->name);
    size_t both = first_length < second_length ? first_length : second_length;
    int order = memcmp(first->name, second->name, both);
    unsigned char ends[2] = {(unsigned char)first->name[both],
                             (unsigned char)second->name[both]};

    if (order != 0)
        return order;
    if (first_length == both && first->mode == GIT_FILEMODE_TREE)
        ends[0] = '/';
    if (second_length == both && second->mode == GIT_FILEMODE_TREE)
        ends[1] = '/';
    return ends[0] - ends[1];
}

void
folder_open(struct folder *out, const git_tree *base)
{
    size_t count = base != NULL ? git_tree_entrycount(base) : 0;
    struct arena *arena = arena_open();

    *out = (struct folder){
        .arena = arena,
        .items = arena_array(arena, count, sizeof(*out->items)),
        .count = count,
        .room = count,
        .old_count = count,
    };
    for (size_t i = 0; i < count; i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(base, i);

        out->items[i] = (struct folder_item){
            .name = git_tree_entry_name(entry),
            .mode = git_tree_entry_filemode_raw(entry),
            .oid = from_git(git_tree_entry_id(entry)),
            .is_old = true,
        };
    }
    if (count > 1)
        qsort(out->items, count, sizeof(*out->items), compare_names);
}

void
folder_close(struct folder *folder)
{
    arena_free(folder->arena);
    *folder = (struct folder){0};
}

static struct folder_item *
add_item(struct folder *folder)
{
    if (folder->count == folder->room) {
        size_t room = folder->room < 8 ? 16 : 2 * folder->room;
        struct folder_item *items =
            arena_array(folder->arena, room, sizeof(*items));

        if (folder->count > 0)
            memcpy(items, folder->items, folder->count * sizeof(*items));
        folder->items = items;
        folder->room = room;
    }
    return &folder->items[folder->count++];
}

struct folder_item *
folder_take(struct folder *folder, const char *name)
{
    const struct folder_item wanted = {.name = name};
    struct folder_item *item = NULL;

    if (folder->old_count > 0)
        item = bsearch(&wanted, folder->items, folder->old_count,
                       sizeof(*folder->items), compare_names);
    if (item == NULL) {
        item = add_item(folder);
        item->name = name;
    }
    return item;
}

bool
folder_is_empty(const struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        if (folder->items[i].mode != 0)
            return false;
    return true;
}

int
folder_check_twins(const struct folder *folder, const char *above,
                   struct error *err)
{
    struct arena *arena = arena_open();
    struct twin_path *paths = arena_array(arena, folder->count, sizeof(*paths));
    size_t count = 0;
    bool has_new = false;
    int result;

    for (size_t i = 0; i < folder->count; i++) {
        const struct folder_item *item = &folder->items[i];

        if (item->mode == 0)
            continue;
        paths[count++] = (struct twin_path){
            arena_format(arena, "%s%s", above, item->name), item->is_old};
        has_new = has_new || !item->is_old;
    }
    result = has_new ? twin_check(paths, count, err) : 0;
    arena_free(arena);
    return result;
}

static void
append_item(struct buffer *out, const struct folder_item *item)
{
    buffer_append_format(out, "%o %s", (unsigned)item->mode, item->name);
    buffer_append(out, "", 1);
    buffer_append(out, item->oid.bytes, sizeof(item->oid.bytes));
}

int
folder_write(struct oid *out, const struct folder *folder, struct view *view,
             struct error *err)
{
    struct folder_item *items =
        arena_array(folder->arena, folder->count, sizeof(*items));
    struct buffer text = {0};
    git_odb *odb = NULL;
    git_oid id;
    int outcome;

    if (folder->count > 0)
        memcpy(items, folder->items, folder->count * sizeof(*items));
    if (folder->count > 1)
        qsort(items, folder->count, sizeof(*items), compare_in_tree);
    for (size_t i = 0; i < folder->count; i++)
        if (items[i].mode != 0)
            append_item(&text, &items[i]);
    outcome = git_repository_odb(&odb, view->git);
    if (outcome == 0)
        outcome = git_odb_write(&id, odb, text.length > 0 ? text.bytes : "",
                                text.length, GIT_OBJECT_TREE);
    git_odb_free(odb);
    buffer_free(&text);
    if (outcome < 0)
        return library_refuse(view, "write a folder", err);
    *out = from_git(&id);
    return 0;
}
