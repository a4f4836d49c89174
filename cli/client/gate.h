/*
 * gate: what a model's gate asks for, and where the person stands before it.
 */
#ifndef CLI_CLIENT_GATE_H
#define CLI_CLIENT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/client/client.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define GATE_LICENCE_LIMIT 1048576 /* bytes of a licence's text */
#define GATE_QUESTIONS_LIMIT 100
#define GATE_DIGEST_NAME_SIZE 72 /* "sha256:", 64 digits and a NUL */

struct gate_option {
    const char *label;
    const char *value;
};

struct gate_question {
    const char *label; /* also the answer's key */
    const char *type;  /* text, checkbox, date_picker, country, select, … */
    const struct gate_option *options;
    size_t option_count;
};

struct gate_licence {
    struct digest digest;
    char digest_name[GATE_DIGEST_NAME_SIZE]; /* "sha256:51ab3c…" */
    const char *name;                        /* "Acme Research Licence 1.0" */
};

struct gate {
    const char *mode; /* open, click, auto, manual, quorum */
    bool has_licence;
    struct gate_licence licence;
    const char *prompt; /* the publisher's words, or NULL */
    const struct gate_question *questions;
    size_t question_count;
    const char *commit; /* main's newest; NULL: none */
    int64_t grant_days; /* 0: grants have no end */
    int64_t waiting;    /* people */
    int64_t usual_wait_s;
    /* Where the person stands. */
    bool is_allowed;
    const char *reason; /* "granted", "no_request", "pending", … */
    const char *detail; /* a reviewer's words, or NULL */
    const char *until;  /* a time, or NULL */
    json_t *body;       /* all of it */
};

int gate_read(struct gate *out, struct client *client, struct arena *arena,
              const char *model, struct error *err);

/* Where the person stands, after "you": "wait for a decision".  Static. */
const char *gate_standing(const struct gate *gate);

/* The licence's text, which has the digest that the gate names. */
int gate_read_licence(const char **out, size_t *out_length,
                      struct client *client, struct arena *arena,
                      const struct digest *digest, struct error *err);

/* "sha256:HEX", or the 64 digits alone. */
bool gate_parse_digest(struct digest *out, const char *text);
void gate_write_digest(char out[GATE_DIGEST_NAME_SIZE],
                       const struct digest *digest);

#endif
