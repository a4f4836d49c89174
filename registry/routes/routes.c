#include "registry/routes/routes.h"

#include "registry/http/asset.h"

const struct route *const all_routes[] = {
    account_routes,
    asset_routes,
    health_routes,
    joining_routes,
    login_routes,
    release_routes,
    settings_routes,
    site_routes,
    NULL,
};
