#include "storage/base/hex.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";
static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit_value(char c)
{
    return c >= 'A' && c <= 'F' ? -1 : hex_digit(c);
}

static int
letter_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return -1;
}

int
hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void
hex_write(char *out, const void *bytes, size_t length)
{
    const uint8_t *b = bytes;

    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * length] = '\0';
}

bool
hex_read(void *out, size_t length, const char *text)
{
    uint8_t *b = out;

    if (!hex_is_text(text, 2 * length))
        return false;
    for (size_t i = 0; i < length; i++)
        b[i] = (uint8_t)(digit_value(text[2 * i]) * 16 +
                         digit_value(text[2 * i + 1]));
    return true;
}

bool
hex_is_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (digit_value(text[i]) < 0)
            return false;
    return text[length] == '\0';
}

char *
base64_write(struct arena *arena, const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    char *out = arena_alloc(arena, (length + 2) / 3 * 4 + 1);
    char *at = out;

    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t)b[i] << 16;

        if (i + 1 < length)
            group |= (uint32_t)b[i + 1] << 8;
        if (i + 2 < length)
            group |= b[i + 2];
        *at++ = letters[group >> 18];
        *at++ = letters[group >> 12 & 63];
        *at++ = (char)(i + 1 < length ? letters[group >> 6 & 63] : '=');
        *at++ = (char)(i + 2 < length ? letters[group & 63] : '=');
    }
    *at = '\0';
    return out;
}

/* Reads one group of four; the number of bytes, or 0 when it is not one. */
static size_t
group_read(uint8_t out[3], const char *text, bool last)
{
    int values[4];
    size_t bytes = 3;

    if (last && text[3] == '=')
        bytes = text[2] == '=' ? 1 : 2;
    for (size_t i = 0; i < 4; i++) {
        values[i] = i <= bytes ? letter_value(text[i]) : 0;
        if (values[i] < 0)
            return 0;
    }
    if ((bytes == 1 && (values[1] & 15)) || (bytes == 2 && (values[2] & 3)))
        return 0;
    out[0] = (uint8_t)(values[0] << 2 | values[1] >> 4);
    out[1] = (uint8_t)(values[1] << 4 | values[2] >> 2);
    out[2] = (uint8_t)(values[2] << 6 | values[3]);
    return bytes;
}

void *
base64_read(size_t *out_length, struct arena *arena, const char *text,
            size_t length)
{
    uint8_t *out;
    size_t total = 0;

    if (length % 4 != 0)
        return NULL;
    out = arena_alloc(arena, length / 4 * 3 + 1);
    for (size_t i = 0; i < length; i += 4) {
        uint8_t group[3];
        size_t bytes = group_read(group, text + i, i + 4 == length);

        if (bytes == 0)
            return NULL;
        memcpy(out + total, group, bytes);
        total += bytes;
    }
    *out_length = total;
    return out;
}
