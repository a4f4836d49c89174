#include "registry/command/owned_folder.h"

#include <unistd.h>

#include "storage/base/confine.h"
#include "storage/base/file.h"

int
owned_folder_make(const struct config *config, const char *path,
                  struct error *err)
{
    uid_t uid;
    gid_t gid;

    if (file_make_folder(path, 0700, err) < 0)
        return -1;
    if (geteuid() != 0)
        return 0;
    if (confine_find_user(&uid, &gid, config->user, err) < 0)
        return -1;
    return chown(path, uid, gid) < 0 ? error_set_system(err, path) : 0;
}
