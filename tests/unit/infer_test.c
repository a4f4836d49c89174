/*
 * The core against recorded values: logits that a float64 program computed
 * (tests/vectors/SOURCES.md), and the greedy text of stories260K.  The
 * tolerances are of normalised squared errors, sum (y - r)^2 / sum r^2.
 */
#include "cli/infer/infer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "storage/base/json.h"
#include "tests/check.h"

#define FILE_LIMIT (4u << 20)
#define TOKEN_LIMIT 64

struct fixture {
    struct arena *arena;
    struct infer *infer;
    uint32_t tokens[TOKEN_LIMIT];
    size_t count;
    const float *reference; /* (count, vocabulary) */
    size_t vocabulary;
};

static struct infer *
open_model(struct arena *arena, const char *name,
           const struct infer_options *options)
{
    const char *path = arena_format(arena, "%s/%s", VECTORS, name);
    struct infer *infer = NULL;
    struct error err = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);

    CHECK(file >= 0);
    if (infer_open(&infer, file, options, &err) < 0)
        CHECK_TEXT(err.message, "");
    close(file);
    return infer;
}

/* Opens folder/name.gguf with its reference and its folder's tokens. */
static void
open_fixture(struct fixture *out, const char *folder, const char *name,
             const struct infer_options *options)
{
    struct error err;
    size_t length = 0;
    char *text = NULL;
    json_t *tokens = NULL;
    char *path;

    *out = (struct fixture){.arena = arena_open()};
    path = arena_format(out->arena, "%s/%s.gguf", folder, name);
    out->infer = open_model(out->arena, path, options);
    path = arena_format(out->arena, "%s/%s/tokens.json", VECTORS, folder);
    CHECK(file_read(&text, &length, out->arena, path, FILE_LIMIT, &err) == 0);
    CHECK(json_read(&tokens, out->arena, text, length, &err) == 0);
    out->count = json_array_size(tokens);
    for (size_t i = 0; i < out->count && i < TOKEN_LIMIT; i++)
        out->tokens[i] =
            (uint32_t)json_integer_value(json_array_get(tokens, i));
    path = arena_format(out->arena, "%s/%s/%s.ref.f32", VECTORS, folder, name);
    CHECK(file_read(&text, &length, out->arena, path, FILE_LIMIT, &err) == 0);
    out->reference = (const float *)(void *)text;
    CHECK(out->count > 0);
    if (out->count > 0)
        out->vocabulary = length / sizeof(float) / out->count;
    CHECK(out->infer != NULL &&
          infer_describe(out->infer)->vocabulary == out->vocabulary);
}

static void
close_fixture(struct fixture *fixture)
{
    infer_free(fixture->infer);
    arena_free(fixture->arena);
}

static float *
run(struct fixture *fixture)
{
    float *logits = arena_array(
        fixture->arena, fixture->count * fixture->vocabulary, sizeof(float));
    struct error err = {0};

    if (infer_step_each(logits, fixture->infer, fixture->tokens, fixture->count,
                        &err) < 0)
        CHECK_TEXT(err.message, "");
    return logits;
}

static double
difference(const float *is, const float *want, size_t n)
{
    double error = 0;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double d = (double)is[i] - (double)want[i];

        error += d * d;
        sum += (double)want[i] * (double)want[i];
    }
    return error / sum;
}

static size_t
largest(const float *row, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (row[i] > row[best])
            best = i;
    return best;
}

struct expected {
    const char *folder;
    const char *name;
    double tolerance;
    bool same_choice; /* the likeliest token agrees in every row */
};

static void
check_logits(const struct expected *expected,
             const struct infer_options *options)
{
    struct fixture fixture;
    const float *logits;
    double is;

    open_fixture(&fixture, expected->folder, expected->name, options);
    logits = run(&fixture);
    is = difference(logits, fixture.reference,
                    fixture.count * fixture.vocabulary);
    if (!(is <= expected->tolerance))
        CHECK_TEXT(
            arena_format(fixture.arena, "%s: off by %.2e", expected->name, is),
            "within the tolerance");
    for (size_t i = 0; expected->same_choice && i < fixture.count; i++)
        CHECK(largest(logits + i * fixture.vocabulary, fixture.vocabulary) ==
              largest(fixture.reference + i * fixture.vocabulary,
                      fixture.vocabulary));
    close_fixture(&fixture);
}

static const struct expected exact[] = {
    {"arch", "llama", 1e-12, true},
    {"arch", "llama-linear", 1e-12, true},
    {"arch", "llama-rope-freqs", 1e-12, true},
    {"quant", "tiny256-F32", 1e-12, true},
    {"quant", "tiny256-F16", 1e-12, true},
    {"quant", "tiny256-BF16", 1e-12, true},
    {"quant", "tiny256-Q8_0", 2e-4, false},
    {"quant", "tiny256-Q4_0", 2e-4, false},
};

TEST(the_logits_are_those_of_the_reference)
{
    const struct infer_options options = {.is_f32 = true, .threads = 1};

    for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        check_logits(&exact[i], &options);
}

TEST(the_portable_kernels_give_the_logits_of_the_reference)
{
    const struct infer_options options = {
        .is_f32 = true, .is_portable = true, .threads = 1};

    for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        check_logits(&exact[i], &options);
}

TEST(a_cache_of_f16_stays_within_its_tolerance)
{
    static const struct expected rounded[] = {
        {"arch", "llama", 1e-6, true},
        {"arch", "llama-rope-freqs", 1e-6, true},
        {"quant", "tiny256-F32", 1e-6, true},
    };

    for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
        check_logits(&rounded[i], &(struct infer_options){.threads = 1});
        check_logits(&rounded[i], &(struct infer_options){.threads = 1,
                                                          .is_portable = true});
    }
}

