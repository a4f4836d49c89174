/*
 * settings: what the parent starts a child with, and how HUP renews it.
 *
 * A struct settings is the configuration with its certificate and key.  Read
 * again, it is checked as a whole before anything changes: an error leaves the
 * one in use.  What a start has opened (data folder, sockets, database, ...)
 * keeps its value, and the log says so when the file has another.
 */
#ifndef REGISTRY_COMMAND_SETTINGS_H
#define REGISTRY_COMMAND_SETTINGS_H

#include <stdbool.h>

#include "registry/config.h"
#include "registry/server.h"
#include "storage/base/error.h"
#include "storage/base/log.h"

struct settings;

/* For the configuration that the start read; it outlives *out. */
int settings_open(struct settings **out, const struct config *config,
                  struct error *err);
void settings_free(struct settings *settings); /* NULL is allowed */

/* Reads again what this process was started with; old stays as it is. */
int settings_renew(struct settings **out, const struct settings *old,
                   const struct log *log, struct error *err);

const struct config *settings_config(const struct settings *settings);
/* NULL: plain HTTP. */
const struct server_tls *settings_tls(const struct settings *settings);
/* The words this process was started with, ended by NULL. */
char *const *settings_arguments(const struct settings *settings);

/* True when nothing but certificate and key may differ. */
bool settings_is_same_config(const struct settings *a,
                             const struct settings *b);

#endif
