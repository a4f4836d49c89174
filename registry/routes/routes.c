#include "registry/routes/routes.h"

#include "registry/http/asset.h"

const struct route *const all_routes[] = {
    account_routes,
    asset_routes,
    health_routes,
    history_routes,
    info_routes,
    joining_routes,
    list_routes,
    login_routes,
    ref_routes,
    release_routes,
    repo_routes,
    settings_routes,
    site_routes,
    tree_routes,
    NULL,
};
