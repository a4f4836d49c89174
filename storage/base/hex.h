/*
 * hex: bytes as lower-case hexadecimal text, and as base64 (RFC 4648 4).
 *
 * Decoding is strict: one spelling a value.  Upper case, white space, a wrong
 * length, base64 with missing padding or stray bits are all refused.
 */
#ifndef STORAGE_BASE_HEX_H
#define STORAGE_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"

/* A digit's value, for texts that allow either case; -1 when it is none. */
int hex_digit(int c);

/* Writes 2 * length characters and a NUL. */
void hex_write(char *out, const void *bytes, size_t length);

/* Reads exactly 2 * length characters that end the text; false if it is not. */
bool hex_read(void *out, size_t length, const char *text);

/* True when text is length lower-case hexadecimal digits and nothing else. */
bool hex_is_text(const char *text, size_t length);

/* With padding, on one line.  In the arena. */
char *base64_write(struct arena *arena, const void *bytes, size_t length);

/*
 * The bytes of length characters of text, in the arena and followed by a NUL;
 * NULL when they are not base64 in its one spelling.
 */
void *base64_read(size_t *out_length, struct arena *arena, const char *text,
                  size_t length);

#endif
