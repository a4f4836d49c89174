/*
 * response: what goes out, filled by a handler and sent by the loop.
 *
 * Lives in the request's arena.  A handler that returns -1 has what it set
 * here dropped, and registry/http/refusal.c answers with the error instead.
 * Ranges, If-None-Match, HEAD and Content-Length are the layer's work: a
 * handler gives the whole body and its ETag.
 */
#ifndef REGISTRY_HTTP_RESPONSE_H
#define REGISTRY_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/gate.h"
#include "registry/http/request.h"
#include "storage/base/json.h"

struct response;
struct content_reader;
struct html;

void response_status(struct response *response, int status);

/*
 * Adds a header; control characters in value become '?'.  Copies both.
 * Content-Type replaces the body's type.
 */
void response_header(struct response *response, const char *name,
                     const char *value);

/*
 * Whole bodies.  Bytes must live as long as the request's arena.  A JSON value
 * is written at once and stays its owner's: json_keep(arena, value) frees it.
 */
void response_json(struct response *response, int status, const json_t *value);
void response_bytes(struct response *response, int status, const char *type,
                    const void *bytes, size_t length);
void response_text(struct response *response, int status, const char *text);
void response_page(struct response *response, int status,
                   const struct html *page);
void response_redirect(struct response *response, int status,
                       const char *location);

/* Takes over fd, from its start to its end; removed from the disk already. */
void response_spool(struct response *response, int status, const char *type,
                    int fd);

/*
 * Opens a file without a name to write such a body into.  The caller closes
 * *out_fd unless it is handed to response_spool.
 */
int response_open_spool(int *out_fd, const struct response *response,
                        struct error *err);

/*
 * The quoted ETag and whether ranges are served, for a body given before or
 * after.  With it, If-None-Match gives 304 and Range 206 or 416.
 */
void response_etag(struct response *response, const char *etag);

/*
 * Weights: takes over the reader.  Sent in rounds of at most 1 MiB; stopped
 * with a reset when answer->valid_until_ms is over, or when a NOTIFY about
 * its repository, account or token asks again and is refused.
 */
void response_content(struct response *response, const char *type,
                      struct content_reader *reader,
                      const struct gate_answer *answer);

/*
 * Called once on a thread of the server when the answer has left or broke:
 * how many bytes of the body left, and whether they were the whole of it and
 * not a range, a HEAD or a refusal.
 * state must not live in the request's arena.
 */
void response_on_sent(struct response *response,
                      void (*sent)(void *state, uint64_t bytes, bool all),
                      void *state);

#endif
