/*
 * target: what a path of a repository speaks of: its git data, a revision of
 * it, and whether the gate lets its weights be known.
 */
#ifndef REGISTRY_ROUTES_TARGET_H
#define REGISTRY_ROUTES_TARGET_H

#include "auth/gate.h"
#include "registry/http/request.h"
#include "registry/http/response.h"
#include "storage/base/error.h"
#include "storage/git/entry.h"
#include "storage/git/revision.h"
#include "storage/git/view.h"

struct target {
    struct view *view;
    struct revision revision;
};

/* The view of the request's repository; the revision stays empty. */
int target_open(struct target *out, struct request *request, struct error *err);

/* With the revision that the route's ":revision" names. */
int target_find(struct target *out, struct request *request, struct error *err);

/* Asks the gate for a path, or with NULL for the whole of the revision. */
int target_ask(struct gate_answer *out, struct request *request,
               const struct target *target, const char *path,
               struct error *err);

/*
 * Whether hashes of weights are shown as asterisks, which is what the Hub
 * does for who has no access.  ERROR_GATED instead for llama.cpp, which would
 * take a masked list for one without models.
 */
int target_is_masked(bool *out, struct request *request,
                     const struct target *target, struct error *err);

/* "https://registry/datasets/acme/tiny": the repository's page. */
const char *target_url(const struct request *request);

/* Adds X-Repo-Commit. */
void target_name_commit(struct response *response, const struct target *target);

/*
 * The address of the page that follows, as a Link header: this one's with
 * "cursor" set.
 */
void target_link_next(struct response *response, const struct request *request,
                      const char *cursor);

/* The commit's author: the account's name, an address that is not a mailbox. */
const char *target_email(const struct request *request);

#endif
