/*
 * asset: the files behind the pages: style sheets, scripts, pictures.
 *
 * Those of registry/web that are not pages, built in, under /static/NAME with
 * their digest as ETag.
 */
#ifndef REGISTRY_HTTP_ASSET_H
#define REGISTRY_HTTP_ASSET_H

#include "registry/http/route.h"

extern const struct route asset_routes[]; /* joined in registry/routes */

#endif
