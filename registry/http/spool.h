/*
 * spool: a file without a name, for what is too long for memory.
 *
 * It is gone when its descriptor is closed, or the daemon dies.
 */
#ifndef REGISTRY_HTTP_SPOOL_H
#define REGISTRY_HTTP_SPOOL_H

#include "registry/http/route.h"
#include "storage/base/error.h"

/* Opens one for reading and writing.  The caller closes *out_fd. */
int spool_open(int *out_fd, const char *folder, struct error *err);

/*
 * A sink that writes a body into a spool file.  *fd is -1 until the first
 * bytes come, then the file's, which whoever owns *fd closes.
 */
struct spool_sink {
    const char *folder;
    int fd;
};
void spool_sink_open(struct body_sink *out, struct spool_sink *sink,
                     const char *folder, uint64_t limit_bytes);

#endif
