#include "storage/content/archive.h"

#include <string.h>

#include "storage/base/buffer.h"

#define READ_BYTES 65536

/* The whole of the next file, which must have this name. */
static int
read_whole(struct buffer *out, struct tar_reader *reader, const char *name,
           uint64_t limit, struct error *err)
{
    char buffer[READ_BYTES];
    size_t length;

    if (tar_next(reader, err) < 0)
        return -1;
    if (strcmp(reader->entry.name, name) != 0)
        return error_set(err, ERROR_BAD_REQUEST, "not a backup: no %s", name);
    do {
        if (tar_read(&length, reader, buffer, sizeof(buffer), err) < 0 ||
            buffer_add(out, buffer, length, limit, err) < 0)
            return -1;
    } while (length > 0);
    return 0;
}

static int
read_list(struct archive *archive, struct arena *arena,
          const struct buffer *text, struct error *err)
{
    struct digest digest;

    digest_of(&digest, text->length > 0 ? text->bytes : "", text->length);
    if (!digest_is_equal(&digest, &archive->manifest.list.digest))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "blobs.list is not what the manifest says");
    return manifest_parse_list(&archive->blobs, &archive->blob_count, arena,
                               text->length > 0 ? text->bytes : "",
                               text->length, err);
}

int
archive_open(struct archive *out, struct arena *arena, int fd,
             struct error *err)
{
    struct buffer text = {0};
    struct buffer list = {0};
    int result = -1;

    *out = (struct archive){.reader = {.fd = fd}};
    if (read_whole(&text, &out->reader, MANIFEST_NAME, MANIFEST_LIMIT, err) < 0)
        goto done;
    digest_of(&out->id, text.bytes, text.length);
    if (manifest_parse(&out->manifest, arena, text.bytes, text.length, err) <
            0 ||
        read_whole(&list, &out->reader, MANIFEST_LIST_NAME, MANIFEST_LIST_LIMIT,
                   err) < 0)
        goto done;
    result = read_list(out, arena, &list, err);

done:
    buffer_free(&text);
    buffer_free(&list);
    return result;
}
