#include "registry/routes/routes.h"

const struct route *const all_routes[] = {
    health_routes,
    release_routes,
    NULL,
};
