/* health: whether the daemon lives, and whether it can do its work. */
#include "registry/routes/routes.h"

static int
health_show(struct request *request, struct response *response,
            struct error *err)
{
    (void)request;
    (void)err;
    response_text(response, 200, "ok\n");
    return 0;
}

/* Asks the database, as every request that matters does. */
static int
ready_show(struct request *request, struct response *response,
           struct error *err)
{
    const struct db_call call = {"ready_check", NULL, 0};

    if (db_run(NULL, request->db, request->arena, &call, err) < 0)
        return -1;
    response_text(response, 200, "ready\n");
    return 0;
}

const struct route health_routes[] = {
    {"GET", "/health", RIGHT_PUBLIC, health_show, NULL, 0},
    {"GET", "/ready", RIGHT_PUBLIC, ready_show, NULL, 0},
    {0},
};
