#include "registry/routes/routes.h"

#include "registry/http/asset.h"

const struct route *const all_routes[] = {
    access_routes,       account_routes,    asset_routes,
    client_routes,       commit_routes,     gate_routes,
    git_routes,          health_routes,     history_routes,
    info_routes,         joining_routes,    lfs_routes,
    licence_routes,      list_routes,       login_routes,
    metrics_routes,      model_page_routes, preupload_routes,
    ref_routes,          release_routes,    repo_routes,
    request_page_routes, resolve_routes,    review_routes,
    settings_routes,     site_routes,       status_routes,
    transfer_routes,     tree_routes,       NULL,
};

const char *const all_route_families[] = {
    "access",   "account", "asset",   "client",       "commit",     "gate",
    "git",      "health",  "history", "info",         "joining",    "lfs",
    "licence",  "list",    "login",   "metrics",      "model_page", "preupload",
    "ref",      "release", "repo",    "request_page", "resolve",    "review",
    "settings", "site",    "status",  "transfer",     "tree",       NULL,
};

_Static_assert(sizeof(all_routes) == sizeof(all_route_families),
               "each table has a name");
