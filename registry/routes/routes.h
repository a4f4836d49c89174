/*
 * routes: the tables of all families, a file each.
 *
 * routes.c joins them; registry/http/router finds the route of a request.
 * weighd-http(7) lists every row, which a test compares.
 */
#ifndef REGISTRY_ROUTES_ROUTES_H
#define REGISTRY_ROUTES_ROUTES_H

#include "registry/http/route.h"

/* What the tables in all_routes are called, in their order; NULL ends it. */
extern const char *const all_route_families[];

extern const struct route access_routes[];
extern const struct route account_routes[];
extern const struct route client_routes[];
extern const struct route commit_routes[];
extern const struct route gate_routes[];
extern const struct route git_routes[];
extern const struct route health_routes[];
extern const struct route history_routes[];
extern const struct route info_routes[];
extern const struct route joining_routes[];
extern const struct route lfs_routes[];
extern const struct route licence_routes[];
extern const struct route list_routes[];
extern const struct route login_routes[];
extern const struct route metrics_routes[];
extern const struct route model_page_routes[];
extern const struct route preupload_routes[];
extern const struct route ref_routes[];
extern const struct route release_routes[];
extern const struct route repo_routes[];
extern const struct route request_page_routes[];
extern const struct route resolve_routes[];
extern const struct route review_routes[];
extern const struct route settings_routes[];
extern const struct route site_routes[];
extern const struct route status_routes[];
extern const struct route transfer_routes[];
extern const struct route tree_routes[];

#endif
