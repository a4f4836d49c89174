#include "registry/http/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/base/file.h"

/* File systems without O_TMPFILE get a name that is taken away at once. */
static int
open_named(const char *folder)
{
    char path[4096];
    int fd;

    if (snprintf(path, sizeof(path), "%s/spool.XXXXXX", folder) >=
        (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int
spool_open(int *out_fd, const char *folder, struct error *err)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = open_named(folder);
    if (fd < 0)
        return error_set_system(err, "spool");
    *out_fd = fd;
    return 0;
}

static int
add(void *state, const void *bytes, size_t length, struct error *err)
{
    struct spool_sink *sink = state;

    if (sink->fd < 0 && spool_open(&sink->fd, sink->folder, err) < 0)
        return -1;
    return file_write_all(sink->fd, bytes, length, err);
}

static void
keep(void *state)
{
    (void)state; /* the descriptor belongs to the sink's owner */
}

void
spool_sink_open(struct body_sink *out, struct spool_sink *sink,
                const char *folder, uint64_t limit_bytes)
{
    sink->folder = folder;
    sink->fd = -1;
    *out = (struct body_sink){add, keep, sink, limit_bytes};
}
