/*
 * GGUF headers (hostile_gguf_test has more of the refused ones): those of
 * testdata's gguf-bad (llama.cpp's test-gguf, seed 1), and hand-made ones, a
 * field wrong in each.
 */
#include "storage/model/gguf.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/model/gguf_find.h"
#include "tests/check.h"
#include "tests/unit/gguf_make.h"

#define FILE_LIMIT (4u << 20)

/* What gguf_parse says of each, or gguf_check, or NULL. */
static const struct {
    const char *name;
    const char *parse;
    const char *check;
} vectors[] = {
    {"bad-HEADER_BAD_MAGIC", "not a GGUF file", NULL},
    {"bad-HEADER_BAD_VERSION_0", "version 0 is not", NULL},
    {"bad-HEADER_BAD_VERSION_1", "version 1 is not", NULL},
    {"bad-HEADER_BAD_VERSION_FUTURE", "version 4 is not", NULL},
    {"bad-HEADER_BAD_N_KV", "18446744073709551615 keys", NULL},
    {"bad-HEADER_BAD_N_TENSORS", "18446744073709551615 tensors", NULL},
    {"bad-KV_BAD_KEY_SIZE", "name is 18446744073709551615 bytes", NULL},
    {"bad-KV_EMPTY_KEY", "a key's name is empty", NULL},
    {"bad-KV_BAD_TYPE", "my_key_0: unknown kind 13", NULL},
    {"bad-KV_DUPLICATE_KEY", "my_key_0 is there twice", NULL},
    {"bad-KV_BAD_ALIGN", "13 is not a power of two", NULL},
    {"bad-KV_WRONG_TYPE_ALIGN", "alignment is not of kind u32", NULL},
    {"bad-TENSORS_BAD_NAME_SIZE", "a tensor's name is", NULL},
    {"bad-TENSORS_BAD_N_DIMS", "my_tensor_0: 5 dimensions", NULL},
    {"bad-TENSORS_BAD_SHAPE", "my_tensor_0: a negative dim", NULL},
    {"bad-TENSORS_NE_TOO_BIG", "the shape overflows", NULL},
    {"bad-TENSORS_NBYTES_TOO_BIG", "the shape overflows", NULL},
    {"bad-TENSORS_BAD_TYPE", "my_tensor_0: unknown type 43", NULL},
    {"bad-TENSORS_BAD_OFFSET", "expected 0", NULL},
    {"bad-TENSORS_DUPLICATE_NAME", "my_tensor is there twice", NULL},
    {"bad-TENSORS_BAD_ALIGN", "13 is not a power of two", NULL},
    {"bad-TENSORS_INCONSISTENT_ALIGN", "expected 288", NULL},
    {"bad-DATA_NOT_ENOUGH_DATA", NULL, "the padding behind the last"},
    {"bad-DATA_MEM_SIZE_OVERFLOW", "the sizes so far overflow", NULL},
    {"ok-HEADER_EMPTY", NULL, NULL},
    {"ok-KV_RANDOM_KV", NULL, NULL},
    {"ok-TENSORS_CUSTOM_ALIGN", NULL, "passes the end of the file"},
    {"ok-TENSORS_SUCCESS", NULL, "passes the end of the file"},
    {"ok-TENSORS_ZERO_DIM", NULL, NULL},
};

/* Fine when words is NULL, else refused with the words in the message. */
static void
check_answer(int result, const struct error *err, const char *name,
             const char *words)
{
    if (words == NULL ? result == 0
                      : result == -1 && err->code == ERROR_UNPROCESSABLE &&
                            strstr(err->message, words) != NULL)
        return;
    CHECK_TEXT(result < 0 ? err->message : "no error", name);
}

TEST(every_bad_vector_is_refused_and_every_good_one_parses)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct arena *arena = arena_open();
        struct memory_source memory;
        struct gguf gguf;
        struct error err = {0};
        size_t length;
        char *bytes;
        int result;

        CHECK(file_read(&bytes, &length, arena,
                        arena_format(arena, "%s/gguf-bad/%s.gguf", VECTORS,
                                     vectors[i].name),
                        FILE_LIMIT, &err) == 0);
        source_of_memory(&memory, bytes, length);
        result = gguf_parse(&gguf, arena, &memory.source, &err);
        check_answer(result, &err, vectors[i].name, vectors[i].parse);
        if (result == 0)
            check_answer(gguf_check(&gguf, &memory.source, &err), &err,
                         vectors[i].name, vectors[i].check);
        arena_free(arena);
    }
}

