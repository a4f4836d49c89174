/*
 * vocabulary: the tokens' texts, and which token a text is.
 *
 * The texts stay where the file is mapped.  They are found by a hash whose
 * base is random, since a file may be made so that a known hash collides.
 */
#ifndef CLI_INFER_VOCABULARY_H
#define CLI_INFER_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/model/gguf.h"

#define VOCABULARY_LIMIT 1048576     /* tokens */
#define VOCABULARY_TOKEN_LIMIT 65535 /* bytes in a token's text */
#define VOCABULARY_NONE UINT32_MAX

/* What a token is, numbered as in tokenizer.ggml.token_type. */
enum vocabulary_kind {
    VOCABULARY_NORMAL = 1,
    VOCABULARY_UNKNOWN = 2,
    VOCABULARY_CONTROL = 3,
    VOCABULARY_USER_DEFINED = 4,
    VOCABULARY_UNUSED = 5,
    VOCABULARY_BYTE = 6,
};

struct vocabulary_token {
    const char *text; /* mapped, not ours to free; not ended by NUL */
    uint16_t length;
    uint8_t kind; /* enum vocabulary_kind */
    float score;  /* finite; the higher, the sooner it is merged */
};

struct vocabulary {
    size_t count;
    size_t longest;                  /* bytes in the longest text */
    struct vocabulary_token *tokens; /* (count) */
    uint32_t *slots;                 /* (mask + 1), by hash */
    size_t mask;
    uint64_t base; /* of the hash */
};

/*
 * Reads the tokens, scores and kinds of the file that is mapped at bytes and
 * has size_bytes; lives as long as the arena and the mapping.
 * ERROR_UNPROCESSABLE names what is wrong.
 */
int vocabulary_load(struct vocabulary *out, struct arena *arena,
                    const struct gguf *gguf, const uint8_t *bytes,
                    size_t size_bytes, struct error *err);

/* The token whose text it is (the last such), or VOCABULARY_NONE. */
uint32_t vocabulary_find(const struct vocabulary *vocabulary, const char *text,
                         size_t length);

/*
 * The same in steps, for a text that grows: begin with 0, add each byte,
 * look up at any length.
 */
uint64_t vocabulary_hash(const struct vocabulary *vocabulary, uint64_t hash,
                         char byte);
uint32_t vocabulary_find_hashed(const struct vocabulary *vocabulary,
                                const char *text, size_t length, uint64_t hash);

#endif
