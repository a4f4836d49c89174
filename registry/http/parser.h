/*
 * parser: HTTP/1.1 requests out of bytes, by llhttp in strict mode.
 *
 * The head is parsed whole, once its end is there; the body in whatever
 * pieces come.  What llhttp lets through and two servers could read in two
 * ways is refused here: folded lines, bare CR or LF, control characters,
 * repeated fields that must be one, transfer codings but chunked, extensions
 * of chunks.  After an
 * error the connection is of no more use.
 */
#ifndef REGISTRY_HTTP_PARSER_H
#define REGISTRY_HTTP_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "registry/http/head.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

/* One a connection; parser_head makes it ready for the next request. */
struct parser {
    llhttp_t llhttp;
    struct head *head; /* while the head is parsed */
    struct error *err; /* of the call that runs */
    int (*body)(void *state, const char *bytes, size_t length,
                struct error *err);
    void *body_state;
    size_t trailer_bytes;
    bool is_done;
};

/* How many of the bytes are blank lines before a request line. */
size_t parser_skip_blank(const char *bytes, size_t length);

/*
 * The length of the head that bytes begin with, its blank line included; 0
 * while its end is not there.  *seen remembers what was looked at.
 */
size_t parser_find_head(const char *bytes, size_t length, size_t *seen);

/* True for a newline in bytes, at from or later, without its CR. */
bool parser_has_bare_newline(const char *bytes, size_t length, size_t from);

/*
 * Parses a whole head.  ERROR_BAD_REQUEST, ERROR_NOT_IMPLEMENTED,
 * ERROR_URI_TOO_LONG or ERROR_HEADERS_TOO_LARGE.
 */
int parser_head(struct head *out, struct parser *parser, struct arena *arena,
                const char *bytes, size_t length, struct error *err);

/*
 * Parses body bytes, calling parser->body with what they hold, and says how
 * many belonged to this request; parser->is_done when it ended there.
 */
int parser_body(size_t *out_used, struct parser *parser, const char *bytes,
                size_t length, struct error *err);

#endif
