/* cleaner: removes what time has made worthless around accounts. */
#include "registry/jobs/jobs.h"

int
cleaner_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct db_call call = {"account_clean", NULL, 0};

    (void)state;
    return db_run(NULL, db, arena, &call, err);
}
