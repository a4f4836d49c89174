#include "cli/command/generate.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command/weights.h"
#include "storage/base/random.h"

#define ANSWER_LIMIT (64u << 20) /* bytes */

const struct option_row generate_options[] = {
    {"tokens", "1,2,3", "take these tokens in place of a prompt", false},
    {"logits", "FILE", "write each token's logits as float32, and end", false},
    {"file", "FILE", "take this GGUF file, which no registry knows", false},
    {"gguf", "PATH", "which file of the model, if it has several", false},
    {"predict", "N", "stop after N tokens; -1: when the model ends", false},
    {"n", "N", "as --predict", false},
    {"temp", "T", "temperature; 0 takes the likeliest (0.8)", false},
    {"top-k", "K", "choose from the K likeliest; 0: all (40)", false},
    {"top-p", "P", "choose from those that make up P (0.95)", false},
    {"min-p", "P", "choose from those P as likely as the first (0.05)", false},
    {"repeat-penalty", "R", "make tokens of late less likely (1: no)", false},
    {"repeat-last-n", "N", "tokens that count as of late (64)", false},
    {"seed", "N", "of the choices; -1: another each time", false},
    {"threads", "N", "threads (one a core)", false},
    {"t", "N", "as --threads", false},
    {"ctx", "N", "tokens of context (the model's, at most 4096)", false},
    {"c", "N", "as --ctx", false},
    {"batch", "N", "tokens of the prompt worked on at once (512)", false},
    {"kv", "TYPE", "keep keys and values as f16 or f32 (f16)", false},
    {"portable", NULL, "use only instructions that every machine has", false},
    {0},
};

/* The options as numbers, with their defaults where they are not given. */
struct numbers {
    int64_t predict;
    int64_t top_k;
    int64_t repeat_last;
    int64_t seed;
    int64_t threads;
    int64_t context;
    int64_t batch;
    double temperature;
    double top_p;
    double min_p;
    double repeat_penalty;
};

static int
read_count(int64_t *out, const struct options *options, const char *name,
           const int64_t bounds[2], struct error *err)
{
    return option_number(out, options, name, *out, bounds, err);
}

static int
read_counts(struct numbers *out, const struct options *options,
            struct error *err)
{
    const struct {
        const char *name;
        int64_t *out;
        int64_t bounds[2];
    } rows[] = {
        {"predict", &out->predict, {-1, INT32_MAX}},
        {"n", &out->predict, {-1, INT32_MAX}},
        {"top-k", &out->top_k, {0, INT32_MAX}},
        {"repeat-last-n", &out->repeat_last, {0, INFER_CONTEXT_LIMIT}},
        {"seed", &out->seed, {-1, INT64_MAX}},
        {"threads", &out->threads, {1, INFER_THREAD_LIMIT}},
        {"t", &out->threads, {1, INFER_THREAD_LIMIT}},
        {"ctx", &out->context, {1, INFER_CONTEXT_LIMIT}},
        {"c", &out->context, {1, INFER_CONTEXT_LIMIT}},
        {"batch", &out->batch, {1, INFER_BATCH_LIMIT}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (read_count(rows[i].out, options, rows[i].name, rows[i].bounds,
                       err) < 0)
            return -1;
    return 0;
}

static int
read_real(double *out, const struct options *options, const char *name,
          double most, struct error *err)
{
    const char *text = option_text(options, name);
    char *end;

    if (text == NULL)
        return 0;
    errno = 0;
    *out = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(*out >= 0) ||
        *out > most)
        return error_set(err, ERROR_USAGE, "--%s %s: not a number from 0 to %g",
                         name, text, most);
    return 0;
}

static int
read_numbers(struct numbers *out, const struct options *options,
             struct error *err)
{
    *out = (struct numbers){
        .predict = -1,
        .top_k = 40,
        .repeat_last = 64,
        .seed = -1,
        .temperature = 0.8,
        .top_p = 0.95,
        .min_p = 0.05,
        .repeat_penalty = 1,
    };
    if (read_counts(out, options, err) < 0 ||
        read_real(&out->temperature, options, "temp", 1e6, err) < 0 ||
        read_real(&out->top_p, options, "top-p", 1, err) < 0 ||
        read_real(&out->min_p, options, "min-p", 1, err) < 0 ||
        read_real(&out->repeat_penalty, options, "repeat-penalty", 1e6, err) <
            0)
        return -1;
    if (!(out->repeat_penalty > 0))
        return error_set(err, ERROR_USAGE, "--repeat-penalty is 0");
    return 0;
}

static int
read_kv(bool *is_f32, const struct options *options, struct error *err)
{
    const char *kind = option_text(options, "kv");

    if (kind != NULL && strcmp(kind, "f16") != 0 && strcmp(kind, "f32") != 0)
        return error_set(err, ERROR_USAGE, "--kv %s: not f16 or f32", kind);
    *is_f32 = kind != NULL && strcmp(kind, "f32") == 0;
    return 0;
}

/*
 * The weights are mapped: when the file becomes shorter, reading them raises
 * this signal, and there is nothing left to go on with.
 */
static void
report_lost_file(int number)
{
    static const char text[] =
        "\nweigh: the model's file became shorter while it was in use\n";

    (void)number;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}

static bool
is_stopped(void *state)
{
    return interrupt_is_set(state);
}

static void
set_sampling(struct generator *generator, const struct numbers *numbers)
{
    struct infer_sampling sampling = {
        .temperature = numbers->temperature,
        .top_k = (uint32_t)numbers->top_k,
        .top_p = numbers->top_p,
        .min_p = numbers->min_p,
        .repeat_penalty = numbers->repeat_penalty,
        .repeat_last = (uint32_t)numbers->repeat_last,
        .seed = (uint64_t)numbers->seed,
    };

    if (numbers->seed < 0)
        random_bytes(&sampling.seed, sizeof(sampling.seed));
    infer_set_sampling(generator->infer, &sampling);
}

int
generate_open(struct generator *out, struct context *context, const char *name,
              size_t tokens, struct error *err)
{
    struct infer_options options = {
        .is_portable = option_has(&context->options, "portable"),
        .is_stopped = is_stopped,
        .state = context->interrupt,
    };
    struct numbers numbers;
    int file = -1;
    int result;

    *out = (struct generator){.context = context, .last = INFER_NO_TOKEN};
    if (read_numbers(&numbers, &context->options, err) < 0 ||
        read_kv(&options.is_f32, &context->options, err) < 0 ||
        weights_open(&file, context, name, err) < 0)
        return -1;
    signal(SIGBUS, report_lost_file);
    options.context = numbers.context > 0 ? (size_t)numbers.context : tokens;
    options.batch = (size_t)numbers.batch;
    options.threads = (size_t)numbers.threads;
    result = infer_open(&out->infer, file, &options, err);
    close(file);
    if (result < 0)
        return -1;
    out->limit = numbers.predict;
    out->logits =
        xcalloc(infer_describe(out->infer)->vocabulary, sizeof(float));
    set_sampling(out, &numbers);
    return 0;
}

void
generate_close(struct generator *generator)
{
    infer_free(generator->infer);
    free(generator->logits);
    *generator = (struct generator){0};
}

int
generate_add(size_t *out_count, struct generator *generator,
             const struct infer_text *text, struct error *err)
{
    uint32_t *tokens;

    if (infer_encode(&tokens, out_count, generator->context->arena,
                     generator->infer, text, err) < 0)
        return -1;
    if (*out_count == 0)
        return 0;
    if (infer_step(generator->logits, generator->infer, tokens, *out_count,
                   err) < 0)
        return -1;
    generator->last = tokens[*out_count - 1];
    return 0;
}

/* Bytes at the end that may begin the stop text. */
static size_t
begun_stop(const struct buffer *text, const char *stop)
{
    size_t n = stop == NULL ? 0 : strlen(stop);

    for (n = n > text->length ? text->length : n; n > 0; n--)
        if (memcmp(text->bytes + text->length - n, stop, n) == 0)
            return n;
    return 0;
}

/* Bytes at the end that begin a character of which more is to come. */
static size_t
begun_character(const struct buffer *text)
{
    for (size_t n = 1; n <= 3 && n <= text->length; n++) {
        unsigned char byte = (unsigned char)text->bytes[text->length - n];
        size_t whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;

        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0)
            return n < whole ? n : 0;
    }
    return 0;
}

