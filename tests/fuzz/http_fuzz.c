/* A connection's bytes: heads by their end, bodies in two pieces each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/parser.h"

static int
take(void *state, const char *bytes, size_t length, struct error *err)
{
    size_t *total = state;

    (void)err;
    for (size_t i = 0; i < length; i++)
        *total += (unsigned char)bytes[i];
    return 0;
}

/* Reads what names and values are, up to their ends. */
static size_t
read_all(const struct head *head)
{
    size_t total = strlen(head->method) + strlen(head->target);

    for (size_t i = 0; i < head->header_count; i++)
        total += strlen(head->headers[i].name) + strlen(head->headers[i].value);
    return total;
}

/* What belongs to one request; 0 ends the connection. */
static size_t
take_request(const char *bytes, size_t length, struct arena *arena)
{
    struct parser parser;
    struct head head;
    struct error err;
    size_t total = 0;
    size_t seen = 0;
    size_t at = parser_find_head(bytes, length, &seen);

    if (at == 0 || parser_head(&head, &parser, arena, bytes, at, &err) < 0)
        return 0;
    total = read_all(&head);
    parser.body = take;
    parser.body_state = &total;
    while (head_has_body(&head) && !parser.is_done && at < length) {
        size_t piece = (length - at + 1) / 2;
        size_t used;

        if (parser_body(&used, &parser, bytes + at, piece, &err) < 0)
            return 0;
        if (used > piece)
            abort();
        at += used;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *bytes = (const char *)data;
    size_t at = 0;

    while (at < size) {
        size_t blank = parser_skip_blank(bytes + at, size - at);
        size_t used =
            take_request(bytes + at + blank, size - at - blank, arena);

        if (used == 0)
            break;
        at += blank + used;
    }
    arena_free(arena);
    return 0;
}
