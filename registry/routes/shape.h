/*
 * shape: the JSON in which the Hub's API shows repositories, files, commits.
 *
 * Every function gives a new reference.
 */
#ifndef REGISTRY_ROUTES_SHAPE_H
#define REGISTRY_ROUTES_SHAPE_H

#include <stdbool.h>

#include "registry/http/request.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/summary.h"
#include "storage/git/commit.h"
#include "storage/git/entry.h"

/* One item of tree and paths-info; last may be NULL. */
json_t *shape_entry(const struct entry *entry, bool is_masked,
                    const struct commit *last);

/* {"size", "sha256" or "oid", "pointerSize"}: weights, as key names them. */
json_t *shape_weights(const struct entry *entry, bool is_masked,
                      const char *key);

/* One item of the list of commits. */
json_t *shape_commit(const struct commit *commit, bool is_formatted);

/* What lists and pages tell of a repository; "sha" is the head of main. */
json_t *shape_repository(struct arena *arena,
                         const struct repository *repository,
                         const struct summary *summary);

/* "2026-11-24T05:23:06.000Z" */
json_t *shape_time(int64_t at_ms);
json_t *shape_oid(const struct oid *oid);

/*
 * What expand= asks for: the names that this kind of repository knows.
 * ERROR_BAD_REQUEST lists them, in the words that the Hub's client reads.
 */
int shape_check_expand(const struct request *request, enum repository_kind kind,
                       struct error *err);

/* Keeps of whole "_id", "id" and what expand= names; whole without any. */
json_t *shape_expand(const struct request *request, json_t *whole);
bool shape_is_expanded(const struct request *request, const char *name);

#endif
