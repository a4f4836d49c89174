/*
 * folder: a tree of git's while it is changed.
 *
 * Names are found by halving a sorted list.  libgit2's builder has them in a
 * table whose hash anybody can foresee, so that a commit of 16,000 names that
 * were chosen to collide took half a minute.  Only storage/git includes this
 * header.
 */
#ifndef STORAGE_GIT_FOLDER_H
#define STORAGE_GIT_FOLDER_H

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

struct folder_item {
    const char *name;
    git_filemode_t mode; /* 0: there is nothing of this name */
    struct oid oid;
    bool is_old; /* it was there before the change */
};

struct folder {
    struct arena *arena;
    struct folder_item *items;
    size_t count;
    size_t room;
    size_t old_count; /* of the first ones, sorted by name */
};

/*
 * Begins with what base has, which may be NULL and outlives the folder.  The
 * caller ends it with folder_close.
 */
void folder_open(struct folder *out, const git_tree *base);
void folder_close(struct folder *folder);

/*
 * The item of this name, to be changed in place before the next call; a new
 * one has mode 0.  A new name is taken once, and lives as long as the folder.
 */
struct folder_item *folder_take(struct folder *folder, const char *name);

bool folder_is_empty(const struct folder *folder);

/*
 * ERROR_UNPROCESSABLE when a new name is some disk's other name for one that
 * is there (storage/base/twin.h).  Above is the path of the folder, with '/'
 * at its end unless it is the root's "".
 */
int folder_check_twins(const struct folder *folder, const char *above,
                       struct error *err);

int folder_write(struct oid *out, const struct folder *folder,
                 struct view *view, struct error *err);

#endif