TEST(batches_and_threads_do_not_change_a_bit_of_the_result)
{
    static const struct infer_options others[] = {
        {.batch = 1, .threads = 1}, {.batch = 2, .threads = 1},
        {.batch = 5, .threads = 2}, {.batch = 32, .threads = 3},
        {.batch = 7, .threads = 1},
    };
    static const char *const names[] = {"tiny256-F32", "tiny256-F16",
                                        "tiny256-BF16", "tiny256-Q8_0",
                                        "tiny256-Q4_0"};

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        struct fixture whole;
        const float *want;

        open_fixture(&whole, "quant", names[n],
                     &(struct infer_options){.threads = 1});
        want = run(&whole);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            struct fixture part;

            open_fixture(&part, "quant", names[n], &others[i]);
            CHECK(memcmp(run(&part), want,
                         part.count * part.vocabulary * sizeof(float)) == 0);
            close_fixture(&part);
        }
        close_fixture(&whole);
    }
}

/* 256 steps of the likeliest token, from the begin token on. */
static char *
tell_story(struct arena *arena, struct infer *infer)
{
    size_t vocabulary = infer_describe(infer)->vocabulary;
    float *logits = arena_array(arena, vocabulary, sizeof(float));
    struct infer_text none = {.bytes = "", .is_whole = true};
    struct buffer story = {0};
    struct error err;
    uint32_t *tokens;
    uint32_t token;
    size_t count;
    char *out;

    CHECK(infer_encode(&tokens, &count, arena, infer, &none, &err) == 0);
    CHECK(count == 1);
    token = tokens[0];
    for (int i = 0; i < 256; i++) {
        uint32_t next;

        if (infer_step(logits, infer, &token, 1, &err) < 0)
            CHECK_TEXT(err.message, "");
        next = infer_pick(infer, logits);
        if (infer_is_end(infer, next))
            break;
        infer_decode(&story, infer, token, next);
        token = next;
    }
    out = arena_bytes(arena, story.bytes, story.length);
    buffer_free(&story);
    return out;
}

TEST(stories260k_tells_its_recorded_story)
{
    static const struct infer_options all[] = {
        {.threads = 1, .is_f32 = true},
        {.threads = 2},
        {.threads = 1, .is_portable = true},
    };
    struct arena *arena = arena_open();
    struct error err;
    size_t length;
    char *want;

    CHECK(file_read(&want, &length, arena,
                    VECTORS "/models/stories260K.greedy.txt", FILE_LIMIT,
                    &err) == 0);
    while (length > 0 && want[length - 1] == '\n')
        want[--length] = '\0';
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct infer *infer =
            open_model(arena, "models/stories260K.gguf", &all[i]);

        CHECK_TEXT(tell_story(arena, infer), want);
        infer_free(infer);
    }
    arena_free(arena);
}

TEST(going_back_forgets_what_came_after)
{
    struct fixture fixture;
    size_t bytes;
    float *once;
    float *again;
    struct error err;

    open_fixture(&fixture, "arch", "llama",
                 &(struct infer_options){.threads = 1});
    bytes = fixture.vocabulary * sizeof(float);
    once = arena_alloc(fixture.arena, bytes);
    again = arena_alloc(fixture.arena, bytes);
    CHECK(infer_step(once, fixture.infer, fixture.tokens, 8, &err) == 0);
    CHECK(infer_step(NULL, fixture.infer, fixture.tokens + 8, 9, &err) == 0);
    CHECK(infer_position(fixture.infer) == 17);
    infer_rewind(fixture.infer, 7);
    CHECK(infer_step(again, fixture.infer, fixture.tokens + 7, 1, &err) == 0);
    CHECK(memcmp(once, again, bytes) == 0);
    close_fixture(&fixture);
}

TEST(a_full_context_and_an_unknown_token_are_refused)
{
    const uint32_t unknown = 512;
    struct fixture fixture;
    struct error err;

    open_fixture(&fixture, "arch", "llama",
                 &(struct infer_options){.context = 10, .threads = 1});
    CHECK(infer_step(NULL, fixture.infer, fixture.tokens, 11, &err) == -1);
    CHECK(strstr(err.message, "10 of 10 are left") != NULL);
    CHECK(infer_step(NULL, fixture.infer, &unknown, 1, &err) == -1);
    CHECK_TEXT(err.message, "token 512 is not below 512");
    CHECK(infer_position(fixture.infer) == 0);
    close_fixture(&fixture);
}

static bool
stop_at_zero(void *state)
{
    int *left = state;

    return (*left)-- == 0;
}

TEST(a_step_that_is_stopped_leaves_the_context_as_it_was)
{
    struct fixture fixture;
    struct error err;
    int left = 3; /* layers: two batches of two */

    open_fixture(&fixture, "arch", "llama",
                 &(struct infer_options){.batch = 4,
                                         .threads = 1,
                                         .is_stopped = stop_at_zero,
                                         .state = &left});
    CHECK(infer_step(NULL, fixture.infer, fixture.tokens, 8, &err) == -1);
    CHECK(err.code == ERROR_INTERRUPTED);
    CHECK(infer_position(fixture.infer) == 0);
    close_fixture(&fixture);
}

TEST(a_model_without_vocabulary_takes_tokens_but_no_text)
{
    struct infer_text text = {.bytes = "hello", .length = 5};
    struct fixture fixture;
    struct error err;
    uint32_t *tokens;
    size_t count;

    open_fixture(&fixture, "quant", "tiny256-F32",
                 &(struct infer_options){.threads = 1});
    CHECK(infer_encode(&tokens, &count, fixture.arena, fixture.infer, &text,
                       &err) == -1);
    CHECK_TEXT(err.message, "the file has no vocabulary");
    close_fixture(&fixture);
}
