/*
 * Hostile GGUF files: inputs 1 to 21 of the list of what a registry and a
 * loader must survive, each under its number.
 *
 * Elsewhere: what only inference asks of a header (17, 18: counts of blocks
 * and heads) is in infer_model_test, what a vocabulary holds (19) in
 * infer_tokenizer_test, each with the model they need.
 */
#include "tests/unit/gguf_make.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

TEST(hostile_01_another_magic_is_refused)
{
    static const char *const magics[] = {"FUGG", "GGML", "ggjt", "gguf"};

    for (size_t i = 0; i < LENGTH(magics); i++) {
        struct buffer header = {0};

        put_head(&header, 0, 0);
        memcpy(header.bytes, magics[i], 4);
        check_refused(&header, "not a GGUF file");
    }
}

TEST(hostile_02_a_version_that_nobody_writes_is_refused)
{
    static const struct {
        uint32_t version;
        const char *words;
    } cases[] = {{0, "version 0"},
                 {1, "version 1"},
                 {0xffffffff, "version 4294967295"},
                 {0x03000000, "big-endian"}};

    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct buffer header = {0};

        put_head(&header, 0, 0);
        header.bytes[4] = (char)cases[i].version;
        header.bytes[5] = (char)(cases[i].version >> 8);
        header.bytes[6] = (char)(cases[i].version >> 16);
        header.bytes[7] = (char)(cases[i].version >> 24);
        check_refused(&header, cases[i].words);
    }
}

TEST(hostile_03_more_tensors_than_the_file_can_hold_are_refused)
{
    struct buffer header = {0};

    put_head(&header, 1ull << 63, 0);
    check_refused(&header, "9223372036854775808 tensors");
}

TEST(hostile_04_more_keys_than_the_file_can_hold_are_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1ull << 32);
    while (header.length < 64)
        put(&header, 0, 1);
    check_refused(&header, "4294967296 keys");
}

TEST(hostile_05_a_key_of_no_length_or_of_2_to_the_63_is_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1);
    put_key(&header, "", GGUF_U64, 1);
    check_refused(&header, "a key's name is empty");
    put_head(&header, 0, 1);
    put(&header, 1ull << 63, 8);
    put(&header, 0, 8);
    check_refused(&header, "name is 9223372036854775808 bytes");
}

TEST(hostile_06_a_text_longer_than_the_file_is_refused)
{
    static const uint64_t lengths[] = {4096, 1ull << 63, UINT64_MAX};

    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct buffer header = {0};

        put_head(&header, 0, 1);
        put_text(&header, "text");
        put(&header, GGUF_TEXT, 4);
        put(&header, lengths[i], 8);
        check_refused(&header, "text");
    }
}

TEST(hostile_07_arrays_nested_ten_thousand_deep_are_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1);
    put_text(&header, "a");
    put(&header, GGUF_ARRAY, 4);
    for (int i = 0; i < 10000; i++) {
        put(&header, GGUF_ARRAY, 4);
        put(&header, 1, 8);
    }
    check_refused(&header, "key a: an array of arrays");
}

TEST(hostile_08_an_array_whose_size_wraps_is_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1);
    put_text(&header, "a");
    put(&header, GGUF_ARRAY, 4);
    put(&header, GGUF_U64, 4);
    put(&header, 1ull << 61, 8); /* times 8 wraps to 0 */
    check_refused(&header, "key a: 2305843009213693952 elements");
}

TEST(hostile_09_an_alignment_that_is_no_bounded_power_of_two_is_refused)
{
    static const uint32_t wrong[] = {0, 3, 1u << 17, 1u << 31};

    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct buffer header = {0};

        put_head(&header, 0, 1);
        put_key(&header, "general.alignment", GGUF_U32, wrong[i]);
        check_refused(&header, "is not a power of two");
    }
}

TEST(hostile_09_an_alignment_of_another_kind_is_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 1);
    put_key(&header, "general.alignment", GGUF_U64, 32);
    check_refused(&header, "alignment is not of kind u32");
}

/* A header of one tensor with these dimensions. */
static void
put_shape(struct buffer *out, const uint64_t *shape, uint32_t count)
{
    put_head(out, 1, 0);
    put_text(out, "t");
    put(out, count, 4);
    for (uint32_t i = 0; i < count; i++)
        put(out, shape[i], 8);
    put(out, GGUF_TYPE_F32, 4);
    put(out, 0, 8);
    while (out->length % 32 != 0)
        put(out, 0, 1);
}

