/*
 * supervisor: what systemd, or another that speaks as it does, is told.
 *
 * Messages are datagrams to the socket that NOTIFY_SOCKET names; listening
 * sockets come as LISTEN_FDS (sd_notify(3), sd_listen_fds(3)).  The protocol
 * is these few lines, so weighd does not link libsystemd for it.  Without a
 * supervisor nothing is said.  The environment is the starter's: what is not
 * well formed is an error or nothing, never followed half.
 */
#ifndef REGISTRY_COMMAND_SUPERVISOR_H
#define REGISTRY_COMMAND_SUPERVISOR_H

#include <stdint.h>

#include "registry/command/listener.h"
#include "storage/base/error.h"

/*
 * Takes over the sockets that were passed to this process, none when there are
 * none.  ERROR_USAGE when one is not a listening stream socket, or there are
 * more than CONFIG_LISTEN_LIMIT.
 */
int supervisor_take_listeners(struct listeners *out, struct error *err);

/* Serving; the process to watch is this one. */
void supervisor_say_ready(void);
/* Between the two the configuration or the program is read again. */
void supervisor_say_reloading(void);
void supervisor_say_stopping(void);
void supervisor_say_alive(void);

/* How often to say that we live, or 0: nobody asks. */
int64_t supervisor_watchdog_ms(void);

#endif
