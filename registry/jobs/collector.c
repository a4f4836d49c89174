/* collector: removes weights that nothing refers to, and says how much. */
#include "registry/http/meter.h"
#include "registry/jobs/jobs.h"
#include "storage/content/collect.h"

int
collector_run(struct db *db, struct arena *arena, void *state,
              struct error *err)
{
    const struct service *service = state;
    const struct collect_options options = {0};
    struct collect_counts counts;

    (void)arena;
    if (collect_run(&counts, service->content, db, &options, err) < 0)
        return -1;
    meter_add(service->meter, METER_COLLECTED_UPLOADS,
              (uint64_t)counts.uploads);
    meter_add(service->meter, METER_COLLECTED_OBJECTS,
              (uint64_t)counts.objects);
    meter_add(service->meter, METER_COLLECTED_BLOBS, (uint64_t)counts.removed);
    if (counts.objects + counts.blobs + counts.removed == 0)
        return 0;
    log_write(&service->log, "collected",
              json_pack("{s:I, s:I, s:I, s:I}", "uploads",
                        (json_int_t)counts.uploads, "objects",
                        (json_int_t)counts.objects, "blobs",
                        (json_int_t)counts.blobs, "removed",
                        (json_int_t)counts.removed));
    return 0;
}
