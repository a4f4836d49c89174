/*
 * token: JSON read forward, piece by piece, without building it.
 *
 * A header of 100 MB would cost gigabytes as a tree.  The caller knows the
 * grammar and asks for what must come next; memory is the caller's buffer.
 * Errors are ERROR_UNPROCESSABLE and say at which byte.
 */
#ifndef STORAGE_MODEL_TOKEN_H
#define STORAGE_MODEL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/error.h"
#include "storage/model/cursor.h"

struct token {
    struct cursor cursor;
    const char *what; /* begins every message: "safetensors header" */
    uint64_t length;  /* of the text */
    uint64_t at;      /* bytes taken so far */
    int ahead;        /* a byte that was looked at, or -1 */
};

/* Reads length bytes of source from offset on, which must lie inside it. */
int token_open(struct token *out, struct arena *arena,
               const struct source *source, uint64_t offset, uint64_t length,
               struct error *err);

/* The next byte that is no white space, not taken; 0 at the end. */
int token_peek(struct token *token, char *out, struct error *err);

/* Takes exactly this byte, after white space. */
int token_expect(struct token *token, char want, struct error *err);

/*
 * After an element of a list or object: takes ',' and sets *more, or takes
 * close.
 */
int token_more(struct token *token, bool *more, char close, struct error *err);

/* Replaces out's bytes by a string's, as UTF-8 without NUL. */
int token_text(struct token *token, struct buffer *out, size_t limit_bytes,
               struct error *err);

/* A whole number from 0 to UINT64_MAX, in its one spelling. */
int token_natural(struct token *token, uint64_t *out, struct error *err);

/* Nothing but white space may be left. */
int token_end(struct token *token, struct error *err);

/* ERROR_UNPROCESSABLE at the present place.  -1. */
int token_refuse(const struct token *token, const char *why, struct error *err);

#endif
