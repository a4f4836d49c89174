/*
 * limits: every bound on what a client may send, hold or wait for.
 *
 * A struct limits of zeros stands for the defaults below; tests shorten them.
 */
#ifndef REGISTRY_HTTP_LIMITS_H
#define REGISTRY_HTTP_LIMITS_H

#include <stdint.h>

#define LIMIT_HEAD_BYTES 32768  /* request line and headers: 431 */
#define LIMIT_TARGET_BYTES 8192 /* path and query: 414 */
#define LIMIT_HEADERS 128       /* fields in a head: 431 */
#define LIMIT_JSON_BYTES 1048576
#define LIMIT_TRAILER_BYTES 4096         /* fields behind a chunked body */
#define LIMIT_CHUNK_EXTENSION_BYTES 1024 /* of all chunks of one body */
#define LIMIT_FORM_FIELDS 256
#define LIMIT_QUERY_FIELDS 256
#define LIMIT_RANGES 32            /* in one Range header, else all is sent */
#define LIMIT_ROUND_BYTES 1048576  /* of one sendfile or SSL_write round */
#define LIMIT_DRAIN_BYTES 65536    /* read and dropped after a refusal */
#define LIMIT_ANSWER_MEMORY 262144 /* a longer generated answer spools */
#define LIMIT_REQUEST_ID 128

struct limits {
    int connections;               /* in all: 503 */
    int connections_per_address;   /* 429 */
    int64_t head_ms;               /* from the first byte to the headers: 408 */
    int64_t idle_ms;               /* of a kept connection without a request */
    int64_t body_window_ms;        /* over which a body's rate is taken */
    int64_t body_bytes_per_second; /* at least, else 408 */
    int64_t send_ms;               /* without a byte taken, then a reset */
    int64_t drain_ms;              /* after a refusal before the body */
    int64_t stop_ms; /* for requests under way when the server stops */
};

/* Puts the default in the place of each zero. */
void limits_fill(struct limits *limits);

#endif
