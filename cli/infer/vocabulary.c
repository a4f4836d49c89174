#include "cli/infer/vocabulary.h"

#include <math.h>
#include <string.h>

#include "storage/base/random.h"
#include "storage/model/gguf_find.h"

/* A prime: the hash is a polynomial over the field of its residues, so that
 * two texts of n bytes collide for at most n of its bases. */
#define PRIME ((UINT64_C(1) << 61) - 1)

uint64_t
vocabulary_hash(const struct vocabulary *vocabulary, uint64_t hash, char byte)
{
    unsigned __int128 product = (unsigned __int128)hash * vocabulary->base;
    uint64_t folded;

    product += (unsigned char)byte + 1U;
    folded = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);
    return folded >= PRIME ? folded - PRIME : folded;
}

uint32_t
vocabulary_find_hashed(const struct vocabulary *vocabulary, const char *text,
                       size_t length, uint64_t hash)
{
    for (size_t i = hash & vocabulary->mask;; i = (i + 1) & vocabulary->mask) {
        uint32_t id = vocabulary->slots[i];
        const struct vocabulary_token *token;

        if (id == VOCABULARY_NONE)
            return VOCABULARY_NONE;
        token = &vocabulary->tokens[id];
        if (token->length == length && memcmp(token->text, text, length) == 0)
            return id;
    }
}

uint32_t
vocabulary_find(const struct vocabulary *vocabulary, const char *text,
                size_t length)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < length; i++)
        hash = vocabulary_hash(vocabulary, hash, text[i]);
    return vocabulary_find_hashed(vocabulary, text, length, hash);
}

/* Puts the token into the table; a later one of the same text replaces it. */
static void
add(struct vocabulary *out, uint32_t id)
{
    const struct vocabulary_token *token = &out->tokens[id];
    uint64_t hash = 0;
    size_t i;

    for (size_t j = 0; j < token->length; j++)
        hash = vocabulary_hash(out, hash, token->text[j]);
    for (i = hash & out->mask; out->slots[i] != VOCABULARY_NONE;
         i = (i + 1) & out->mask) {
        const struct vocabulary_token *other = &out->tokens[out->slots[i]];

        if (other->length == token->length &&
            memcmp(other->text, token->text, token->length) == 0)
            break;
    }
    out->slots[i] = id;
}

/* Where the key's array of one element a token is; NULL when there is none. */
static int
find_array(const uint8_t **out, const struct vocabulary *vocabulary,
           const struct gguf_key *key, enum gguf_kind kind, struct error *err)
{
    const uint8_t *bytes = *out;

    *out = NULL;
    if (key == NULL)
        return 0;
    if (key->kind != GGUF_ARRAY || key->element != kind ||
        key->count != vocabulary->count)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %s does not fit the tokens", key->name);
    *out = bytes + key->offset;
    return 0;
}

/*
 * Walks the array of texts.  gguf_parse has walked it too, but the file may
 * have changed since; so each length is held to the end once more.
 */
static int
read_texts(struct vocabulary *out, const struct gguf_key *key,
           const uint8_t *bytes, size_t size_bytes, struct error *err)
{
    size_t at = (size_t)key->offset;

    for (size_t i = 0; i < out->count; i++) {
        uint64_t length;

        if (at > size_bytes || size_bytes - at < sizeof(length))
            return error_set(err, ERROR_UNPROCESSABLE,
                             "the file ends inside the tokens");
        memcpy(&length, bytes + at, sizeof(length));
        at += sizeof(length);
        if (length > VOCABULARY_TOKEN_LIMIT || length > size_bytes - at)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "token %zu: %llu bytes, the limit is %d", i,
                             (unsigned long long)length,
                             VOCABULARY_TOKEN_LIMIT);
        out->tokens[i].text = (const char *)bytes + at;
        out->tokens[i].length = (uint16_t)length;
        if (length > out->longest)
            out->longest = (size_t)length;
        at += length;
    }
    return 0;
}

static int
read_scores(struct vocabulary *out, const uint8_t *at, struct error *err)
{
    for (size_t i = 0; at != NULL && i < out->count; i++) {
        memcpy(&out->tokens[i].score, at + i * sizeof(float), sizeof(float));
        if (!isfinite(out->tokens[i].score))
            return error_set(err, ERROR_UNPROCESSABLE,
                             "token %zu: its score is no number", i);
    }
    return 0;
}

static int
read_kinds(struct vocabulary *out, const uint8_t *at, struct error *err)
{
    for (size_t i = 0; i < out->count; i++) {
        int32_t kind = VOCABULARY_NORMAL;

        if (at != NULL)
            memcpy(&kind, at + i * sizeof(kind), sizeof(kind));
        if (kind < VOCABULARY_NORMAL || kind > VOCABULARY_BYTE)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "token %zu: unknown kind %d", i, kind);
        out->tokens[i].kind = (uint8_t)kind;
    }
    return 0;
}

/* At most half of the slots are taken, so that a search ends soon. */
static void
make_table(struct vocabulary *out, struct arena *arena)
{
    size_t slots = 4;

    while (slots < 2 * out->count)
        slots *= 2;
    out->mask = slots - 1;
    out->slots = arena_array(arena, slots, sizeof(*out->slots));
    memset(out->slots, 0xff, slots * sizeof(*out->slots));
    random_bytes(&out->base, sizeof(out->base));
    out->base %= PRIME;
    for (size_t i = 0; i < out->count; i++)
        if (out->tokens[i].length > 0)
            add(out, (uint32_t)i);
}

int
vocabulary_load(struct vocabulary *out, struct arena *arena,
                const struct gguf *gguf, const uint8_t *bytes,
                size_t size_bytes, struct error *err)
{
    const struct gguf_key *key = gguf_find_key(gguf, "tokenizer.ggml.tokens");
    const uint8_t *scores = bytes;
    const uint8_t *kinds = bytes;

    if (key == NULL || key->kind != GGUF_ARRAY || key->element != GGUF_TEXT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key tokenizer.ggml.tokens is missing or no texts");
    if (key->count == 0 || key->count > VOCABULARY_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%llu tokens are not 1 to %d",
                         (unsigned long long)key->count, VOCABULARY_LIMIT);
    *out = (struct vocabulary){.count = (size_t)key->count};
    out->tokens = arena_array(arena, out->count, sizeof(*out->tokens));
    if (find_array(&scores, out, gguf_find_key(gguf, "tokenizer.ggml.scores"),
                   GGUF_F32, err) < 0 ||
        find_array(&kinds, out,
                   gguf_find_key(gguf, "tokenizer.ggml.token_type"), GGUF_I32,
                   err) < 0)
        return -1;
    if (read_texts(out, key, bytes, size_bytes, err) < 0 ||
        read_scores(out, scores, err) < 0 || read_kinds(out, kinds, err) < 0)
        return -1;
    make_table(out, arena);
    return 0;
}
