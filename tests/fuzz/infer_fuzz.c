/* Any bytes as a model: loaded, if they can be, and run for four tokens. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/infer/infer.h"

#define SIZE_LIMIT (1u << 20) /* bytes */
#define TOKENS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(struct infer *infer)
{
    size_t vocabulary = infer_describe(infer)->vocabulary;
    float *logits = xcalloc(vocabulary, sizeof(float));
    struct buffer text = {0};
    struct error err;
    uint32_t token = 0;

    for (int i = 0; i < TOKENS; i++) {
        if (infer_step(logits, infer, &token, 1, &err) < 0)
            break;
        token = infer_pick(infer, logits);
        if (token >= vocabulary)
            abort();
        infer_decode(&text, infer, INFER_NO_TOKEN, token);
    }
    buffer_free(&text);
    free(logits);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct infer_options options = {
        .context = TOKENS, .batch = 1, .threads = 1};
    static int file = -1; /* one for all runs: making one is dear */
    struct infer *infer = NULL;
    struct error err;

    if (file < 0)
        file = memfd_create("model", MFD_CLOEXEC);
    if (size > SIZE_LIMIT)
        return 0;
    if (file < 0 || ftruncate(file, 0) < 0 ||
        pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    if (infer_open(&infer, file, &options, &err) == 0)
        run(infer);
    infer_free(infer);
    return 0;
}
