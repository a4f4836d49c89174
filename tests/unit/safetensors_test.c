#include "storage/model/safetensors.h"

#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Reads a file of this header and so many zero bytes of data. */
static int
read_header(struct safetensors *out, struct arena *arena, const char *header,
            size_t data, struct error *err)
{
    size_t length = strlen(header);
    char *bytes = arena_alloc(arena, 8 + length + data);
    struct memory_source memory;

    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(length >> (8 * i));
    memcpy(bytes + 8, header, length);
    source_of_memory(&memory, bytes, 8 + length + data);
    return safetensors_read(out, &memory.source, arena, err);
}

static bool
is_refused(const char *header, size_t data, const char *says)
{
    struct arena *arena = arena_open();
    struct safetensors file;
    struct error err = {0};
    bool result = read_header(&file, arena, header, data, &err) < 0 &&
                  err.code == ERROR_UNPROCESSABLE &&
                  strstr(err.message, says) != NULL;

    if (!result)
        CHECK_TEXT(arena_format(arena, "%.300s -> %s", header, err.message),
                   says);
    arena_free(arena);
    return result;
}

TEST(a_file_of_hugging_face_is_read)
{
    struct arena *arena = arena_open();
    struct memory_source memory;
    struct safetensors file;
    struct error err;
    char *bytes;
    size_t length;
    uint64_t at = 0;

    CHECK(file_read(&bytes, &length, arena,
                    VECTORS "/safetensors/phi-tiny-random.safetensors", 1 << 20,
                    &err) == 0);
    source_of_memory(&memory, bytes, length);
    CHECK(safetensors_read(&file, &memory.source, arena, &err) == 0);
    CHECK(file.count == 33);
    CHECK_TEXT(json_text(file.metadata, "format"), "pt");
    for (size_t i = 0; i < file.count; i++) {
        CHECK_TEXT(file.tensors[i].type, "F32");
        CHECK(file.tensors[i].begin == at);
        at = file.tensors[i].end;
    }
    CHECK(file.parameters * 4 == at && 8 + file.header_bytes + at == length);
    arena_free(arena);
}

/* Hostile input 22. */
TEST(a_header_cut_anywhere_is_refused)
{
    struct arena *arena = arena_open();
    char *bytes;
    size_t length;
    struct error err;

    CHECK(file_read(&bytes, &length, arena,
                    VECTORS "/safetensors/phi-tiny-random.safetensors", 1 << 20,
                    &err) == 0);
    for (size_t cut = 0; cut < 4096; cut += 7) {
        struct arena *inner = arena_open();
        struct memory_source memory;
        struct safetensors file;

        source_of_memory(&memory, bytes, cut);
        CHECK(safetensors_read(&file, &memory.source, inner, &err) < 0);
        arena_free(inner);
    }
    arena_free(arena);
}

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

/* Hostile input 24 and 25. */
TEST(shapes_types_and_extents_must_agree)
{
    struct arena *arena = arena_open();
    struct safetensors file;
    struct error err;

    CHECK(read_header(&file, arena, "{" A "}", 8, &err) == 0);
    CHECK(file.parameters == 2 && file.tensors[0].rank == 1);
    CHECK(read_header(&file, arena, "{ }   ", 0, &err) == 0);
    CHECK(read_header(&file, arena,
                      "{\"s\":{\"shape\":[],\"dtype\":\"I64\",\"data_offsets\":"
                      "[0,8]},\"z\":{\"dtype\":\"F16\",\"shape\":[0,3],"
                      "\"data_offsets\":[8,8]},\"f\":{\"dtype\":\"F4\","
                      "\"shape\":[4],\"data_offsets\":[8,10]}}",
                      10, &err) == 0);
    CHECK(file.count == 3 && file.parameters == 5);
    CHECK(is_refused("{" A "}", 9, "end at byte 8"));
    CHECK(is_refused("{" A "}", 7, "end at byte 8"));
    CHECK(is_refused("{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[1],"
                     "\"data_offsets\":[9,10]}}",
                     10, "there is a hole"));
    CHECK(is_refused("{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[1],"
                     "\"data_offsets\":[7,8]}}",
                     8, "overlaps"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],"
                     "\"data_offsets\":[0,8]}}",
                     8, "not what dtype and shape need"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"F4\",\"shape\":[1],"
                     "\"data_offsets\":[0,1]}}",
                     1, "not what dtype and shape need"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
                     "\"data_offsets\":[8,0]}}",
                     8, "not a begin and an end"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":"
                     "[4294967296,4294967296],\"data_offsets\":[0,0]}}",
                     0, "overflows"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":"
                     "[4611686018427387904],\"data_offsets\":[0,0]}}",
                     0, "overflows"));
    CHECK(is_refused("{\"a\":{\"dtype\":\"O\",\"shape\":[2],"
                     "\"data_offsets\":[0,8]}}",
                     8, "unknown dtype"));
    arena_free(arena);
}

