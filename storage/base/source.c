#include "storage/base/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
source_read(const struct source *source, void *out, uint64_t offset,
            size_t length, struct error *err)
{
    if (length > source->size_bytes || offset > source->size_bytes - length)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the file ends before byte %llu",
                         (unsigned long long)offset + length);
    return source->read_at(source->state, out, offset, length, err);
}

static int
memory_read_at(void *state, void *out, uint64_t offset, size_t length,
               struct error *err)
{
    const struct memory_source *memory = state;

    (void)err;
    memcpy(out, memory->bytes + offset, length);
    return 0;
}

void
source_of_memory(struct memory_source *out, const void *bytes, size_t length)
{
    out->bytes = bytes;
    out->source = (struct source){length, memory_read_at, out};
}

static int
file_read_at(void *state, void *out, uint64_t offset, size_t length,
             struct error *err)
{
    const struct file_source *file = state;
    char *at = out;

    while (length > 0) {
        ssize_t n = pread(file->fd, at, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(err, "read");
        if (n == 0)
            return error_set(err, ERROR_INTERNAL, "the file became shorter");
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int
source_of_file(struct file_source *out, int fd, struct error *err)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return error_set_system(err, "stat");
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_BAD_REQUEST, "not a regular file");
    out->fd = fd;
    out->source = (struct source){(uint64_t)status.st_size, file_read_at, out};
    return 0;
}
