/*
 * entry: the files and folders of one commit.
 *
 * A file of weights is in git as a pointer (storage/model/pointer); an entry
 * tells both what git holds and what the pointer names.  Lists come in git's
 * order, by path byte for byte, in pages.  Everything lives in the view's
 * arena.
 */
#ifndef STORAGE_GIT_ENTRY_H
#define STORAGE_GIT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"
#include "storage/model/pointer.h"

/* Files and folders that one commit may hold. */
#define ENTRY_LIMIT 100000
#define ENTRY_DEPTH_LIMIT 64

struct entry {
    const char *path;
    bool is_folder;
    bool is_weights;        /* the blob is a pointer, and pointer is filled */
    struct oid oid;         /* of the blob or tree */
    uint64_t blob_bytes;    /* of the blob itself; 0 for a folder */
    struct pointer pointer; /* of weights */
};

struct entry_list {
    struct entry *entries;
    size_t count;
    bool has_more; /* cut by the limit */
};

struct entry_range {
    const char *folder; /* "" for the root */
    bool is_recursive;
    bool is_files_alone; /* leaves out folders */
    /* The last path of the page before, a folder's with '/' at its end. */
    const char *after; /* NULL: from the first */
    size_t limit;      /* 0: all */
};

/* Bytes a person would see: of the weights, or of the blob. */
uint64_t entry_size(const struct entry *entry);

/* ERROR_ENTRY_NOT_FOUND when the commit has no such path. */
int entry_find(struct entry *out, struct view *view, const struct oid *commit,
               const char *path, struct error *err);

/* ERROR_ENTRY_NOT_FOUND when the folder is missing, or is a file. */
int entry_list(struct entry_list *out, struct view *view,
               const struct oid *commit, const struct entry_range *range,
               struct error *err);

struct entry_wish {
    const char *const *paths;
    size_t count;
};

/* Those of the paths that the commit has, in the order of the wish. */
int entry_pick(struct entry_list *out, struct view *view,
               const struct oid *commit, const struct entry_wish *wish,
               struct error *err);

/*
 * A file's bytes, followed by a NUL.  Git's own: for weights the pointer's
 * text.  In the view's arena.
 */
int entry_read(const void **out, size_t *out_length, struct view *view,
               const struct entry *entry, struct error *err);

/*
 * The same without a copy, for who looks at many files: valid until the next
 * call on the view.  entry_expect says which are looked at, in which order, so
 * that they are read in batches; files live until then.
 */
int entry_peek(const void **out, size_t *out_length, struct view *view,
               const struct entry *entry, struct error *err);
void entry_expect(struct view *view, const struct entry *const *files,
                  size_t count);

#endif
