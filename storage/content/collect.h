/*
 * collect: removes what nothing refers to, rows first and bytes after a grace.
 *
 * Safe while uploads, commits and downloads run, and on several daemons, one of
 * which collects at a time.  What is removed: uploads whose time is over,
 * objects that no commit named in time, objects that no repository has, blobs
 * that none of these has, and, after COLLECT_GRACE_MS, their bytes; also bytes
 * without any row, which a kill between the blob and its row leaves.
 */
#ifndef STORAGE_CONTENT_COLLECT_H
#define STORAGE_CONTENT_COLLECT_H

#include <stdint.h>

#include "storage/base/error.h"
#include "storage/content/content.h"

/*
 * How long bytes outlive their row, and how old bytes without a row must be.
 * Longer than any backup of database and then blobs takes.
 */
#define COLLECT_GRACE_MS (INT64_C(24) * 3600 * 1000)

struct collect_options {
    int64_t grace_ms;       /* 0: COLLECT_GRACE_MS */
    int64_t uncommitted_ms; /* 0: OBJECT_UNCOMMITTED_MS */
};

struct collect_counts {
    int64_t uploads;
    int64_t uncommitted; /* a repository's claims to objects */
    int64_t objects;
    int64_t blobs;   /* that became garbage */
    int64_t removed; /* blobs whose bytes went */
    int64_t orphans; /* of these, those that had no row */
};

/*
 * One round over everything; outside of a transaction.  Nothing happens while
 * another connection collects.
 */
int collect_run(struct collect_counts *out, struct content_store *store,
                struct db *db, const struct collect_options *options,
                struct error *err);

#endif