/* Prints what is settled behind *shown. */
static int
show(const struct generator *generator, const struct buffer *text,
     size_t *shown, size_t kept, struct error *err)
{
    struct context *context = generator->context;
    size_t end = text->length - kept;

    if (context->is_json || end <= *shown)
        return 0;
    terminal_print(&context->terminal, "%.*s", (int)(end - *shown),
                   text->bytes + *shown);
    *shown = end;
    return terminal_flush(&context->terminal, err);
}

/* Cuts the text before the stop text, which ends behind from; true when it is
 * there. */
static bool
cut_stop(struct buffer *text, size_t from, const char *stop)
{
    size_t n = stop == NULL ? 0 : strlen(stop);
    const char *found;

    if (n == 0 || text->bytes == NULL)
        return false;
    from = from > n ? from - n : 0;
    found = memmem(text->bytes + from, text->length - from, stop, n);
    if (found == NULL)
        return false;
    text->length = (size_t)(found - text->bytes);
    text->bytes[text->length] = '\0';
    return true;
}

/* One token more; *is_over when none follows it. */
static int
advance(struct generate_answer *out, struct generator *generator,
        const char *stop, bool *is_over, struct error *err)
{
    const struct infer_facts *facts = infer_describe(generator->infer);
    size_t before = out->text.length;
    uint32_t token;

    *is_over = true;
    out->end = GENERATE_LIMIT;
    if (generator->limit >= 0 && out->count >= (size_t)generator->limit)
        return 0;
    token = infer_pick(generator->infer, generator->logits);
    out->end = GENERATE_DONE;
    if (infer_is_end(generator->infer, token))
        return 0;
    out->end = GENERATE_FULL;
    if (infer_position(generator->infer) >= facts->context ||
        out->text.length > ANSWER_LIMIT)
        return 0;
    infer_decode(&out->text, generator->infer, generator->last, token);
    out->count++;
    generator->last = token;
    if (infer_step(generator->logits, generator->infer, &token, 1, err) < 0)
        return -1;
    out->end = GENERATE_DONE;
    *is_over = cut_stop(&out->text, before, stop);
    return 0;
}

int
generate_run(struct generate_answer *out, struct generator *generator,
             const char *stop, struct error *err)
{
    bool is_over = false;
    size_t shown = 0;

    *out = (struct generate_answer){0};
    while (!is_over) {
        size_t kept;

        if (interrupt_check(generator->context->interrupt, err) < 0 ||
            advance(out, generator, stop, &is_over, err) < 0)
            return -1;
        kept = begun_stop(&out->text, stop);
        if (kept == 0)
            kept = begun_character(&out->text);
        if (show(generator, &out->text, &shown, is_over ? 0 : kept, err) < 0)
            return -1;
    }
    return 0;
}

const char *
generate_end_text(enum generate_end end)
{
    static const char *const texts[] = {
        [GENERATE_DONE] = "end",
        [GENERATE_LIMIT] = "limit",
        [GENERATE_FULL] = "context",
    };

    return texts[end];
}
