#include "cli/infer/tokenizer.h"

#include <string.h>

#include "cli/infer/merge.h"
#include "storage/model/gguf_find.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for the unknown */
#define MARK_BYTES 3

/* U+2581 stands for a space.  Not ended by NUL. */
static const char space_mark[MARK_BYTES] = {'\xe2', '\x96', '\x81'};

/* Control tokens that end a turn, whatever key the writer forgot. */
static const char *const turn_ends[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
};

/* Tokens in the making. */
struct encoder {
    const struct tokenizer *tokenizer;
    struct arena *arena;
    uint32_t *tokens;
    size_t count;
    bool is_behind_special; /* or at the beginning */
};

/* The token that a key names; VOCABULARY_NONE for -1 and for no key. */
static int
read_token(uint32_t *out, const struct tokenizer *tokenizer,
           const struct gguf *gguf, const char *name, struct error *err)
{
    uint64_t value;

    if (gguf_find_key(gguf, name) == NULL)
        return 0;
    if (!gguf_find_count(&value, gguf, name))
        return error_set(err, ERROR_UNPROCESSABLE, "key %s is no token", name);
    if (value == UINT32_MAX) {
        *out = VOCABULARY_NONE;
        return 0;
    }
    if (value >= tokenizer->vocabulary.count)
        return error_set(
            err, ERROR_UNPROCESSABLE, "key %s: token %llu is not below %zu",
            name, (unsigned long long)value, tokenizer->vocabulary.count);
    *out = (uint32_t)value;
    return 0;
}

static int
hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The byte of a token "<0x4A>", or -1 for any other text. */
static int
byte_of(const struct vocabulary_token *token)
{
    const char *text = token->text;

    if (token->length != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>' ||
        hex_digit(text[3]) < 0 || hex_digit(text[4]) < 0)
        return -1;
    return hex_digit(text[3]) * 16 + hex_digit(text[4]);
}

static int
find_bytes(struct tokenizer *out, struct error *err)
{
    memset(out->bytes, 0xff, sizeof(out->bytes)); /* VOCABULARY_NONE */
    for (size_t i = 0; i < out->vocabulary.count; i++) {
        const struct vocabulary_token *token = &out->vocabulary.tokens[i];
        int byte = byte_of(token);

        if (token->kind != VOCABULARY_BYTE)
            continue;
        if (byte < 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "token %zu: its kind is byte, but not its text",
                             i);
        out->bytes[byte] = (uint32_t)i;
    }
    return 0;
}

static bool
is_special(const struct vocabulary_token *token)
{
    return token->kind == VOCABULARY_CONTROL ||
           token->kind == VOCABULARY_UNKNOWN ||
           token->kind == VOCABULARY_USER_DEFINED;
}

static void
find_specials(struct tokenizer *out)
{
    for (size_t i = 0; i < out->vocabulary.count; i++) {
        const struct vocabulary_token *token = &out->vocabulary.tokens[i];

        if (!is_special(token) || token->length == 0 ||
            token->length > TOKENIZER_SPECIAL_LIMIT)
            continue;
        out->special_starts[(unsigned char)token->text[0]] = true;
        out->special_lengths[token->length] = true;
        if (token->length > out->special_longest)
            out->special_longest = token->length;
    }
}

/* The end of a turn by its key, else by its usual names. */
static void
find_turn_end(struct tokenizer *out)
{
    size_t count = sizeof(turn_ends) / sizeof(turn_ends[0]);

    for (size_t i = 0; i < count && out->turn_end == VOCABULARY_NONE; i++) {
        uint32_t id = vocabulary_find(&out->vocabulary, turn_ends[i],
                                      strlen(turn_ends[i]));

        if (id != VOCABULARY_NONE && is_special(&out->vocabulary.tokens[id]))
            out->turn_end = id;
    }
}

static uint32_t
token_or_none(const struct tokenizer *tokenizer, uint32_t id)
{
    return id < tokenizer->vocabulary.count ? id : VOCABULARY_NONE;
}

