/*
 * confine: shuts the process in before it reads what strangers sent.
 *
 * Landlock limits the files that can be reached to named folders, seccomp
 * limits the system calls to the ones that a server or a loader needs; neither
 * can be taken off again, and no program that is run later gains a privilege.
 * A kernel without Landlock is an error only when the caller says so.
 */
#ifndef STORAGE_BASE_CONFINE_H
#define STORAGE_BASE_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "storage/base/error.h"

#define CONFINE_PATHS 16

struct confine_rules {
    const char *read_write[CONFINE_PATHS]; /* folders or files, ended by NULL */
    const char *read_only[CONFINE_PATHS];  /* those missing are left out */
    bool network;       /* sockets may be made and connected */
    bool need_landlock; /* refuse to go on without it */
};

/* Drops from root to the account called user; nothing when not root. */
int confine_become(const char *user, struct error *err);

/* Looks an account up: ERROR_USAGE that names it when there is none. */
int confine_find_user(uid_t *out_uid, gid_t *out_gid, const char *user,
                      struct error *err);

/* Whether this kernel has Landlock switched on. */
bool confine_has_landlock(void);

/* For this thread and all that it starts afterwards: call it with one. */
int confine_enter(const struct confine_rules *rules, struct error *err);

#endif
