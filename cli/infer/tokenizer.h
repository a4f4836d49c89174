/*
 * tokenizer: text to tokens and back, as SentencePiece's BPE does it.
 *
 * A text is cut into characters, and the two neighbours whose joint text is a
 * token of the highest score are joined, until there are none; what is left
 * over goes byte by byte.  Spaces are U+2581 in the tokens' texts.  Control
 * tokens come from text only if the caller trusts it: what a person types
 * never becomes one.  Source: sentencepiece, bpe_model.cc; llama.cpp's
 * llm_tokenizer_spm settles the ties (the left one first).
 */
#ifndef CLI_INFER_TOKENIZER_H
#define CLI_INFER_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/infer/infer.h"
#include "cli/infer/vocabulary.h"
#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/error.h"
#include "storage/model/gguf.h"

#define TOKENIZER_TEXT_LIMIT (1u << 20) /* bytes in a text */
#define TOKENIZER_SPECIAL_LIMIT 255     /* bytes in a token found whole */

struct tokenizer {
    struct vocabulary vocabulary;
    const char *missing; /* why texts cannot be read, or NULL */
    uint32_t begin;      /* these four may be VOCABULARY_NONE */
    uint32_t end;
    uint32_t turn_end;
    uint32_t unknown;
    bool adds_begin;
    bool adds_end;
    bool adds_space;
    uint32_t bytes[256]; /* the token of each byte, or VOCABULARY_NONE */

    /* Tokens that are looked for in a text before it is cut up. */
    bool special_starts[256];
    bool special_lengths[TOKENIZER_SPECIAL_LIMIT + 1];
    size_t special_longest;
};

/*
 * Reads the vocabulary of the file mapped at bytes.  A file without one, or
 * with one of another kind, is no error here but in tokenizer_encode.
 */
int tokenizer_load(struct tokenizer *out, struct arena *arena,
                   const struct gguf *gguf, const uint8_t *bytes,
                   size_t size_bytes, struct error *err);

/* The tokens, in the arena.  Any bytes can be encoded, UTF-8 or not. */
int tokenizer_encode(uint32_t **out, size_t *out_count, struct arena *arena,
                     const struct tokenizer *tokenizer,
                     const struct infer_text *text, struct error *err);

/*
 * Adds the bytes that the token stands for; control tokens stand for none.
 * Behind the begin token, the space that encoding puts there is left out.
 */
void tokenizer_decode(struct buffer *out, const struct tokenizer *tokenizer,
                      uint32_t previous, uint32_t token);

/* Whether the token ends a text or a turn. */
bool tokenizer_is_end(const struct tokenizer *tokenizer, uint32_t token);

#endif
