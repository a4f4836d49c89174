/*
 * limits: every bound on what a client may send, hold or wait for.
 *
 * Those of struct limits are keys of weighd.conf; a struct of zeros stands for
 * the defaults.  The constants belong to the protocol, and nobody has a reason
 * to change them.
 */
#ifndef REGISTRY_HTTP_LIMITS_H
#define REGISTRY_HTTP_LIMITS_H

#include <stdint.h>

#define LIMIT_TARGET_BYTES 8192  /* path and query: 414 */
#define LIMIT_HEADERS 128        /* fields in a head: 431 */
#define LIMIT_TRAILER_BYTES 4096 /* fields behind a chunked body */
#define LIMIT_FORM_FIELDS 2048   /* paths-info takes 2000 paths, and more */
#define LIMIT_QUERY_FIELDS 256
#define LIMIT_RANGES 32            /* in one Range header, else all is sent */
#define LIMIT_ROUND_BYTES 1048576  /* of one sendfile or SSL_write round */
#define LIMIT_DRAIN_BYTES 65536    /* read and dropped after a refusal */
#define LIMIT_ANSWER_MEMORY 262144 /* a longer generated answer spools */
#define LIMIT_REQUEST_ID 128

/* A head is at least as large as the longest target with its method. */
#define LIMIT_HEAD_LEAST 16384

struct limits {
    int64_t connections;             /* in all: 503 */
    int64_t connections_per_address; /* 429 */
    int64_t head_bytes;              /* request line and headers: 431 */
    int64_t json_bytes;              /* of a body that memory takes: 413 */
    int64_t commit_bytes;            /* of a commit's NDJSON in all: 413 */
    int64_t commit_line_bytes;       /* and of one of its lines: 413 */
    int64_t head_ms;                 /* from first byte to headers' end: 408 */
    int64_t idle_ms;                 /* of a kept connection, no request */
    int64_t body_window_ms;          /* over which a body's rate is taken */
    int64_t body_bytes_per_second;   /* at least, else 408 */
    int64_t send_ms;                 /* without a byte taken, then a reset */
    int64_t drain_ms;                /* after a refusal before the body */
    int64_t stop_ms;       /* for requests under way when the server stops */
    int64_t retire_ms;     /* for connections of a server that is replaced */
    int64_t uploads;       /* at once, an account: 429 */
    int64_t open_requests; /* for access, an account, not decided: 429 */
    int64_t login_account; /* tries at an account in 15 minutes: 429 */
    int64_t login_address; /* and from an address */
};

/* Puts the default in the place of each zero. */
void limits_fill(struct limits *limits);

#endif