/* The keys, over the defaults of a SentencePiece model. */
static int
read_settings(struct tokenizer *out, const struct gguf *gguf, struct error *err)
{
    const struct {
        const char *name;
        uint32_t *out;
    } rows[] = {
        {"tokenizer.ggml.bos_token_id", &out->begin},
        {"tokenizer.ggml.eos_token_id", &out->end},
        {"tokenizer.ggml.eot_token_id", &out->turn_end},
        {"tokenizer.ggml.unknown_token_id", &out->unknown},
    };

    out->unknown = token_or_none(out, 0);
    out->begin = token_or_none(out, 1);
    out->end = token_or_none(out, 2);
    out->turn_end = VOCABULARY_NONE;
    out->adds_begin = true;
    out->adds_space = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (read_token(rows[i].out, out, gguf, rows[i].name, err) < 0)
            return -1;
    gguf_find_flag(&out->adds_begin, gguf, "tokenizer.ggml.add_bos_token");
    gguf_find_flag(&out->adds_end, gguf, "tokenizer.ggml.add_eos_token");
    gguf_find_flag(&out->adds_space, gguf, "tokenizer.ggml.add_space_prefix");
    return 0;
}

int
tokenizer_load(struct tokenizer *out, struct arena *arena,
               const struct gguf *gguf, const uint8_t *bytes, size_t size_bytes,
               struct error *err)
{
    const char *kind = gguf_find_text(gguf, "tokenizer.ggml.model");

    *out = (struct tokenizer){0};
    out->begin = out->end = VOCABULARY_NONE;
    out->unknown = out->turn_end = VOCABULARY_NONE;
    if (kind == NULL || strcmp(kind, "no_vocab") == 0) {
        out->missing = "the file has no vocabulary";
        return 0;
    }
    if (strcmp(kind, "llama") != 0) {
        out->missing =
            arena_format(arena, "the tokenizer %.40s is not supported", kind);
        return 0;
    }
    if (vocabulary_load(&out->vocabulary, arena, gguf, bytes, size_bytes, err) <
            0 ||
        find_bytes(out, err) < 0 || read_settings(out, gguf, err) < 0)
        return -1;
    find_specials(out);
    find_turn_end(out);
    return 0;
}

static void
add_token(struct encoder *encoder, uint32_t token)
{
    if (token != VOCABULARY_NONE)
        encoder->tokens[encoder->count++] = token;
}

/* A symbol as its token, or else byte by byte. */
static void
add_symbol(struct encoder *encoder, const struct merge_symbol *symbol)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    uint32_t id =
        merge_find(&tokenizer->vocabulary, symbol->text, symbol->length);

    if (id != VOCABULARY_NONE) {
        add_token(encoder, id);
        return;
    }
    for (uint32_t i = 0; i < symbol->length; i++) {
        id = tokenizer->bytes[(unsigned char)symbol->text[i]];
        add_token(encoder, id != VOCABULARY_NONE ? id : tokenizer->unknown);
    }
}

/* Spaces become the mark, and one comes first where the model wants it. */
static char *
mark_spaces(size_t *out_length, const struct encoder *encoder, const char *text,
            size_t length)
{
    char *marked = arena_alloc(encoder->arena, MARK_BYTES * (length + 1));
    size_t n = 0;

    if (encoder->is_behind_special && encoder->tokenizer->adds_space) {
        memcpy(marked, space_mark, MARK_BYTES);
        n = MARK_BYTES;
    }
    for (size_t i = 0; i < length; i++)
        if (text[i] == ' ') {
            memcpy(marked + n, space_mark, MARK_BYTES);
            n += MARK_BYTES;
        } else {
            marked[n++] = text[i];
        }
    *out_length = n;
    return marked;
}

/* A stretch of text in which no token is looked for whole. */
static void
encode_stretch(struct encoder *encoder, const char *text, size_t length)
{
    const struct merge_symbol *symbols;
    const char *marked;
    size_t n;

    if (length == 0)
        return;
    marked = mark_spaces(&n, encoder, text, length);
    symbols =
        merge_text(encoder->arena, &encoder->tokenizer->vocabulary, marked, n);
    for (uint32_t i = 0; symbols != NULL && i != MERGE_END; i = symbols[i].next)
        add_symbol(encoder, &symbols[i]);
    encoder->is_behind_special = false;
}

