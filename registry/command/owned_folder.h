/*
 * owned_folder: folders that the service account alone may enter.
 */
#ifndef REGISTRY_COMMAND_OWNED_FOLDER_H
#define REGISTRY_COMMAND_OWNED_FOLDER_H

#include "registry/config.h"
#include "storage/base/error.h"

/*
 * Makes the folder, mode 0700, unless it is there; called by root it becomes
 * the account's that the key `user` names.  ERROR_USAGE without such an
 * account.
 */
int owned_folder_make(const struct config *config, const char *path,
                      struct error *err);

#endif
