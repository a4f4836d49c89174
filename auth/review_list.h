/*
 * review_list: requests as people and programs are shown them.
 *
 * An item has the Hub's shape (user, fields, timestamp, status, requestId, …)
 * and beside it what the Hub lacks: repository, reason, who decided, the
 * agreement, the grant's end, the votes.
 */
#ifndef AUTH_REVIEW_LIST_H
#define AUTH_REVIEW_LIST_H

#include <stdint.h>

#include "auth/caller.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define REVIEW_LIST_LIMIT_MIN 10
#define REVIEW_LIST_LIMIT_MAX 1000
#define REVIEW_LIST_SEARCH_LIMIT 250 /* characters */

struct review_query {
    const char *url;    /* the registry's own, for avatars */
    const char *status; /* NULL: any */
    const char *search; /* NULL: all */
    int64_t after_ms;   /* asked later than this; 0: any */
    int64_t before_ms;  /* and earlier than this; CLOCK_NEVER: any */
    const char *cursor; /* requestId of the page before's last; NULL */
    int64_t account;    /* whose requests, all of them; 0: everybody's */
    int64_t limit;
};

struct review_page {
    json_t *items;    /* an array, newest first; in the arena */
    const char *next; /* the next page's cursor; NULL: this is the last */
};

/* Of one repository. */
int review_list(struct review_page *out, struct db *db, struct arena *arena,
                int64_t repository, const struct review_query *query,
                struct error *err);

/* Of all repositories that the account may decide on; of one status. */
int review_list_queue(struct review_page *out, struct db *db,
                      struct arena *arena, int64_t account,
                      const struct review_query *query, struct error *err);

/* The account's own. */
int review_list_own(struct review_page *out, struct db *db, struct arena *arena,
                    int64_t account, const struct review_query *query,
                    struct error *err);

/*
 * The one request whose id begins with query's search, among the account's own
 * and those that it may decide on.  ERROR_NOT_FOUND, or ERROR_BAD_REQUEST if
 * several fit.
 */
int review_list_find(json_t **out, struct db *db, struct arena *arena,
                     int64_t account, const struct review_query *query,
                     struct error *err);

/* How long people wait at a repository's gate. */
struct review_wait {
    int64_t waiting;  /* requests */
    int64_t usual_ms; /* median of the last 90 days; 0: nobody was decided */
};
int review_list_wait(struct review_wait *out, struct db *db,
                     struct arena *arena, int64_t repository,
                     struct error *err);

/* An entry of the Hub's report; the rows are those of review_list. */
json_t *review_list_report(const json_t *item);

#endif
