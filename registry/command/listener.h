/*
 * listener: the sockets that a daemon listens on.
 *
 * They are opened by the parent, which may be root, and outlive the server
 * child, so a restart of the child loses no connection that waits.
 */
#ifndef REGISTRY_COMMAND_LISTENER_H
#define REGISTRY_COMMAND_LISTENER_H

#include "registry/config.h"
#include "storage/base/error.h"

struct listeners {
    int sockets[CONFIG_LISTEN_LIMIT];
    int count;
};

/*
 * Opens "127.0.0.1:8470", "[::1]:8470", "*:80", several with commas.  Errors
 * name the address; one that is in use is tried for 3 seconds.  The caller
 * closes them with listeners_close.
 */
int listeners_open(struct listeners *out, const char *addresses,
                   struct error *err);
void listeners_close(struct listeners *listeners);

#endif
