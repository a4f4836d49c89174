/* gguf_make: GGUF headers of a test's own, and whether they are refused. */
#ifndef TESTS_UNIT_GGUF_MAKE_H
#define TESTS_UNIT_GGUF_MAKE_H

#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/file.h"
#include "storage/base/source.h"
#include "storage/model/gguf.h"
#include "tests/check.h"

/* A header in the making. */
static inline void
put(struct buffer *out, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = (char)(value >> (8 * i));

        buffer_append(out, &byte, 1);
    }
}

static inline void
put_text(struct buffer *out, const char *text)
{
    put(out, strlen(text), 8);
    buffer_append_text(out, text);
}

static inline void
put_head(struct buffer *out, uint64_t tensors, uint64_t keys)
{
    buffer_append_text(out, "GGUF");
    put(out, 3, 4);
    put(out, tensors, 8);
    put(out, keys, 8);
}

static inline void
put_key(struct buffer *out, const char *name, enum gguf_kind kind,
        uint64_t value)
{
    put_text(out, name);
    put(out, kind, 4);
    put(out, value, gguf_kind_size(kind));
}

static inline void
put_tensor(struct buffer *out, const char *name, uint64_t width, uint32_t type,
           uint64_t offset)
{
    put_text(out, name);
    put(out, 2, 4);
    put(out, width, 8);
    put(out, 2, 8);
    put(out, type, 4);
    put(out, offset, 8);
}

/* Parses and checks a copy of exactly that length, so that ASan sees. */
static inline int
load(const void *bytes, size_t length, struct gguf *out, struct arena *arena,
     struct error *err)
{
    struct memory_source memory;
    char *copy = xcalloc(1, length);
    int result;

    memcpy(copy, bytes, length);
    source_of_memory(&memory, copy, length);
    result = gguf_parse(out, arena, &memory.source, err);
    if (result == 0)
        result = gguf_check(out, &memory.source, err);
    free(copy);
    return result;
}

/* Refused, with a message that has the words in it; frees the header. */
static inline void
check_refused(struct buffer *header, const char *words)
{
    struct arena *arena = arena_open();
    struct gguf gguf;
    struct error err = {0};

    CHECK(load(header->bytes, header->length, &gguf, arena, &err) == -1);
    CHECK(err.code == ERROR_UNPROCESSABLE);
    if (strstr(err.message, words) == NULL)
        CHECK_TEXT(err.message, words);
    arena_free(arena);
    buffer_free(header);
}

/* A tensor of 2 rows of width elements, with 64 KiB of data behind it. */
static inline void
put_lone_tensor(struct buffer *out, uint64_t width, uint32_t type,
                uint64_t offset)
{
    put_head(out, 1, 0);
    put_tensor(out, "t", width, type, offset);
    for (int i = 0; i < 8192; i++)
        put(out, 0, 8);
}

/* One of each: a key with a text, an array of texts, a tensor of two rows. */
static inline void
put_small(struct buffer *out)
{
    put_head(out, 1, 3);
    put_text(out, "general.architecture");
    put(out, GGUF_TEXT, 4);
    put_text(out, "llama");
    put_text(out, "tokens");
    put(out, GGUF_ARRAY, 4);
    put(out, GGUF_TEXT, 4);
    put(out, 2, 8);
    put_text(out, "a");
    put_text(out, "bc");
    put_key(out, "general.alignment", GGUF_U32, 8);
    put_tensor(out, "t", 4, GGUF_TYPE_F32, 0);
    while (out->length % 8 != 0)
        put(out, 0, 1);
    for (int i = 0; i < 8; i++)
        put(out, 0, 4);
}

#endif
