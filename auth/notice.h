/*
 * notice: mail about requests: to those who decide, and to who asked.
 *
 * Rows of the outbox, in the transaction of what they tell.  Owners choose per
 * gate between a mail a request and one a day; a person may switch the mails
 * to reviewers off.  Nobody without a verified address gets any.
 */
#ifndef AUTH_NOTICE_H
#define AUTH_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/access.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

/* Tells the reviewers of a new request; url is the registry's own. */
int notice_asked(struct db *db, struct arena *arena, const char *url,
                 const struct repository *repository,
                 const struct access *access, struct error *err);

/* Tells who asked what became of it, unless they did it themselves. */
int notice_decided(struct db *db, struct arena *arena,
                   const struct access_event *event, struct error *err);

/*
 * Tells the reviewers of gates with a mail a day about the requests of the
 * last UTC day that still wait; once, however often it is called.
 */
int notice_send_daily(struct db *db, const char *url, struct error *err);

/* Switches mail about new requests on or off for an account. */
int notice_set_wanted(struct db *db, struct arena *arena, int64_t account,
                      bool wanted, struct error *err);

#endif