/* Hostile input 23 and 26. */
TEST(json_that_two_readers_may_read_differently_is_refused)
{
    static const char *const bad[][2] = {
        {"{" A "," A "}", "stands there twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],"
         "\"data_offsets\":[0,8]}}",
         "unknown or stands there twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "are needed"},
        {"{\"a\":{}}", "'\"' is missing"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],"
         "\"x\":1}}",
         "unknown or stands there twice"},
        {"{" A "} x", "more after the end"},
        {"{" A ",}", "'\"' is missing"},
        {"{" A, "'}' is missing"},
        {" {" A "}", "does not begin with '{'"},
        {"[" A "]", "does not begin with '{'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
         "whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
         "whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}",
         "malformed"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
         "\"data_offsets\":[0,18446744073709551616]}}",
         "too large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}",
         "too long"},
        {"{\"a\xff\":{}}", "not UTF-8"},
        {"{\"\\ud800x\":{}}", "surrogate"},
        {"{\"\\u0000\":{}}", "without NUL"},
        {"{\"a\n\":{}}", "does not end"},
        {"{\"a\\n\":{}}", "control character"},
        {"{\"__metadata__\":{\"a\":1}," A "}", "'\"' is missing"},
        {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}," A "}", "twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}," A "}", "second"},
    };

    for (size_t i = 0; i < LENGTH(bad); i++)
        CHECK(is_refused(bad[i][0], 8, bad[i][1]));
}

TEST(escapes_in_names_are_read)
{
    struct arena *arena = arena_open();
    struct safetensors file;
    struct error err;

    CHECK(read_header(&file, arena,
                      "{\"\\u00e9\\ud83d\\ude00\\/\":{\"dtype\":\"U8\","
                      "\"shape\":[1],\"data_offsets\":[0,1]}}",
                      1, &err) == 0);
    CHECK_TEXT(file.tensors[0].name, "\xc3\xa9\xf0\x9f\x98\x80/");
    arena_free(arena);
}

/* Hostile input 22. */
TEST(a_header_length_that_lies_is_refused)
{
    static const unsigned char lengths[][8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0}, /* 100,000,001 */
        {3, 0, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 0},
        {1, 0, 0, 0, 0, 0, 0, 0},
    };

    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct arena *arena = arena_open();
        struct memory_source memory;
        struct safetensors file;
        struct error err = {0};
        char bytes[10];

        memcpy(bytes, lengths[i], 8);
        memcpy(bytes + 8, "{}", 2);
        source_of_memory(&memory, bytes, sizeof(bytes));
        CHECK(safetensors_read(&file, &memory.source, arena, &err) < 0);
        CHECK(err.code == ERROR_UNPROCESSABLE);
        arena_free(arena);
    }
}

/* Hostile input 23. */
TEST(a_header_of_too_many_tensors_is_refused_early)
{
    struct buffer text = {0};

    buffer_append_text(&text, "{");
    for (int i = 0; i <= SAFETENSORS_TENSORS_LIMIT; i++)
        buffer_append_format(&text,
                             "%s\"%d\":{\"dtype\":\"U8\",\"shape\":[0],"
                             "\"data_offsets\":[0,0]}",
                             i > 0 ? "," : "", i);
    buffer_append_text(&text, "}");
    CHECK(is_refused(text.bytes, 0, "too many tensors"));
    buffer_free(&text);
}
