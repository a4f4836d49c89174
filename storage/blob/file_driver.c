#include "storage/blob/file_driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"

/*
 * A window is sent to the disk while the next one is filled, and given back to
 * the system once it is there: dirty memory stays at two windows, which is
 * several times faster than one fsync of everything at the end.
 */
#define WINDOW_BYTES INT64_C(8388608) /* 8 MiB */

#define INCOMING "incoming"
#define PATH_SIZE (sizeof(INCOMING) + BLOB_NAME_SIZE)

/* One for each two first digits of a name. */
#define FOLDERS 256

struct file_store {
    struct blob_store store;
    int folder;
    atomic_bool is_lasting[FOLDERS]; /* there, and synced since the open */
};

struct file_writer {
    struct blob_writer writer;
    struct file_store *store;
    int folder; /* the store's */
    int fd;
    uint64_t written;
    uint64_t sent; /* up to here, windows are on their way to the disk */
    bool is_committed;
    char name[BLOB_NAME_SIZE];
};

static void
incoming_path(char out[PATH_SIZE], const char *name)
{
    snprintf(out, PATH_SIZE, INCOMING "/%s", name);
}

static void
final_path(char out[PATH_SIZE], const char *name)
{
    snprintf(out, PATH_SIZE, "%.2s/%s", name, name);
}

static int
sync_folder(int folder, const char *name, struct error *err)
{
    int result = 0;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_set_system(err, "blob folder");
    if (fsync(fd) < 0)
        result = error_set_system(err, "sync of the blob folder");
    close(fd);
    return result;
}

static int
make_folder(int folder, const char *name, struct error *err)
{
    if (mkdirat(folder, name, 0700) < 0 && errno != EEXIST)
        return error_set_system(err, "blob folder");
    return sync_folder(folder, ".", err);
}

static int
store_open(struct blob_store **out, const char *place, struct error *err)
{
    struct file_store *store;
    int folder;

    if (file_make_folder(place, 0700, err) < 0)
        return -1;
    folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return error_set_system(err, place);
    if (make_folder(folder, INCOMING, err) < 0) {
        close(folder);
        return -1;
    }
    store = xcalloc(1, sizeof(*store));
    store->folder = folder;
    *out = &store->store;
    return 0;
}

static void
store_free(struct blob_store *base)
{
    struct file_store *store = (struct file_store *)base;

    close(store->folder);
    free(store);
}

static int
writer_open(struct blob_writer **out, struct blob_store *base, const char *name,
            struct error *err)
{
    struct file_store *store = (struct file_store *)base;
    struct file_writer *writer;
    char path[PATH_SIZE];
    int fd;

    incoming_path(path, name);
    fd = openat(store->folder, path,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_system(err, "new blob");
    writer = xcalloc(1, sizeof(*writer));
    writer->store = store;
    writer->folder = store->folder;
    writer->fd = fd;
    snprintf(writer->name, sizeof(writer->name), "%s", name);
    *out = &writer->writer;
    return 0;
}

/* Sends full windows; waits for the one before the last and lets go of it. */
static int
send_windows(struct file_writer *writer, struct error *err)
{
    while (writer->written - writer->sent >= WINDOW_BYTES) {
        off_t at = (off_t)writer->sent;
        off_t before = at - WINDOW_BYTES;

        if (sync_file_range(writer->fd, at, WINDOW_BYTES,
                            SYNC_FILE_RANGE_WRITE) < 0)
            return error_set_system(err, "write of a blob");
        writer->sent += WINDOW_BYTES;
        if (before < 0)
            continue;
        if (sync_file_range(writer->fd, before, WINDOW_BYTES,
                            SYNC_FILE_RANGE_WAIT_BEFORE |
                                SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER) < 0)
            return error_set_system(err, "write of a blob");
        posix_fadvise(writer->fd, before, WINDOW_BYTES, POSIX_FADV_DONTNEED);
    }
    return 0;
}

static int
writer_add(struct blob_writer *base, const void *bytes, size_t length,
           struct error *err)
{
    struct file_writer *writer = (struct file_writer *)base;

