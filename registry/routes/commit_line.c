#include "registry/routes/commit_line.h"

#include <string.h>

#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

#define PIECE_BYTES ((size_t)256 * 1024)

static int
parse_header(struct commit_line *out, struct arena *arena, const json_t *value,
             struct error *err)
{
    (void)arena;
    if (json_need_text(&out->summary, value, "summary", err) < 0)
        return -1;
    out->description = json_text(value, "description");
    out->parent = json_text(value, "parentCommit");
    return 0;
}

static int
parse_file(struct commit_line *out, struct arena *arena, const json_t *value,
           struct error *err)
{
    const char *encoding = json_text(value, "encoding");
    const char *content;

    if (json_need_text(&content, value, "content", err) < 0)
        return -1;
    out->bytes = content;
    out->length = strlen(content);
    if (encoding == NULL || strcmp(encoding, "utf-8") == 0)
        return 0;
    if (strcmp(encoding, "base64") != 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"encoding\" is base64 or utf-8");
    out->bytes = base64_read(&out->length, arena, content, out->length);
    if (out->bytes == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the content of %.200s is not base64", out->path);
    return 0;
}

static int
parse_weights(struct commit_line *out, struct arena *arena, const json_t *value,
              struct error *err)
{
    const char *algorithm = json_text(value, "algo");
    const char *oid;

    (void)arena;
    if (json_need_text(&oid, value, "oid", err) < 0)
        return -1;
    if (algorithm != NULL && strcmp(algorithm, "sha256") != 0)
        return error_set(err, ERROR_BAD_REQUEST, "\"algo\" is sha256");
    if (!digest_parse(&out->digest, oid))
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"oid\" of %.200s is not a SHA-256", out->path);
    out->size_bytes = json_number(value, "size", -1);
    if (out->size_bytes < 0 && json_object_get(value, "size") != NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"size\" of %.200s is no number of bytes", out->path);
    return 0;
}

static int
parse_nothing(struct commit_line *out, struct arena *arena, const json_t *value,
              struct error *err)
{
    (void)out;
    (void)arena;
    (void)value;
    (void)err;
    return 0;
}

static const struct {
    const char *key;
    enum commit_line_kind kind;
    bool has_path;
    int (*parse)(struct commit_line *out, struct arena *arena,
                 const json_t *value, struct error *err);
} kinds[] = {
    {"header", COMMIT_LINE_HEADER, false, parse_header},
    {"file", COMMIT_LINE_FILE, true, parse_file},
    {"lfsFile", COMMIT_LINE_WEIGHTS, true, parse_weights},
    {"deletedFile", COMMIT_LINE_REMOVE, true, parse_nothing},
    {"deletedFolder", COMMIT_LINE_REMOVE_FOLDER, true, parse_nothing},
};

/* A folder's path may end in '/'. */
static int
read_path(struct commit_line *out, struct arena *arena, const json_t *value,
          struct error *err)
{
    const char *path;
    size_t length;

    if (json_need_text(&path, value, "path", err) < 0)
        return -1;
    length = strlen(path);
    if (out->kind == COMMIT_LINE_REMOVE_FOLDER && length > 0 &&
        path[length - 1] == '/')
        length--;
    out->path = arena_bytes(arena, path, length);
    return text_check_path(out->path, err);
}

int
commit_line_parse(struct commit_line *out, struct arena *arena,
                  const char *bytes, size_t length, struct error *err)
{
    const json_t *value;
    const char *key;
    json_t *line;

    *out = (struct commit_line){0};
    if (json_read(&line, arena, bytes, length, err) < 0 ||
        json_need_text(&key, line, "key", err) < 0)
        return -1;
    value = json_object_get(line, "value");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].key, key) != 0)
            continue;
        out->kind = kinds[i].kind;
        if (kinds[i].has_path && read_path(out, arena, value, err) < 0)
            return -1;
        return kinds[i].parse(out, arena, value, err);
    }
    return error_set(err, ERROR_BAD_REQUEST,
                     "a commit has no lines of the key \"%.100s\"", key);
}

/* Reads one more piece behind what waits. */
static int
read_more(struct commit_reader *reader, struct error *err)
{
    uint64_t left = reader->source->size_bytes - reader->offset;
    size_t length = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    char piece[65536];

    while (length > 0) {
        size_t now = length < sizeof(piece) ? length : sizeof(piece);

        if (source_read(reader->source, piece, reader->offset, now, err) < 0 ||
            buffer_add(&reader->waiting, piece, now,
                       reader->line_limit_bytes + PIECE_BYTES, err) < 0)
            return -1;
        reader->offset += now;
        length -= now;
    }
    return 0;
}

static int
check_length(const struct commit_reader *reader, size_t length,
             struct error *err)
{
    if (length <= reader->line_limit_bytes)
        return 0;
    return error_set(err, ERROR_TOO_LARGE,
                     "a line of a commit has at most %zu bytes: upload larger "
                     "files as weights",
                     reader->line_limit_bytes);
}

/* Reads on until a newline waits, or the end; NULL at the end. */
static int
find_newline(const char **out, struct commit_reader *reader, struct error *err)
{
    size_t searched = reader->given;

    for (;;) {
        const char *bytes = reader->waiting.bytes;
        size_t length = reader->waiting.length;

        *out = length > searched
                   ? memchr(bytes + searched, '\n', length - searched)
                   : NULL;
        if (*out != NULL || reader->offset == reader->source->size_bytes)
            return 0;
        /* Lines that were given go only now: moving bytes a line is dear. */
        buffer_consume(&reader->waiting, reader->given);
        reader->given = 0;
        searched = reader->waiting.length;
        if (check_length(reader, searched, err) < 0 ||
            read_more(reader, err) < 0)
            return -1;
    }
}

int
commit_reader_next(const char **out, size_t *out_length,
                   struct commit_reader *reader, struct error *err)
{
    const char *newline;
    const char *line;
    size_t rest;

    if (find_newline(&newline, reader, err) < 0)
        return -1;
    rest = reader->waiting.length - reader->given;
    line = rest > 0 ? reader->waiting.bytes + reader->given : NULL;
    *out = line;
    *out_length = newline != NULL ? (size_t)(newline - line) : rest;
    reader->given += *out_length + (newline != NULL);
    return check_length(reader, *out_length, err);
}

void
commit_reader_free(struct commit_reader *reader)
{
    buffer_free(&reader->waiting);
}
