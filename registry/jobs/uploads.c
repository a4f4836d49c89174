/* uploads: gives back the places of uploads that are over. */
#include "auth/slots.h"
#include "registry/jobs/jobs.h"

int
uploads_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;

    return slots_write(service->uploads, db, arena, err);
}
