#include "storage/model/token.h"

#include "storage/base/hex.h"
#include "storage/base/text.h"

int
token_refuse(const struct token *token, const char *why, struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE, "%s, byte %llu: %s", token->what,
                     (unsigned long long)token->at, why);
}

int
token_open(struct token *out, struct arena *arena, const struct source *source,
           uint64_t offset, uint64_t length, struct error *err)
{
    cursor_open(&out->cursor, arena, source);
    out->length = length;
    out->at = 0;
    out->ahead = -1;
    return cursor_skip(&out->cursor, offset, out->what, err);
}

/* The next byte, taken; -1 at the end in *out. */
static int
take(struct token *token, int *out, struct error *err)
{
    uint8_t byte;

    *out = token->ahead;
    token->ahead = -1;
    if (*out >= 0) {
        token->at++;
        return 0;
    }
    if (token->at == token->length)
        return 0;
    if (cursor_take(&token->cursor, &byte, 1, token->what, err) < 0)
        return -1;
    *out = byte;
    token->at++;
    return 0;
}

static int
look(struct token *token, int *out, struct error *err)
{
    if (take(token, out, err) < 0)
        return -1;
    token->ahead = *out;
    token->at -= *out >= 0;
    return 0;
}

int
token_peek(struct token *token, char *out, struct error *err)
{
    int byte;

    for (;;) {
        if (look(token, &byte, err) < 0)
            return -1;
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r')
            break;
        if (take(token, &byte, err) < 0)
            return -1;
    }
    *out = (char)(byte < 0 ? 0 : byte);
    return 0;
}

int
token_expect(struct token *token, char want, struct error *err)
{
    char next;
    int unused;
    char why[] = "' ' is missing";

    if (token_peek(token, &next, err) < 0)
        return -1;
    if (next == want)
        return take(token, &unused, err);
    why[1] = want;
    return token_refuse(token, why, err);
}

int
token_more(struct token *token, bool *more, char close, struct error *err)
{
    char next;

    if (token_peek(token, &next, err) < 0)
        return -1;
    *more = next == ',';
    if (*more)
        return token_expect(token, ',', err);
    return token_expect(token, close, err);
}

/* Four hexadecimal digits. */
static int
take_unit(struct token *token, uint32_t *out, struct error *err)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int byte;

        if (take(token, &byte, err) < 0)
            return -1;
        if (hex_digit(byte) < 0)
            return token_refuse(token, "a broken \\u escape", err);
        *out = *out * 16 + (uint32_t)hex_digit(byte);
    }
    return 0;
}

/* What follows "\u": one unit, or a pair of surrogates. */
static int
take_point(struct token *token, uint32_t *out, struct error *err)
{
    uint32_t low;
    int slash;
    int letter;

    if (take_unit(token, out, err) < 0)
        return -1;
    if (*out < 0xd800 || *out > 0xdfff)
        return 0;
    if (take(token, &slash, err) < 0 || take(token, &letter, err) < 0)
        return -1;
    if (*out > 0xdbff || slash != '\\' || letter != 'u')
        return token_refuse(token, "half a surrogate pair", err);
    if (take_unit(token, &low, err) < 0)
        return -1;
    if (low < 0xdc00 || low > 0xdfff)
        return token_refuse(token, "half a surrogate pair", err);
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return 0;
}

static size_t
write_utf8(char out[4], uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 63));
        out[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 63));
    out[2] = (char)(0x80 | (point >> 6 & 63));
    out[3] = (char)(0x80 | (point & 63));
    return 4;
}

/* What a backslash stands before, as UTF-8. */
static int
take_escape(struct token *token, char out[4], size_t *length, struct error *err)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    uint32_t point;
    int byte;

    if (take(token, &byte, err) < 0)
        return -1;
    for (size_t i = 0; names[i] != '\0'; i++)
        if (byte == names[i]) {
            out[0] = values[i];
            *length = 1;
            return 0;
        }
    if (byte != 'u')
        return token_refuse(token, "an unknown escape", err);
    if (take_point(token, &point, err) < 0)
        return -1;
    *length = write_utf8(out, point);
    return 0;
}

int
token_text(struct token *token, struct buffer *out, size_t limit_bytes,
           struct error *err)
{
    out->length = 0;
    if (token_expect(token, '"', err) < 0)
        return -1;
    for (;;) {
        char bytes[4];
        size_t length = 1;
        int byte;

        if (take(token, &byte, err) < 0)
            return -1;
        if (byte == '"')
            break;
        if (byte < 0x20)
            return token_refuse(token, "a text does not end", err);
        bytes[0] = (char)byte;
        if (byte == '\\' && take_escape(token, bytes, &length, err) < 0)
            return -1;
        if (out->length + length > limit_bytes)
            return token_refuse(token, "a text is too long", err);
        buffer_append(out, bytes, length);
    }
    buffer_append(out, "", 0);
    if (!text_is_utf8(out->bytes, out->length))
        return token_refuse(token, "a text is not UTF-8 without NUL", err);
    return 0;
}

int
token_natural(struct token *token, uint64_t *out, struct error *err)
{
    uint64_t value = 0;
    size_t digits = 0;
    char next;
    int byte;

    if (token_peek(token, &next, err) < 0)
        return -1;
    for (;; digits++) {
        if (look(token, &byte, err) < 0)
            return -1;
        if (byte < '0' || byte > '9')
            break;
        if ((digits == 1 && next == '0') ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(byte - '0'), &value))
            return token_refuse(token, "a number is malformed or too large",
                                err);
        if (take(token, &byte, err) < 0)
            return -1;
    }
    if (digits == 0 || byte == '.' || byte == 'e' || byte == 'E')
        return token_refuse(token, "a whole number is needed", err);
    *out = value;
    return 0;
}

int
token_end(struct token *token, struct error *err)
{
    char next;

    if (token_peek(token, &next, err) < 0)
        return -1;
    if (next != '\0' || token->at != token->length)
        return token_refuse(token, "there is more after the end", err);
    return 0;
}
