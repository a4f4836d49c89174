#include "cli/infer/infer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/infer/cache.h"
#include "cli/infer/forward.h"
#include "cli/infer/kernel.h"
#include "cli/infer/model.h"
#include "cli/infer/pool.h"
#include "cli/infer/sampler.h"
#include "cli/infer/tokenizer.h"
#include "storage/base/source.h"
#include "storage/model/gguf.h"
#include "storage/model/gguf_find.h"

struct infer {
    struct arena *arena;
    uint8_t *bytes; /* the file, mapped */
    size_t size_bytes;
    struct gguf gguf;
    struct model model;
    struct tokenizer tokenizer;
    struct cache cache;
    struct pool *pool;
    struct forward *forward;
    struct sampler *sampler;
    struct infer_facts facts;
    size_t batch;
    size_t position; /* tokens in the cache */
};

/* Private and read-only: nothing that happens here can reach the file. */
static int
map(struct infer *infer, int file, struct error *err)
{
    struct file_source source;
    void *bytes;

    if (source_of_file(&source, file, err) < 0)
        return -1;
    if (source.source.size_bytes == 0)
        return error_set(err, ERROR_UNPROCESSABLE, "the file is empty");
    infer->size_bytes = (size_t)source.source.size_bytes;
    bytes = mmap(NULL, infer->size_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        return error_set_system(err, "map");
    infer->bytes = bytes;
    madvise(bytes, infer->size_bytes, MADV_WILLNEED);
    return 0;
}

static int
load(struct infer *infer, struct error *err)
{
    struct memory_source memory;

    source_of_memory(&memory, infer->bytes, infer->size_bytes);
    if (gguf_parse(&infer->gguf, infer->arena, &memory.source, err) < 0 ||
        gguf_check(&infer->gguf, &memory.source, err) < 0 ||
        model_load(&infer->model, infer->arena, &infer->gguf, infer->bytes,
                   err) < 0)
        return -1;
    return tokenizer_load(&infer->tokenizer, infer->arena, &infer->gguf,
                          infer->bytes, infer->size_bytes, err);
}

/* The options that were left at 0. */
static void
fill(struct infer_options *options, const struct model *model)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (options->context == 0)
        options->context = model->context < INFER_CONTEXT_DEFAULT
                               ? model->context
                               : INFER_CONTEXT_DEFAULT;
    if (options->batch == 0)
        options->batch = INFER_BATCH_DEFAULT;
    if (options->batch > options->context)
        options->batch = options->context;
    if (options->threads == 0)
        options->threads = cores > 0 ? (size_t)cores : 1;
    if (options->threads > INFER_THREAD_LIMIT)
        options->threads = INFER_THREAD_LIMIT;
}

static void
describe(struct infer *infer, const struct infer_options *options,
         const struct kernels *kernels)
{
    const struct gguf *gguf = &infer->gguf;

    infer->facts = (struct infer_facts){
        .architecture = gguf_find_text(gguf, "general.architecture"),
        .name = gguf_find_text(gguf, "general.name"),
        .chat_template = gguf_find_text(gguf, "tokenizer.chat_template"),
        .parameters = gguf->parameters,
        .layers = infer->model.layer_count,
        .vocabulary = infer->model.vocabulary,
        .context_trained = infer->model.context,
        .context = options->context,
        .threads = options->threads,
        .kernels = kernels->name,
    };
}

/* Makes all that works on the loaded model. */
static int
start(struct infer *infer, struct infer_options options, struct error *err)
{
    struct forward_parts parts = {
        .model = &infer->model,
        .kernels = kernels_choose(options.is_portable),
        .cache = &infer->cache,
        .is_stopped = options.is_stopped,
        .state = options.state,
    };

    fill(&options, &infer->model);
    if (options.context > INFER_CONTEXT_LIMIT ||
        options.batch > INFER_BATCH_LIMIT)
        return error_set(err, ERROR_USAGE,
                         "a context is at most %d tokens, a batch %d",
                         INFER_CONTEXT_LIMIT, INFER_BATCH_LIMIT);
    parts.batch = infer->batch = options.batch;
    if (cache_open(&infer->cache, &infer->model, options.context,
                   !options.is_f32, err) < 0 ||
        pool_open(&infer->pool, options.threads, err) < 0)
        return -1;
    parts.pool = infer->pool;
    describe(infer, &options, parts.kernels);
    return forward_open(&infer->forward, &parts, err);
}

