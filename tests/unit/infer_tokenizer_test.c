/*
 * The SPM tokenizer against llama.cpp's expectations for Phi-3's vocabulary
 * (tests/vectors/SOURCES.md), and against vocabularies made to do harm.
 */
#include "cli/infer/tokenizer.h"

#include <math.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/model/gguf.h"
#include "tests/check.h"

#define FILE_LIMIT (4u << 20)
#define CASE_END "\n__ggml_vocab_test__\n"
#define PHI3 VECTORS "/vocab/ggml-vocab-phi-3.gguf"
#define STORIES VECTORS "/models/stories260K.gguf"

static void
load_file(struct tokenizer *out, struct arena *arena, const char *path)
{
    struct memory_source memory;
    struct error err = {0};
    struct gguf gguf;
    size_t length;
    char *bytes;

    CHECK(file_read(&bytes, &length, arena, path, FILE_LIMIT, &err) == 0);
    source_of_memory(&memory, bytes, length);
    CHECK(gguf_parse(&gguf, arena, &memory.source, &err) == 0);
    if (tokenizer_load(out, arena, &gguf, (const uint8_t *)bytes, length,
                       &err) < 0)
        CHECK_TEXT(err.message, "");
}

/* The ids as llama.cpp writes them: one line, a space between. */
static const char *
encode(struct arena *arena, const struct tokenizer *tokenizer,
       const struct infer_text *text)
{
    const char *line = "";
    struct error err;
    uint32_t *tokens;
    size_t count;

    if (tokenizer_encode(&tokens, &count, arena, tokenizer, text, &err) < 0)
        return err.message[0] == '\0' ? "" : "an error";
    for (size_t i = 0; i < count; i++)
        line = arena_format(arena, "%s%s%u", line, i > 0 ? " " : "", tokens[i]);
    return line;
}

/* The next line, without blanks at both ends, which the files have. */
static char *
next_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');

    *at = end == NULL ? line + strlen(line) : end + 1;
    if (end != NULL)
        *end = '\0';
    line += strspn(line, " ");
    for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
        line[n - 1] = '\0';
    return line;
}

TEST(every_text_of_llama_cpp_s_list_gives_its_tokens)
{
    struct arena *arena = arena_open();
    struct tokenizer tokenizer;
    struct error err;
    size_t length;
    char *texts;
    char *answers;
    int count = 0;

    load_file(&tokenizer, arena, PHI3);
    CHECK(file_read(&texts, &length, arena, PHI3 ".inp", FILE_LIMIT, &err) ==
          0);
    CHECK(file_read(&answers, &length, arena, PHI3 ".out", FILE_LIMIT, &err) ==
          0);
    while (*texts != '\0') {
        char *end = strstr(texts, CASE_END);
        struct infer_text text = {.bytes = texts};

        text.length = end == NULL ? strlen(texts) : (size_t)(end - texts);
        CHECK_TEXT(encode(arena, &tokenizer, &text), next_line(&answers));
        texts = end == NULL ? texts + strlen(texts) : end + strlen(CASE_END);
        count++;
    }
    CHECK(count == 46);
    arena_free(arena);
}

/* The text of the tokens of a text. */
static const char *
round_trip(struct arena *arena, const struct tokenizer *tokenizer,
           const char *bytes, size_t length)
{
    struct infer_text text = {
        .bytes = bytes, .length = length, .is_whole = true};
    uint32_t previous = VOCABULARY_NONE;
    struct buffer out = {0};
    struct error err;
    uint32_t *tokens;
    size_t count;
    char *copy;

    if (tokenizer_encode(&tokens, &count, arena, tokenizer, &text, &err) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        tokenizer_decode(&out, tokenizer, previous, tokens[i]);
        previous = tokens[i];
    }
    copy = arena_bytes(arena, out.bytes, out.length);
    buffer_free(&out);
    return copy;
}

TEST(any_text_comes_back_as_it_was)
{
    static const char *const texts[] = {"Once upon a time",
                                        "  two spaces",
                                        "tab\tand\nline",
                                        "\xf0\x9f\xa6\x99 llama",
                                        "broken \xff\xfe\xc3",
                                        "",
                                        "\x01\x7f",
                                        "\xe2\x96"};
    struct arena *arena = arena_open();
    struct tokenizer phi;
    struct tokenizer stories;

    load_file(&phi, arena, PHI3);
    load_file(&stories, arena, STORIES);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t n = strlen(texts[i]);

        CHECK_TEXT(round_trip(arena, &phi, texts[i], n), texts[i]);
        CHECK_TEXT(round_trip(arena, &stories, texts[i], n), texts[i]);
    }
    arena_free(arena);
}

TEST(control_tokens_come_from_trusted_text_alone)
{
    struct infer_text text = {.bytes = "<s>hi</s>", .length = 9};
    struct arena *arena = arena_open();
    struct tokenizer tokenizer;
    struct error err;
    uint32_t *tokens;
    size_t count;
    bool has_control = false;

    load_file(&tokenizer, arena, STORIES);
    CHECK(tokenizer_encode(&tokens, &count, arena, &tokenizer, &text, &err) ==
          0);
    for (size_t i = 0; i < count; i++)
        has_control = has_control || tokens[i] < 3;
    CHECK(!has_control);
    CHECK_TEXT(round_trip(arena, &tokenizer, text.bytes, text.length),
               text.bytes);
    text.is_trusted = true;
    CHECK(tokenizer_encode(&tokens, &count, arena, &tokenizer, &text, &err) ==
          0);
    CHECK(tokens[0] == 1 && tokens[count - 1] == 2);
    arena_free(arena);
}

