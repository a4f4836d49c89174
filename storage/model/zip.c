#include "storage/model/zip.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "storage/base/text.h"

#define LOCAL_HEAD "PK\x03\x04"
#define LOCAL_BYTES 30
#define CENTRAL_HEAD "PK\x01\x02"
#define CENTRAL_BYTES 46
#define END_HEAD "PK\x05\x06"
#define END_BYTES 22
#define COMMENT_LIMIT 65535
#define DIRECTORY_LIMIT_BYTES (8u << 20)

/* Bit 11 (names in UTF-8) and 3 (sizes behind the data) are ordinary. */
#define FLAGS_ORDINARY 0x0808u

/* What runs, or is unpickled, by the end of its name. */
static const char *const code_ends[] = {
    ".pkl",  ".pickle", ".pck", ".pt",  ".pth", ".bin",   ".joblib", ".dill",
    ".py",   ".pyc",    ".pyo", ".pyd", ".so",  ".dll",   ".dylib",  ".exe",
    ".sh",   ".bat",    ".cmd", ".ps1", ".js",  ".class", ".jar",    ".h5",
    ".hdf5", ".keras",  ".zip", ".tar", ".gz",  ".7z",    ".rar",    ".whl",
};

struct reader {
    const struct source *source;
    struct arena *arena;
    struct zip *out;
};