TEST(a_header_without_its_data_parses_but_does_not_pass_the_check)
{
    struct arena *arena = arena_open();
    struct gguf gguf;
    struct error err = {0};
    size_t length;
    char *bytes;

    CHECK(file_read(&bytes, &length, arena,
                    VECTORS "/gguf-bad/ok-TENSORS_SUCCESS.gguf", FILE_LIMIT,
                    &err) == 0);
    CHECK(load(bytes, length, &gguf, arena, &err) == -1);
    CHECK(strstr(err.message, "passes the end of the file") != NULL);
    CHECK(gguf.tensor_count == 78);
    arena_free(arena);
}

TEST(a_real_model_gives_its_keys_and_tensors)
{
    struct arena *arena = arena_open();
    const struct gguf_tensor *tensor;
    const struct gguf_key *tokens;
    struct gguf gguf;
    struct error err = {0};
    uint64_t count = 0;
    double number = 0;
    size_t length;
    char *bytes;

    CHECK(file_read(&bytes, &length, arena, VECTORS "/models/stories260K.gguf",
                    FILE_LIMIT, &err) == 0);
    CHECK(load(bytes, length, &gguf, arena, &err) == 0);
    CHECK(gguf.version == 3 && gguf.alignment == 32);
    CHECK(gguf.key_count == 19 && gguf.tensor_count == 48);
    CHECK(gguf.parameters == 292800 && gguf.data_end == length);
    CHECK_TEXT(gguf_find_text(&gguf, "general.architecture"), "llama");
    CHECK(gguf_find_count(&count, &gguf, "llama.context_length"));
    CHECK(count == 2048);
    CHECK(gguf_find_number(&number, &gguf,
                           "llama.attention.layer_norm_rms_epsilon"));
    CHECK(number > 0.99e-5 && number < 1.01e-5);
    CHECK(!gguf_find_count(&count, &gguf, "general.architecture"));
    CHECK(gguf_find_key(&gguf, "llama.none") == NULL);
    tokens = gguf_find_key(&gguf, "tokenizer.ggml.tokens");
    CHECK(tokens != NULL && tokens->element == GGUF_TEXT);
    CHECK(tokens != NULL && tokens->count == 512);
    CHECK(tokens != NULL &&
          memcmp(bytes + tokens->offset, "\5\0\0\0\0\0\0\0<unk>", 13) == 0);
    tensor = gguf_find_tensor(&gguf, "blk.4.ffn_down.weight");
    CHECK(tensor != NULL && tensor->dimensions[0] == 172);
    CHECK(tensor != NULL && tensor->dimensions[1] == 64);
    CHECK(tensor != NULL && tensor->dimensions[2] == 1);
    CHECK(gguf.tensors[0].offset == gguf.data_offset);
    tensor = &gguf.tensors[gguf.tensor_count - 1];
    CHECK(tensor->offset + tensor->size_bytes == length);
    arena_free(arena);
}

TEST(a_key_without_a_plain_name_or_a_known_kind_is_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1);
    put_key(&header, "a\x1b[2J", GGUF_U64, 1);
    check_refused(&header, "a key's name has bytes that are no text");
    put_head(&header, 0, 1);
    put_text(&header, "a");
    put(&header, 13, 4);
    put(&header, 0, 8);
    check_refused(&header, "key a: unknown kind 13");
}

TEST(an_integer_of_any_kind_is_a_count_unless_negative)
{
    static const enum gguf_kind kinds[] = {GGUF_U8,  GGUF_I8,  GGUF_U16,
                                           GGUF_I16, GGUF_U32, GGUF_I32,
                                           GGUF_U64, GGUF_I64};
    struct error err;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct arena *arena = arena_open();
        struct buffer header = {0};
        struct gguf gguf;
        uint64_t count = 0;

        put_head(&header, 0, 2);
        put_key(&header, "n", kinds[i], 7);
        put_key(&header, "minus", kinds[i], UINT64_MAX);
        CHECK(load(header.bytes, header.length, &gguf, arena, &err) == 0);
        CHECK(gguf_find_count(&count, &gguf, "n") && count == 7);
        CHECK(gguf_find_count(&count, &gguf, "minus") == (i % 2 == 0));
        buffer_free(&header);
        arena_free(arena);
    }
}
