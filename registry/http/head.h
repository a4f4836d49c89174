/*
 * head: request line and headers as they were parsed, before any meaning.
 *
 * A record in the request's arena, made by parser_head.  Names keep the case
 * they came in; values have no outer blanks.  All is UTF-8 without control
 * characters.
 */
#ifndef REGISTRY_HTTP_HEAD_H
#define REGISTRY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header {
    const char *name;
    const char *value;
};

struct head {
    const char *method;
    const char *target; /* path and query, beginning with a slash */
    struct header *headers;
    size_t header_count;
    bool is_chunked;
    bool has_length;
    uint64_t length; /* of the body, when it was announced */
    bool keep_alive;
    bool expects_continue;
};

/* The first header of this name in any case, or NULL. */
const char *head_find(const struct head *head, const char *name);

/* True when a body follows. */
bool head_has_body(const struct head *head);

#endif
