/* Any bytes as a file with a vocabulary, and the same bytes as a text. */
#include <stdlib.h>

#include "cli/infer/tokenizer.h"

#define TEXT_BYTES 512 /* of the input's end, as a text */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
encode(const struct tokenizer *tokenizer, struct arena *arena,
       const struct infer_text *text)
{
    struct buffer out = {0};
    struct error err;
    uint32_t *tokens;
    size_t count;

    if (tokenizer_encode(&tokens, &count, arena, tokenizer, text, &err) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (tokens[i] >= tokenizer->vocabulary.count)
            abort();
        tokenizer_decode(&out, tokenizer, i > 0 ? tokens[i - 1] : 0, tokens[i]);
        tokenizer_is_end(tokenizer, tokens[i]);
    }
    buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = size < TEXT_BYTES ? size : TEXT_BYTES;
    struct infer_text text = {(const char *)data + size - length, length, true,
                              false, false};
    struct arena *arena = arena_open();
    struct memory_source memory;
    struct tokenizer tokenizer;
    struct gguf gguf;
    struct error err;

    source_of_memory(&memory, data, size);
    if (gguf_parse(&gguf, arena, &memory.source, &err) == 0 &&
        tokenizer_load(&tokenizer, arena, &gguf, data, size, &err) == 0) {
        encode(&tokenizer, arena, &text);
        text.is_trusted = true;
        text.is_continued = true;
        encode(&tokenizer, arena, &text);
    }
    arena_free(arena);
    return 0;
}