/* The longest token that begins here and is to be found whole, or none. */
static uint32_t
special_at(const struct tokenizer *tokenizer, const char *text, size_t length,
           bool is_trusted)
{
    const struct vocabulary *vocabulary = &tokenizer->vocabulary;
    uint32_t found = VOCABULARY_NONE;
    uint64_t hash = 0;

    if (!tokenizer->special_starts[(unsigned char)text[0]])
        return found;
    for (size_t n = 1; n <= length && n <= tokenizer->special_longest; n++) {
        uint32_t id;

        hash = vocabulary_hash(vocabulary, hash, text[n - 1]);
        if (!tokenizer->special_lengths[n])
            continue;
        id = vocabulary_find_hashed(vocabulary, text, n, hash);
        if (id == VOCABULARY_NONE || !is_special(&vocabulary->tokens[id]))
            continue;
        if (is_trusted ||
            vocabulary->tokens[id].kind == VOCABULARY_USER_DEFINED)
            found = id;
    }
    return found;
}

int
tokenizer_encode(uint32_t **out, size_t *out_count, struct arena *arena,
                 const struct tokenizer *tokenizer,
                 const struct infer_text *text, struct error *err)
{
    struct encoder encoder = {.tokenizer = tokenizer, .arena = arena};
    size_t start = 0;
    size_t at = 0;

    if (tokenizer->missing != NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "%s", tokenizer->missing);
    if (text->length > TOKENIZER_TEXT_LIMIT)
        return error_set(err, ERROR_TOO_LARGE,
                         "a text of %zu bytes, the limit is %u", text->length,
                         TOKENIZER_TEXT_LIMIT);
    encoder.is_behind_special = !text->is_continued;
    /* At most a token a byte; a mark that is no token makes three of one. */
    encoder.tokens = arena_array(arena, 6 * text->length + 2, sizeof(uint32_t));
    if (text->is_whole && tokenizer->adds_begin)
        add_token(&encoder, tokenizer->begin);
    while (at < text->length) {
        uint32_t id = special_at(tokenizer, text->bytes + at, text->length - at,
                                 text->is_trusted);

        if (id == VOCABULARY_NONE) {
            at++;
            continue;
        }
        encode_stretch(&encoder, text->bytes + start, at - start);
        add_token(&encoder, id);
        encoder.is_behind_special = true;
        at += tokenizer->vocabulary.tokens[id].length;
        start = at;
    }
    encode_stretch(&encoder, text->bytes + start, at - start);
    if (text->is_whole && tokenizer->adds_end)
        add_token(&encoder, tokenizer->end);
    *out = encoder.tokens;
    *out_count = encoder.count;
    return 0;
}

/* A token's text with spaces for their marks. */
static void
add_text(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        if (length - i >= MARK_BYTES &&
            memcmp(text + i, space_mark, MARK_BYTES) == 0) {
            buffer_append(out, " ", 1);
            i += MARK_BYTES;
        } else {
            buffer_append(out, text + i, 1);
            i++;
        }
    }
}

void
tokenizer_decode(struct buffer *out, const struct tokenizer *tokenizer,
                 uint32_t previous, uint32_t token)
{
    const struct vocabulary_token *is;
    size_t skip = 0;
    char byte;

    if (tokenizer->missing != NULL || token >= tokenizer->vocabulary.count)
        return;
    is = &tokenizer->vocabulary.tokens[token];
    switch (is->kind) {
    case VOCABULARY_CONTROL:
        break;
    case VOCABULARY_UNKNOWN:
        buffer_append_text(out, REPLACEMENT);
        break;
    case VOCABULARY_BYTE:
        byte = (char)byte_of(is);
        buffer_append(out, &byte, 1);
        break;
    default:
        if (previous == tokenizer->begin && tokenizer->adds_space &&
            is->length >= MARK_BYTES &&
            memcmp(is->text, space_mark, MARK_BYTES) == 0)
            skip = MARK_BYTES;
        add_text(out, is->text + skip, is->length - skip);
        break;
    }
}

bool
tokenizer_is_end(const struct tokenizer *tokenizer, uint32_t token)
{
    return token != VOCABULARY_NONE &&
           (token == tokenizer->end || token == tokenizer->turn_end);
}
