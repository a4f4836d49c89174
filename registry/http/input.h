/*
 * input: what stands behind a struct request, for registry/http alone.
 *
 * Handlers read it through request.h.  Filled by exchange, on the loop while
 * bytes come in and on a worker afterwards; lives in the request's arena but
 * for the body, which the exchange frees.
 */
#ifndef REGISTRY_HTTP_INPUT_H
#define REGISTRY_HTTP_INPUT_H

#include <stdbool.h>

#include "registry/http/fields.h"
#include "registry/http/head.h"
#include "registry/http/router.h"
#include "storage/base/buffer.h"
#include "storage/base/source.h"

struct request_input {
    struct head head;
    struct route_match match;
    struct fields query;
    struct fields form;
    bool has_form; /* the body was read as one */
    /* The body, when the layer read it. */
    struct buffer memory;
    int spool; /* -1: it is in memory */
    struct memory_source memory_source;
    struct file_source file_source;
    const char *warning; /* X-HF-Warning of a refusal; NULL: none */
    int64_t uploader;    /* account whose upload this was counted as; 0: none */
    const char *renewed; /* the session's new cookie; NULL: it stays */
};

#endif