    if (file_write_all(writer->fd, bytes, length, err) < 0)
        return -1;
    writer->written += length;
    return send_windows(writer, err);
}

/*
 * The folder of the first two digits is made when the first blob needs it.  One
 * that is found may be another writer's, or a killed one's, who had not synced
 * it yet; so each open of the store does it once.
 */
static int
ensure_folder(struct file_store *store, const char *prefix, struct error *err)
{
    int number = hex_digit(prefix[0]) * 16 + hex_digit(prefix[1]);

    if (atomic_load(&store->is_lasting[number]))
        return 0;
    if (make_folder(store->folder, prefix, err) < 0)
        return -1;
    atomic_store(&store->is_lasting[number], true);
    return 0;
}

static int
rename_into_place(const struct file_writer *writer, struct error *err)
{
    const char prefix[] = {writer->name[0], writer->name[1], '\0'};
    int folder = writer->folder;
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    incoming_path(from, writer->name);
    final_path(to, writer->name);
    if (ensure_folder(writer->store, prefix, err) < 0)
        return -1;
    if (renameat(folder, from, folder, to) < 0)
        return error_set_system(err, "blob");
    if (sync_folder(folder, prefix, err) == 0)
        return 0;
    unlinkat(folder, to, 0);
    return -1;
}

static int
writer_commit(struct blob_writer *base, struct error *err)
{
    struct file_writer *writer = (struct file_writer *)base;

    if (fsync(writer->fd) < 0)
        return error_set_system(err, "sync of a blob");
    if (rename_into_place(writer, err) < 0)
        return -1;
    writer->is_committed = true;
    return 0;
}

static void
writer_free(struct blob_writer *base)
{
    struct file_writer *writer = (struct file_writer *)base;
    char path[PATH_SIZE];

    close(writer->fd);
    incoming_path(path, writer->name);
    if (!writer->is_committed)
        unlinkat(writer->folder, path, 0);
    free(writer);
}

static int
blob_file_open(struct blob **out, struct blob_store *base, const char *name,
               struct error *err)
{
    const struct file_store *store = (const struct file_store *)base;
    struct stat status;
    char path[PATH_SIZE];
    int fd;

    final_path(path, name);
    fd = openat(store->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "no such blob");
    if (fd < 0)
        return error_set_system(err, "blob");
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return error_set(err, ERROR_INTERNAL, "a blob is not a file");
    }
    *out = xcalloc(1, sizeof(**out));
    (*out)->size_bytes = (uint64_t)status.st_size;
    (*out)->fd = fd;
    return 0;
}

static void
blob_file_free(struct blob *blob)
{
    close(blob->fd);
    free(blob);
}

static int
blob_file_read(struct blob *blob, void *out, uint64_t offset, size_t length,
               struct error *err)
{
    char *at = out;

    while (length > 0) {
        ssize_t n = pread(blob->fd, at, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(err, "read of a blob");
        if (n == 0)
            return error_set(err, ERROR_INTERNAL, "a blob is cut short");
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

static int
remove_path(int folder, const char *path, struct error *err)
{
    if (unlinkat(folder, path, 0) < 0 && errno != ENOENT)
        return error_set_system(err, "removal of a blob");
    return 0;
}

static int
blob_file_remove(struct blob_store *base, const char *name, struct error *err)
{
    char path[PATH_SIZE];

    final_path(path, name);
    return remove_path(((const struct file_store *)base)->folder, path, err);
}

static int
remove_uncommitted(struct blob_store *base, const char *name, struct error *err)
{
    char path[PATH_SIZE];

    incoming_path(path, name);
    return remove_path(((const struct file_store *)base)->folder, path, err);
}

struct listing {
    int (*each)(void *state, const struct blob_entry *entry, struct error *err);
    void *state;
};

/* What is no blob's name is not ours and stays where it is. */
static int
list_entry(const struct listing *listing, int folder, const char *name,
           bool is_committed, struct error *err)
{
    struct blob_entry entry = {.name = name, .is_committed = is_committed};
    struct stat status;

    if (!blob_name_is_valid(name))
        return 0;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_set_system(err, "blob");
    entry.modified_at_ms = (int64_t)status.st_mtim.tv_sec * 1000 +
                           status.st_mtim.tv_nsec / 1000000;
    return listing->each(listing->state, &entry, err);
}

static int
list_folder(const struct listing *listing, int store, const char *name,
            struct error *err)
{
    int fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int result = 0;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (folder == NULL) {
        error_set_system(err, "blob folder");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (result == 0 && (entry = readdir(folder)) != NULL)
        result = list_entry(listing, fd, entry->d_name,
                            strcmp(name, INCOMING) != 0, err);
    closedir(folder);
    return result;
}

static int
list(struct blob_store *base,
     int (*each)(void *state, const struct blob_entry *entry,
                 struct error *err),
     void *state, struct error *err)
{
    const struct listing listing = {each, state};
    int folder = ((const struct file_store *)base)->folder;
    char name[3];

    if (list_folder(&listing, folder, INCOMING, err) < 0)
        return -1;
    for (unsigned i = 0; i < 256; i++) {
        snprintf(name, sizeof(name), "%02x", i);
        if (list_folder(&listing, folder, name, err) < 0)
            return -1;
    }
    return 0;
}

const struct blob_driver file_driver = {
    .store_open = store_open,
    .store_free = store_free,
    .writer_open = writer_open,
    .writer_add = writer_add,
    .writer_commit = writer_commit,
    .writer_free = writer_free,
    .open = blob_file_open,
    .free = blob_file_free,
    .read = blob_file_read,
    .remove = blob_file_remove,
    .remove_uncommitted = remove_uncommitted,
    .list = list,
};