static uint32_t
read_16(const uint8_t *bytes)
{
    return (uint32_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t
read_32(const uint8_t *bytes)
{
    return read_16(bytes) | read_16(bytes + 2) << 16;
}

static bool
has_end(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t n = strlen(end);

    return length >= n && strcasecmp(name + length - n, end) == 0;
}

/* Looks at the name of a part, wherever it stood. */
static void
judge_name(struct reader *reader, const char *name)
{
    struct zip *out = reader->out;

    if (has_end(name, "data.pkl") || has_end(name, ".pkl"))
        out->is_torch = true;
    for (size_t i = 0; i < sizeof(code_ends) / sizeof(code_ends[0]); i++)
        if (out->code == NULL && has_end(name, code_ends[i]))
            out->code = text_line(reader->arena, name);
}

/* The name that the part's own header has; it must be the same. */
static int
check_local(struct reader *reader, uint64_t offset, const char *name,
            struct error *err)
{
    size_t length = strlen(name);
    uint8_t head[LOCAL_BYTES];
    char *own;

    if (offset > reader->source->size_bytes ||
        reader->source->size_bytes - offset < LOCAL_BYTES + length) {
        reader->out->is_odd = true;
        return 0;
    }
    if (source_read(reader->source, head, offset, LOCAL_BYTES, err) < 0)
        return -1;
    own = arena_alloc(reader->arena, length + 1);
    if (source_read(reader->source, own, offset + LOCAL_BYTES, length, err) < 0)
        return -1;
    if (memcmp(head, LOCAL_HEAD, 4) != 0 || read_16(head + 26) != length ||
        strcmp(own, name) != 0 || (read_16(head + 6) & ~FLAGS_ORDINARY) != 0)
        reader->out->is_odd = true;
    judge_name(reader, own);
    return 0;
}

/* One entry of the directory; *used is how long it is, 0 at its end. */
static int
read_entry(struct reader *reader, const uint8_t *at, size_t left, size_t *used,
           struct error *err)
{
    size_t length;
    char *name;

    *used = 0;
    if (left < CENTRAL_BYTES || memcmp(at, CENTRAL_HEAD, 4) != 0)
        return 0;
    length = read_16(at + 28);
    *used = CENTRAL_BYTES + length + read_16(at + 30) + read_16(at + 32);
    if (*used > left || length > TEXT_PATH_LIMIT ||
        memchr(at + CENTRAL_BYTES, '\0', length) != NULL) {
        *used = 0;
        return 0;
    }
    name = arena_bytes(reader->arena, at + CENTRAL_BYTES, length);
    if ((read_16(at + 8) & ~FLAGS_ORDINARY) != 0)
        reader->out->is_odd = true;
    judge_name(reader, name);
    reader->out->count++;
    return check_local(reader, read_32(at + 42), name, err);
}

static int
read_directory(struct reader *reader, uint64_t offset, size_t length,
               size_t count, struct error *err)
{
    uint8_t *bytes = arena_alloc(reader->arena, length);
    size_t at = 0;
    size_t used;

    if (source_read(reader->source, bytes, offset, length, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (read_entry(reader, bytes + at, length - at, &used, err) < 0)
            return -1;
        if (used == 0)
            break;
        at += used;
    }
    if (at != length || reader->out->count != count)
        reader->out->is_odd = true;
    return 0;
}

/* The last record, which says where the directory lies; NULL for none. */
static const uint8_t *
find_end(const uint8_t *tail, size_t length)
{
    for (size_t left = END_BYTES; left <= length; left++) {
        const uint8_t *at = tail + length - left;

        if (memcmp(at, END_HEAD, 4) == 0 &&
            read_16(at + 20) <= left - END_BYTES)
            return at;
    }
    return NULL;
}

static int
read_end(struct reader *reader, const uint8_t *end, uint64_t end_offset,
         struct error *err)
{
    uint64_t length = read_32(end + 12);
    uint64_t offset = read_32(end + 16);
    size_t count = read_16(end + 10);

    /* Not so: several disks, zip64, gaps, bytes in front or behind. */
    if (read_16(end + 4) != 0 || read_16(end + 6) != 0 ||
        read_16(end + 8) != count || count > ZIP_ENTRIES_LIMIT ||
        length > DIRECTORY_LIMIT_BYTES || offset + length != end_offset ||
        end_offset + END_BYTES + read_16(end + 20) !=
            reader->source->size_bytes) {
        reader->out->is_odd = true;
        return 0;
    }
    return read_directory(reader, offset, (size_t)length, count, err);
}

/* torch writes archive/data.pkl first, and needs zip64 above 4 GiB. */
static int
read_first_name(struct reader *reader, const uint8_t *head, struct error *err)
{
    size_t length = read_16(head + 26);
    char *name;

    if (length > TEXT_PATH_LIMIT ||
        length > reader->source->size_bytes - LOCAL_BYTES) {
        reader->out->is_odd = true;
        return 0;
    }
    name = arena_alloc(reader->arena, length + 1);
    if (source_read(reader->source, name, LOCAL_BYTES, length, err) < 0)
        return -1;
    judge_name(reader, name);
    return 0;
}

int
zip_check(struct zip *out, struct arena *arena, const struct source *source,
          struct error *err)
{
    struct reader reader = {source, arena, out};
    size_t length = END_BYTES + COMMENT_LIMIT;
    uint8_t head[LOCAL_BYTES] = {0};
    const uint8_t *end;
    uint8_t *tail;

    *out = (struct zip){0};
    if (source->size_bytes < END_BYTES)
        return 0;
    if (length > source->size_bytes)
        length = (size_t)source->size_bytes;
    tail = arena_alloc(arena, length);
    if (source_read(source, tail, source->size_bytes - length, length, err) < 0)
        return -1;
    if (source->size_bytes >= LOCAL_BYTES &&
        source_read(source, head, 0, LOCAL_BYTES, err) < 0)
        return -1;
    end = find_end(tail, length);
    out->is_zip = end != NULL || memcmp(head, LOCAL_HEAD, 4) == 0;
    if (!out->is_zip)
        return 0;
    if (memcmp(head, LOCAL_HEAD, 4) == 0 &&
        read_first_name(&reader, head, err) < 0)
        return -1;
    /* Without an end, or with something else in front of the first part. */
    if (end == NULL ||
        (memcmp(head, LOCAL_HEAD, 4) != 0 && memcmp(head, END_HEAD, 4) != 0))
        out->is_odd = true;
    if (end == NULL)
        return 0;
    return read_end(&reader, end,
                    source->size_bytes - length + (uint64_t)(end - tail), err);
}
