/* cleaner: removes what time has made worthless: tries, sessions, questions. */
#include "auth/question.h"
#include "registry/config.h"
#include "registry/jobs/jobs.h"

int
cleaner_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;
    const struct db_call call = {"account_clean", NULL, 0};

    if (db_run(NULL, db, arena, &call, err) < 0)
        return -1;
    if (service->config->record_days == 0)
        return 0;
    return question_remove(db, service->config->record_days, err);
}