TEST(a_text_over_the_limit_is_refused)
{
    struct infer_text text = {.length = TOKENIZER_TEXT_LIMIT + 1};
    struct arena *arena = arena_open();
    struct tokenizer tokenizer;
    struct error err;
    uint32_t *tokens;
    size_t count;

    load_file(&tokenizer, arena, STORIES);
    text.bytes = arena_alloc(arena, text.length);
    CHECK(tokenizer_encode(&tokens, &count, arena, &tokenizer, &text, &err) ==
          -1);
    CHECK(err.code == ERROR_TOO_LARGE);
    arena_free(arena);
}

/* A header with a vocabulary in the making. */
static void
put(struct buffer *out, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = (char)(value >> (8 * i));

        buffer_append(out, &byte, 1);
    }
}

static void
put_text(struct buffer *out, const char *text, size_t length)
{
    put(out, length, 8);
    buffer_append(out, text, length);
}

static void
put_array(struct buffer *out, const char *name, enum gguf_kind kind, size_t n)
{
    put_text(out, name, strlen(name));
    put(out, GGUF_ARRAY, 4);
    put(out, kind, 4);
    put(out, n, 8);
}

struct made {
    const char *texts[4];
    size_t lengths[4];
    int32_t kinds[4];
    float scores[4];
    size_t kind_count;
    uint32_t begin;
};

static const struct made good = {
    .texts = {"<unk>", "<s>", "</s>", "<0x41>"},
    .lengths = {5, 3, 4, 6},
    .kinds = {2, 3, 3, 6},
    .kind_count = 4,
    .begin = 1,
};

static void
put_vocabulary(struct buffer *out, const struct made *made)
{
    buffer_append_text(out, "GGUF");
    put(out, 3, 4);
    put(out, 0, 8);
    put(out, 5, 8);
    put_text(out, "tokenizer.ggml.model", 20);
    put(out, GGUF_TEXT, 4);
    put_text(out, "llama", 5);
    put_array(out, "tokenizer.ggml.tokens", GGUF_TEXT, 4);
    for (int i = 0; i < 4; i++)
        put_text(out, made->texts[i], made->lengths[i]);
    put_array(out, "tokenizer.ggml.token_type", GGUF_I32, made->kind_count);
    for (size_t i = 0; i < made->kind_count; i++)
        put(out, (uint32_t)made->kinds[i], 4);
    put_array(out, "tokenizer.ggml.scores", GGUF_F32, 4);
    for (int i = 0; i < 4; i++) {
        uint32_t bits;

        memcpy(&bits, &made->scores[i], sizeof(bits));
        put(out, bits, 4);
    }
    put_text(out, "tokenizer.ggml.bos_token_id", 27);
    put(out, GGUF_U32, 4);
    put(out, made->begin, 4);
}

/* NULL when it loads, else why not. */
static const char *
load_made(struct arena *arena, const struct made *made)
{
    struct memory_source memory;
    struct buffer header = {0};
    struct tokenizer tokenizer;
    struct error err = {0};
    struct gguf gguf;
    int result;

    put_vocabulary(&header, made);
    source_of_memory(&memory, header.bytes, header.length);
    CHECK(gguf_parse(&gguf, arena, &memory.source, &err) == 0);
    result = tokenizer_load(&tokenizer, arena, &gguf,
                            (const uint8_t *)header.bytes, header.length, &err);
    buffer_free(&header);
    return result == 0 ? NULL : arena_text(arena, err.message);
}

/* Hostile input 19. */
TEST(a_vocabulary_made_to_do_harm_is_refused)
{
    struct arena *arena = arena_open();
    char *long_text = arena_alloc(arena, 65536);
    struct made made = good;

    CHECK(load_made(arena, &made) == NULL);
    made.texts[3] = "<0x-1>"; /* llama.cpp issue 25969: a write before it */
    CHECK_TEXT(load_made(arena, &made),
               "token 3: its kind is byte, but not its text");
    made = good;
    memset(long_text, 'a', 65536);
    made.texts[0] = long_text;
    made.lengths[0] = 65536;
    CHECK_TEXT(load_made(arena, &made),
               "token 0: 65536 bytes, the limit is 65535");
    made = good;
    made.kinds[1] = -1;
    CHECK_TEXT(load_made(arena, &made), "token 1: unknown kind -1");
    made = good;
    made.scores[2] = NAN;
    CHECK_TEXT(load_made(arena, &made), "token 2: its score is no number");
    made = good;
    made.kind_count = 3;
    CHECK_TEXT(load_made(arena, &made),
               "key tokenizer.ggml.token_type does not fit the tokens");
    made = good;
    made.begin = 4;
    CHECK_TEXT(load_made(arena, &made),
               "key tokenizer.ggml.bos_token_id: token 4 is not below 4");
    arena_free(arena);
}

/* Hostile input 19. */
TEST(tokens_that_are_empty_or_have_nul_inside_do_no_harm)
{
    struct arena *arena = arena_open();
    struct made made = good;

    made.texts[0] = "";
    made.lengths[0] = 0;
    made.texts[1] = "a\0b";
    made.lengths[1] = 3;
    CHECK(load_made(arena, &made) == NULL);
    arena_free(arena);
}
