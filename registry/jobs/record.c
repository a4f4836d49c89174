/* record: writes the gate's questions and what deliveries amounted to. */
#include "auth/delivery.h"
#include "auth/question.h"
#include "registry/http/meter.h"
#include "registry/jobs/jobs.h"

int
record_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;
    int64_t lost;

    (void)arena;
    if (question_flush(service->questions, db, err) < 0 ||
        delivery_flush(service->deliveries, db, err) < 0)
        return -1;
    lost = question_take_lost(service->questions);
    meter_add(service->meter, METER_QUESTIONS_LOST, (uint64_t)lost);
    if (lost > 0)
        log_write(&service->log, "questions lost",
                  json_pack("{s:I}", "count", (json_int_t)lost));
    return 0;
}