int
infer_open(struct infer **out, int file, const struct infer_options *options,
           struct error *err)
{
    static const struct infer_sampling greedy = {.repeat_penalty = 1};
    struct infer *infer = xcalloc(1, sizeof(*infer));

    infer->arena = arena_open();
    if (map(infer, file, err) < 0 || load(infer, err) < 0 ||
        start(infer, *options, err) < 0) {
        infer_free(infer);
        return -1;
    }
    infer_set_sampling(infer, &greedy);
    *out = infer;
    return 0;
}

void
infer_free(struct infer *infer)
{
    if (infer == NULL)
        return;
    sampler_free(infer->sampler);
    forward_free(infer->forward);
    pool_free(infer->pool);
    cache_free(&infer->cache);
    if (infer->bytes != NULL)
        munmap(infer->bytes, infer->size_bytes);
    arena_free(infer->arena);
    free(infer);
}

const struct infer_facts *
infer_describe(const struct infer *infer)
{
    return &infer->facts;
}

int
infer_encode(uint32_t **out, size_t *out_count, struct arena *arena,
             const struct infer *infer, const struct infer_text *text,
             struct error *err)
{
    return tokenizer_encode(out, out_count, arena, &infer->tokenizer, text,
                            err);
}

void
infer_decode(struct buffer *out, const struct infer *infer, uint32_t previous,
             uint32_t token)
{
    tokenizer_decode(out, &infer->tokenizer, previous, token);
}

bool
infer_is_end(const struct infer *infer, uint32_t token)
{
    return tokenizer_is_end(&infer->tokenizer, token);
}

static int
check_tokens(const struct infer *infer, const uint32_t *tokens, size_t count,
             struct error *err)
{
    if (count > infer->facts.context - infer->position)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%zu tokens are more than the context has room for: "
                         "%zu of %zu are left",
                         count, infer->facts.context - infer->position,
                         infer->facts.context);
    for (size_t i = 0; i < count; i++)
        if (tokens[i] >= infer->model.vocabulary)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "token %u is not below %zu", tokens[i],
                             infer->model.vocabulary);
    return 0;
}

/* In batches; a step that fails leaves the context as it was. */
static int
step(float *logits, struct infer *infer, const struct forward_batch *all,
     struct error *err)
{
    size_t vocabulary = infer->model.vocabulary;

    if (check_tokens(infer, all->tokens, all->count, err) < 0)
        return -1;
    for (size_t done = 0; done < all->count;) {
        struct forward_batch batch = *all;

        batch.tokens += done;
        batch.count -= done;
        batch.position = infer->position + done;
        if (batch.count > infer->batch)
            batch.count = infer->batch;
        if (logits != NULL && all->is_each)
            batch.logits = logits + done * vocabulary;
        else if (done + batch.count == all->count)
            batch.logits = logits;
        if (forward_run(infer->forward, &batch, err) < 0)
            return -1;
        done += batch.count;
    }
    infer->position += all->count;
    for (size_t i = 0; i < all->count; i++)
        sampler_add(infer->sampler, all->tokens[i]);
    return 0;
}

int
infer_step(float *logits, struct infer *infer, const uint32_t *tokens,
           size_t count, struct error *err)
{
    struct forward_batch all = {.tokens = tokens, .count = count};

    return step(logits, infer, &all, err);
}

int
infer_step_each(float *logits, struct infer *infer, const uint32_t *tokens,
                size_t count, struct error *err)
{
    struct forward_batch all = {
        .tokens = tokens, .count = count, .is_each = true};

    return step(logits, infer, &all, err);
}

size_t
infer_position(const struct infer *infer)
{
    return infer->position;
}

void
infer_rewind(struct infer *infer, size_t position)
{
    if (position < infer->position)
        infer->position = position;
}

void
infer_set_sampling(struct infer *infer, const struct infer_sampling *sampling)
{
    struct infer_sampling bounded = *sampling;

    if (bounded.repeat_last > INFER_CONTEXT_LIMIT)
        bounded.repeat_last = INFER_CONTEXT_LIMIT;
    sampler_free(infer->sampler);
    infer->sampler = sampler_open(&bounded, infer->model.vocabulary);
}

uint32_t
infer_pick(struct infer *infer, const float *logits)
{
    return sampler_pick(infer->sampler, logits);
}
