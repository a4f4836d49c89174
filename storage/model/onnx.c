#include "storage/model/onnx.h"

#include <stdint.h>
#include <string.h>

#include "storage/base/text.h"
#include "storage/model/cursor.h"

/* Protobuf itself takes no message above 2 GiB. */
#define SIZE_LIMIT ((uint64_t)2 << 30)
#define FIELDS_LIMIT 4096
#define IR_VERSION_LIMIT 64

#define WIRE_NUMBER 0
#define WIRE_BYTES 2
#define FIELD_IR_VERSION 1
#define FIELD_GRAPH 7

/* StringStringEntryProto: field 1 is "location", then field 2's length. */
static const char location[] = "\x0a\x08location\x12";
#define LOCATION_BYTES (sizeof(location) - 1)
#define BLOCK_BYTES 65536

/* Fields of ModelProto, onnx/onnx.proto (IR version 13), by wire type. */
static bool
is_model_field(uint64_t field, uint64_t wire)
{
    if (wire == WIRE_NUMBER)
        return field == 1 || field == 5;
    return wire == WIRE_BYTES &&
           ((field >= 2 && field <= 8 && field != 5) || field == 14 ||
            field == 20 || field == 25 || field == 26);
}

/* A base-128 number; false when there is none. */
static bool
take_number(struct cursor *cursor, uint64_t *out, struct error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (cursor_take(cursor, &byte, 1, "onnx", err) < 0)
            return false;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

/* Whether the outermost message is a model's; an error when reading fails. */
static bool
is_model(const struct source *source, struct arena *arena, struct error *err)
{
    struct cursor cursor;
    bool has_version = false;
    bool has_graph = false;

    cursor_open(&cursor, arena, source);
    for (int i = 0; i < FIELDS_LIMIT && cursor_remaining(&cursor) > 0; i++) {
        uint64_t key;
        uint64_t value;

        if (!take_number(&cursor, &key, err) ||
            !take_number(&cursor, &value, err) ||
            !is_model_field(key >> 3, key & 7))
            return false;
        if (key >> 3 == FIELD_IR_VERSION) {
            if (value == 0 || value > IR_VERSION_LIMIT)
                return false;
            has_version = true;
        }
        has_graph = has_graph || key >> 3 == FIELD_GRAPH;
        if ((key & 7) == WIRE_BYTES &&
            cursor_skip(&cursor, value, "onnx", err) < 0)
            return false;
    }
    return has_version && has_graph && cursor_remaining(&cursor) == 0;
}

/* What stands behind "location": a name of less than 128 or 16384 bytes. */
static void
judge_location(struct onnx *out, struct arena *arena, const char *at,
               size_t left)
{
    size_t length = left > 0 ? (uint8_t)at[0] : 0;
    size_t skip = 1;
    struct error unused;
    char *name;

    out->has_files = true;
    if (left > 1 && length >= 0x80) {
        length = (length & 0x7f) | (size_t)(uint8_t)at[1] << 7;
        skip = 2;
    }
    name = arena_bytes(arena, at + (left > 0 ? skip : 0),
                       left < skip + length ? 0 : length);
    if (text_check_path(name, &unused) < 0 && out->outside == NULL)
        out->outside = text_line(arena, name);
}

/* Looks through all bytes; a name that is cut by a block is looked at whole. */
static int
find_locations(struct onnx *out, struct arena *arena,
               const struct source *source, struct error *err)
{
    const size_t overlap = LOCATION_BYTES + 2 + TEXT_PATH_LIMIT;
    char *block = arena_alloc(arena, source->size_bytes < BLOCK_BYTES
                                         ? (size_t)source->size_bytes
                                         : BLOCK_BYTES);
    uint64_t offset = 0;

    while (offset < source->size_bytes) {
        uint64_t left = source->size_bytes - offset;
        size_t length = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        size_t whole = length == left ? length : length - overlap;
        char *at = block;

        if (source_read(source, block, offset, length, err) < 0)
            return -1;
        while ((at = memmem(at, length - (size_t)(at - block), location,
                            LOCATION_BYTES)) != NULL &&
               (size_t)(at - block) < whole) {
            at += LOCATION_BYTES;
            judge_location(out, arena, at, length - (size_t)(at - block));
            if (out->outside != NULL)
                return 0;
        }
        offset += whole;
    }
    return 0;
}

int
onnx_check(struct onnx *out, struct arena *arena, const struct source *source,
           struct error *err)
{
    struct error error = {0};

    *out = (struct onnx){0};
    if (source->size_bytes == 0 || source->size_bytes > SIZE_LIMIT)
        return 0;
    out->is_onnx = is_model(source, arena, &error);
    if (error.code != ERROR_NONE && error.code != ERROR_UNPROCESSABLE) {
        *err = error;
        return -1;
    }
    return out->is_onnx ? find_locations(out, arena, source, err) : 0;
}
