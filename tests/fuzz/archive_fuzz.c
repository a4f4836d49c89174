/*
 * The beginning of a backup, from outside: headers, manifest and list.  What
 * is taken is written again as it was read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "storage/content/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_header(const uint8_t *data, size_t size)
{
    struct tar_entry entry;
    struct tar_entry again;
    uint8_t block[TAR_BLOCK];
    struct error err;

    if (size < TAR_BLOCK || tar_parse_header(&entry, data, &err) < 0 ||
        entry.name[0] == '\0')
        return;
    tar_write_header(block, &entry);
    if (tar_parse_header(&again, block, &err) < 0 ||
        strcmp(again.name, entry.name) != 0 ||
        again.size_bytes != entry.size_bytes)
        abort();
}

static void
check_manifest(struct arena *arena, const char *text, size_t size)
{
    struct manifest manifest;
    struct manifest again;
    struct error err;
    size_t length;
    char *written;

    if (manifest_parse(&manifest, arena, text, size, &err) < 0)
        return;
    written = manifest_write(&length, arena, &manifest);
    if (manifest_parse(&again, arena, written, length, &err) < 0 ||
        again.table_count != manifest.table_count ||
        again.sequence_count != manifest.sequence_count ||
        again.level != manifest.level)
        abort();
}

static void
check_list(struct arena *arena, const char *text, size_t size)
{
    struct buffer buffer = {0};
    struct dump_blob *blobs;
    struct error err;
    size_t count;

    if (manifest_parse_list(&blobs, &count, arena, text, size, &err) == 0) {
        for (size_t i = 0; i < count; i++)
            manifest_write_line(&buffer, &blobs[i]);
        if (buffer.length != size ||
            (size > 0 && memcmp(buffer.bytes, text, size) != 0))
            abort();
    }
    buffer_free(&buffer);
}

static void
check_archive(struct arena *arena, const uint8_t *data, size_t size)
{
    static int fd = -1; /* one for all runs: making one is dear */
    struct archive archive;
    struct error err;

    if (fd < 0)
        fd = memfd_create("archive", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
        file_write_all(fd, data, size, &err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        abort();
    if (archive_open(&archive, arena, fd, &err) == 0)
        while (tar_next(&archive.reader, &err) == 0 &&
               archive.reader.entry.name[0] != '\0')
            continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);

    check_header(data, size);
    check_manifest(arena, text, size);
    check_list(arena, text, size);
    check_archive(arena, data, size);
    arena_free(arena);
    return 0;
}
