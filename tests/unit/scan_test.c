#include "storage/model/scan.h"

#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Scans bytes under this name. */
static int
scan(struct scan_result *out, struct arena *arena, const void *bytes,
     size_t length, const char *path)
{
    struct memory_source memory;
    struct error err;

    source_of_memory(&memory, bytes, length);
    return scan_file(out, &memory.source, path, arena, &err);
}

/* Files of vectors/scan, each with what it is and what it may do. */
static const struct {
    const char *name;
    enum scan_format format;
    enum scan_risk risk;
} files[] = {
    {"pickle-0.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-1.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-2.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-3.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-4.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-5.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-data-2.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-data-4.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-prefix.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-prefix-0.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-inst.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-padded.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"pickle-ordered-dict.bin", SCAN_PICKLE, SCAN_UNSAFE},
    {"torch.pt", SCAN_TORCH, SCAN_UNSAFE},
    {"torch-flag-bits.pt", SCAN_TORCH, SCAN_UNSAFE},
    {"torch-name-mismatch.pt", SCAN_TORCH, SCAN_UNSAFE},
    {"zip-renamed.pt", SCAN_ZIP, SCAN_SAFE},
    {"zip-plain.zip", SCAN_ZIP, SCAN_SAFE},
    {"zip-two-names.zip", SCAN_ZIP, SCAN_UNSAFE},
    {"zip-code.zip", SCAN_ZIP, SCAN_UNSAFE},
    {"zip-behind-text.txt", SCAN_ZIP, SCAN_UNSAFE},
    {"zip-cut.zip", SCAN_TORCH, SCAN_UNSAFE},
    {"keras.keras", SCAN_ZIP, SCAN_UNSAFE},
    {"seven.pt", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"model.h5", SCAN_HDF5, SCAN_UNSAFE},
    {"model-behind.h5", SCAN_HDF5, SCAN_UNSAFE},
    {"floats.npy", SCAN_NUMPY, SCAN_SAFE},
    {"objects.npy", SCAN_NUMPY, SCAN_UNSAFE},
    {"objects-record.npy", SCAN_NUMPY, SCAN_UNSAFE},
    {"model.onnx", SCAN_ONNX, SCAN_SAFE},
    {"model-files.onnx", SCAN_ONNX, SCAN_SAFE},
    {"model-outside.onnx", SCAN_ONNX, SCAN_UNSAFE},
    {"model-absolute.onnx", SCAN_ONNX, SCAN_UNSAFE},
    {"a.tar", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"a.gz", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"a.xz", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"a.bz2", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"a.zst", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"joblib.z", SCAN_ARCHIVE, SCAN_UNSAFE},
    {"program.elf", SCAN_PROGRAM, SCAN_UNSAFE},
    {"program.exe", SCAN_PROGRAM, SCAN_UNSAFE},
    {"code.pyc", SCAN_PROGRAM, SCAN_UNSAFE},
    {"pixel.png", SCAN_IMAGE, SCAN_SAFE},
    {"random.bin", SCAN_OTHER, SCAN_SAFE},
};

/* Hostile input 27 and 28. */
TEST(a_file_is_what_its_bytes_say_under_any_name)
{
    for (size_t i = 0; i < LENGTH(files); i++) {
        struct arena *arena = arena_open();
        struct scan_result is = {.detail = "not scanned"};
        struct error err;
        char *bytes;
        size_t length;

        CHECK(file_read(&bytes, &length, arena,
                        arena_format(arena, VECTORS "/scan/%s", files[i].name),
                        1 << 20, &err) == 0);
        CHECK(scan(&is, arena, bytes, length, "weights.bin") == 0);
        if (is.format != files[i].format || is.risk != files[i].risk)
            CHECK_TEXT(arena_format(arena, "%s: %s (%s)", files[i].name,
                                    scan_format_text(is.format), is.detail),
                       scan_format_text(files[i].format));
        arena_free(arena);
    }
}

TEST(texts_are_texts_and_programs_among_them_are_marked)
{
    static const struct {
        const char *text;
        const char *path;
        enum scan_format format;
        enum scan_risk risk;
    } rows[] = {
        {"", "model.bin", SCAN_EMPTY, SCAN_SAFE},
        {"{\"a\": 1}", "config.json", SCAN_JSON, SCAN_SAFE},
        {"# Tiny\nimport os\n", "README.md", SCAN_TEXT, SCAN_SAFE},
        {"import os\n", "modeling.py", SCAN_SCRIPT, SCAN_CODE},
        {"#!/bin/sh\n", "README", SCAN_SCRIPT, SCAN_CODE},
        {"{\"nbformat\": 4}", "a.ipynb", SCAN_SCRIPT, SCAN_CODE},
        {"(c) 2026 Acme\nAll rights\n", "LICENSE", SCAN_TEXT, SCAN_SAFE},
        {"cat\ndog\nRex\n", "vocab.txt", SCAN_TEXT, SCAN_SAFE},
        {"I agree.\n", "a.txt", SCAN_TEXT, SCAN_SAFE},
        {"N.\n", "a.txt", SCAN_TEXT, SCAN_SAFE},
        {"#version: 0.2\ni n\nt h\n", "merges.txt", SCAN_TEXT, SCAN_SAFE},
        {"MZ is a name", "a.txt", SCAN_TEXT, SCAN_SAFE},
        {"*.bin filter=lfs diff=lfs merge=lfs -text\n", ".gitattributes",
         SCAN_TEXT, SCAN_SAFE},
        {"caf\xc3\xa9\n", "a.txt", SCAN_TEXT, SCAN_SAFE},
        {"caf\xc3", "a.txt", SCAN_OTHER, SCAN_SAFE},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct arena *arena = arena_open();
        struct scan_result is = {.detail = "not scanned"};

        CHECK(scan(&is, arena, rows[i].text, strlen(rows[i].text),
                   rows[i].path) == 0);
        CHECK(is.risk == rows[i].risk);
        if (is.format != rows[i].format)
            CHECK_TEXT(arena_format(arena, "%s is %s", rows[i].text,
                                    scan_format_text(is.format)),
                       scan_format_text(rows[i].format));
        arena_free(arena);
    }
}

TEST(weights_are_held_to_the_rules_of_their_format)
{
    struct arena *arena = arena_open();
    struct scan_result is;
    struct error err;
    char *bytes;
    size_t length;

    CHECK(file_read(&bytes, &length, arena,
                    VECTORS "/safetensors/phi-tiny-random.safetensors", 1 << 20,
                    &err) == 0);
    CHECK(scan(&is, arena, bytes, length, "x.bin") == 0);
    CHECK(is.format == SCAN_SAFETENSORS && is.risk == SCAN_SAFE);
    CHECK_TEXT(is.detail, "safetensors, 33 tensors");
    CHECK(scan(&is, arena, bytes, length - 1, "x.safetensors") < 0);
    CHECK(scan(&is, arena, "N.", 2, "x.safetensors") < 0);
    CHECK(scan(&is, arena, "", 0, "x.safetensors") < 0);
    CHECK(scan(&is, arena, "", 0, "x.gguf") < 0);
    CHECK(scan(&is, arena, "GGUF\3\0\0\0", 8, "x.bin") < 0);
    CHECK(file_read(&bytes, &length, arena, VECTORS "/models/stories260K.gguf",
                    4 << 20, &err) == 0);
    CHECK(scan(&is, arena, bytes, length, "x.bin") == 0);
    CHECK(is.format == SCAN_GGUF && is.risk == SCAN_SAFE);
    CHECK(scan(&is, arena, bytes, length / 2, "x.gguf") < 0);
    arena_free(arena);
}

/* A source with a hole that a network made; its ends can be read. */
static int
fail_between(void *state, void *out, uint64_t offset, size_t length,
             struct error *err)
{
    (void)state;
    if (offset < 80000 && offset + length > 70000)
        return error_set(err, ERROR_NETWORK, "the store is away");
    memset(out, 'N', length);
    return 0;
}

TEST(a_file_that_cannot_be_read_is_not_called_safe)
{
    struct source source = {1 << 20, fail_between, NULL};
    struct arena *arena = arena_open();
    struct scan_result is;
    struct error err;

    CHECK(scan_file(&is, &source, "x.bin", arena, &err) < 0);
    CHECK(err.code == ERROR_NETWORK);
    arena_free(arena);
}
