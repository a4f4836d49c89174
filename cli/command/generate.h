/*
 * generate: what `weigh run` and `weigh chat` share: the options, the model,
 * and text that appears as it is made.
 *
 * The model's text is as little trusted as the file: it goes out through the
 * terminal's cleaning, whole characters at a time.
 */
#ifndef CLI_COMMAND_GENERATE_H
#define CLI_COMMAND_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command/command.h"
#include "cli/infer/infer.h"
#include "storage/base/buffer.h"

/* run's options; chat has those from GENERATE_CHAT_ROW on. */
#define GENERATE_CHAT_ROW 2
extern const struct option_row generate_options[];

struct generator {
    struct context *context;
    struct infer *infer;
    float *logits; /* (vocabulary), of what comes next; owned */
    int64_t limit; /* tokens in an answer; negative: none */
    uint32_t last; /* the last token in the context, or INFER_NO_TOKEN */
};

enum generate_end {
    GENERATE_DONE,  /* the model ended, or the stop text came */
    GENERATE_LIMIT, /* so many tokens as were asked for */
    GENERATE_FULL,  /* the context is full */
};

struct generate_answer {
    struct buffer text; /* freed with buffer_free */
    size_t count;       /* tokens */
    enum generate_end end;
};

/*
 * Opens the model that --file or else name says, by the options; with room for
 * tokens unless --ctx says how many, or they are 0.  The caller frees what
 * *out holds with generate_close, also after an error.
 */
int generate_open(struct generator *out, struct context *context,
                  const char *name, size_t tokens, struct error *err);
void generate_close(struct generator *generator);

/* Appends text to the context: what the answer follows.  Counts its tokens. */
int generate_add(size_t *out_count, struct generator *generator,
                 const struct infer_text *text, struct error *err);

/*
 * Makes an answer, printed as it is made unless --json, and appends it to the
 * context.  It ends before stop, a text that may be NULL.  ERROR_INTERRUPTED
 * on Ctrl-C.
 */
int generate_run(struct generate_answer *out, struct generator *generator,
                 const char *stop, struct error *err);

/* "end", "limit" or "context", for --json. */
const char *generate_end_text(enum generate_end end);

#endif
