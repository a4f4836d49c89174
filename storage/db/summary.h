/*
 * summary: what lists and pages show of a repository's main branch.
 *
 * One row a repository, written with each move of main by auth/change and
 * read for lists without looking into git.  Texts live in the arena.
 */
#ifndef STORAGE_DB_SUMMARY_H
#define STORAGE_DB_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define SUMMARY_HEAD_BYTES 20
/* Repositories in one page of a list. */
#define SUMMARY_PAGE 1000

struct summary {
    uint8_t head[SUMMARY_HEAD_BYTES]; /* the commit */
    const char *card;                 /* JSON of the front matter: "{}" */
    const char *const *tags;
    size_t tag_count;
    const char *pipeline_tag; /* NULL: none; so are those below */
    const char *library_name;
    const char *license;
    const char *safetensors; /* JSON: {"parameters": {…}, "total": n} */
    const char *gguf;        /* JSON: {"total": n, "architecture": …} */
    uint64_t used_bytes;     /* of all weights that the repository has */
    uint64_t downloads;      /* read only */
};

/* In the caller's transaction, after the ref is locked. */
int summary_set(struct db *db, struct arena *arena, int64_t repository,
                const struct summary *summary, struct error *err);

/* All zero, with an empty card, for a repository without a commit on main. */
int summary_find(struct summary *out, struct db *db, struct arena *arena,
                 int64_t repository, struct error *err);

enum summary_order {
    SUMMARY_BY_UPDATED,
    SUMMARY_BY_CREATED,
    SUMMARY_BY_DOWNLOADS,
};

struct summary_filter {
    enum repository_kind kind;
    int64_t viewer;     /* account: sees its own and its organisations' private
                           ones; 0 sees what is public */
    const char *author; /* a namespace, or NULL */
    const char *search; /* part of "namespace/name", or NULL */
    const char *const *tags; /* all of them */
    size_t tag_count;
    int gated; /* 1: only gated ones, 0: only open ones, -1: both */
    enum summary_order order;
    bool is_ascending;
    int64_t after_key; /* where the page before ended: out->last_key */
    int64_t after_id;  /* its id; 0 for the first page */
    size_t limit;      /* at most SUMMARY_PAGE */
};

struct summary_item {
    struct repository repository;
    struct summary summary;
};

struct summary_list {
    struct summary_item *items;
    size_t count;
    bool has_more;
    int64_t last_key; /* of the order; with the last id the next page's start */
};

int summary_list(struct summary_list *out, struct db *db, struct arena *arena,
                 const struct summary_filter *filter, struct error *err);

#endif
