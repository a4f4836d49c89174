/* expiry: ends grants whose time is over, and sends the mails of a day. */
#include "auth/grant.h"
#include "auth/notice.h"
#include "registry/jobs/jobs.h"

int
expiry_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;
    int64_t ended;

    (void)arena;
    if (grant_expire_all(&ended, db, err) < 0)
        return -1;
    if (ended > 0)
        log_write(&service->log, "grants ended",
                  json_pack("{s:I}", "count", (json_int_t)ended));
    return notice_send_daily(db, service->url, err);
}
