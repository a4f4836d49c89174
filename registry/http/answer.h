/*
 * answer: a response as the bytes that go over the wire, for registry/http.
 *
 * answer_make looks at the request's conditions and ranges and lays the answer
 * out as parts, each out of memory, a file or a content reader; connection
 * sends them in rounds.  Lives in the exchange's arena; descriptors and the
 * reader are closed by answer_free.
 */
#ifndef REGISTRY_HTTP_ANSWER_H
#define REGISTRY_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/response.h"

struct content_reader;

/* What a handler filled; response.c is its only writer. */
struct response {
    struct arena *arena;
    const char *spool_folder;
    int status;
    struct response_field *fields; /* last one first */
    const char *type;
    const char *etag;
    /* The body: one of these. */
    const char *bytes;
    uint64_t length;
    int fd; /* -1: none */
    struct content_reader *reader;
    struct gate_answer gate; /* with a reader */
    void (*sent)(void *state, uint64_t bytes, bool all);
    void *sent_state;
};

struct response_field {
    struct response_field *next;
    const char *name;
    const char *value;
};

enum part_kind {
    PART_MEMORY,
    PART_FILE,
    PART_READER,
};

struct part {
    enum part_kind kind;
    bool is_body; /* counts as bytes of the body that was asked for */
    const char *bytes;
    uint64_t offset; /* in the file or the object */
    uint64_t length;
};

struct answer {
    int status;
    struct part *parts;
    size_t count;
    size_t at;           /* the part that is being sent */
    uint64_t done;       /* of it */
    uint64_t body_bytes; /* that left */
    bool close;          /* the connection ends with it */
};

void response_open(struct response *response, struct arena *arena,
                   const char *spool_folder);

/* Closes what the response owns. */
void response_free(struct response *response);

/* True when a header of this name was added. */
bool response_has(const struct response *response, const char *name);

/* Drops all that was set, to answer something else; renewed cookies too. */
void response_reset(struct response *response);

/*
 * Lays out the answer to request; close says that the connection ends with
 * it.  May turn the response into 304, 206, 412 or 416.
 */
void answer_make(struct answer *out, struct response *response,
                 const struct request *request, bool close);

/* How many bytes are left of the part at out->at; 0 when all is sent. */
uint64_t answer_left(const struct answer *answer);

/* Notes that length bytes left, of this part and those behind it. */
void answer_advance(struct answer *answer, uint64_t length);

/* True when everything left. */
bool answer_is_sent(const struct answer *answer);

#endif
