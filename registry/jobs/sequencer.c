/* sequencer: gives committed log entries their index, on one daemon alone. */
#include "auth/log.h"
#include "registry/jobs/jobs.h"

int
sequencer_run(struct db *db, struct arena *arena, void *state,
              struct error *err)
{
    int64_t numbered;

    (void)arena;
    (void)state;
    return log_number(&numbered, db, err);
}