TEST(hostile_10_a_tensor_of_five_dimensions_is_refused)
{
    static const uint64_t shape[] = {1, 1, 1, 1, 1};
    struct buffer header = {0};

    put_shape(&header, shape, 5);
    check_refused(&header, "tensor t: 5 dimensions");
}

TEST(hostile_11_a_negative_dimension_is_refused_and_zero_is_an_empty_tensor)
{
    static const uint64_t negative[] = {UINT64_MAX, 2};
    static const uint64_t zero[] = {4, 0};
    struct arena *arena = arena_open();
    struct buffer header = {0};
    struct gguf gguf;
    struct error err;

    put_shape(&header, negative, 2);
    check_refused(&header, "tensor t: a negative dimension");
    put_shape(&header, zero, 2);
    CHECK(load(header.bytes, header.length, &gguf, arena, &err) == 0);
    CHECK(gguf.parameters == 0 && gguf.tensors[0].size_bytes == 0);
    buffer_free(&header);
    arena_free(arena);
}

TEST(hostile_12_a_shape_whose_product_wraps_to_little_is_refused)
{
    /* 2^64 elements and 2^20 more; 2^62 elements of 4 bytes. */
    static const uint64_t shapes[][2] = {
        {1ull << 20, (1ull << 44) + 1},
        {1ull << 31, 1ull << 31},
    };

    for (size_t i = 0; i < LENGTH(shapes); i++) {
        struct buffer header = {0};

        put_shape(&header, shapes[i], 2);
        check_refused(&header, "tensor t: the shape overflows");
    }
}

TEST(hostile_13_a_tensor_out_of_its_place_is_refused)
{
    struct buffer header = {0};

    put_lone_tensor(&header, 32, GGUF_TYPE_F32, 16);
    check_refused(&header, "tensor t: offset 16, expected 0");
    put_lone_tensor(&header, 1ull << 20, GGUF_TYPE_F32, 0);
    check_refused(&header, "tensor t: its data passes the end");
    put_head(&header, 2, 0);
    put_tensor(&header, "a", 8, GGUF_TYPE_F32, 0);
    put_tensor(&header, "b", 8, GGUF_TYPE_F32, 32);
    check_refused(&header, "tensor b: offset 32, expected 64");
}

TEST(hostile_14_a_name_that_is_there_twice_is_refused)
{
    struct buffer header = {0};

    put_head(&header, 0, 2);
    put_key(&header, "a", GGUF_U32, 1);
    put_key(&header, "a", GGUF_U32, 1);
    check_refused(&header, "key a is there twice");
    put_head(&header, 2, 0);
    put_tensor(&header, "t", 8, GGUF_TYPE_F32, 0);
    put_tensor(&header, "t", 8, GGUF_TYPE_F32, 64);
    check_refused(&header, "tensor t is there twice");
}

TEST(hostile_15_a_type_that_is_unknown_or_given_up_is_refused)
{
    struct buffer header = {0};

    put_lone_tensor(&header, 32, 255, 0);
    check_refused(&header, "tensor t: unknown type 255");
    put_lone_tensor(&header, 32, 4, 0); /* ggml's Q4_2, given up */
    check_refused(&header, "tensor t: unknown type 4");
}

TEST(hostile_16_a_row_that_does_not_fill_its_blocks_is_refused)
{
    struct buffer header = {0};

    put_lone_tensor(&header, 33, GGUF_TYPE_Q8_0, 0);
    check_refused(&header, "a row of 33 does not fill blocks of 32");
}

TEST(hostile_20_a_chat_template_is_a_text_and_never_run)
{
    static const char text[] = "{{ ''.__class__.__mro__[1] }}";
    struct arena *arena = arena_open();
    struct buffer header = {0};
    struct gguf gguf;
    struct error err;

    put_head(&header, 0, 1);
    put_text(&header, "tokenizer.chat_template");
    put(&header, GGUF_TEXT, 4);
    put_text(&header, text);
    CHECK(load(header.bytes, header.length, &gguf, arena, &err) == 0);
    CHECK_TEXT(gguf.keys[0].text, text);
    buffer_free(&header);
    arena_free(arena);
}

TEST(hostile_21_a_file_cut_at_any_byte_is_refused)
{
    struct buffer small = {0};
    struct error err = {0};

    put_small(&small);
    for (size_t length = 0; length <= small.length; length++) {
        struct arena *arena = arena_open();
        struct gguf gguf;
        int result = load(small.bytes, length, &gguf, arena, &err);

        CHECK(result == (length < small.length ? -1 : 0));
        arena_free(arena);
    }
    buffer_free(&small);
}
