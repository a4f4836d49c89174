/*
 * infer: a model file that gives tokens.
 *
 * infer_open maps the file and checks all of it that is not weights, treating
 * every byte as hostile; infer_step appends tokens to the context and gives
 * the logits of what comes next; infer_pick chooses.  It knows no network and
 * prints nothing.  A struct infer belongs to one thread at a time, and uses
 * several of its own.
 *
 * Understands GGUF (v2, v3) of the llama architecture in F32, F16, BF16, Q8_0
 * and Q4_0, with a SentencePiece vocabulary.
 */
#ifndef CLI_INFER_INFER_H
#define CLI_INFER_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/error.h"

#define INFER_CONTEXT_DEFAULT 4096 /* tokens, if the model knows so many */
#define INFER_CONTEXT_LIMIT 1048576
#define INFER_BATCH_DEFAULT 512
#define INFER_BATCH_LIMIT 4096
#define INFER_THREAD_LIMIT 256
#define INFER_NO_TOKEN UINT32_MAX

struct infer;

struct infer_options {
    size_t context;   /* tokens to make room for; 0: as many as make sense */
    size_t batch;     /* tokens worked on at once; 0: INFER_BATCH_DEFAULT */
    size_t threads;   /* 0: one a core */
    bool is_f32;      /* keeps keys and values in f32, not f16 */
    bool is_portable; /* no instructions but those of every machine */

    /* Asked often while a step runs; true ends it.  NULL asks nobody. */
    bool (*is_stopped)(void *state);
    void *state;
};

/* What the file says; texts are its own words, to be cleaned for a terminal. */
struct infer_facts {
    const char *architecture;
    const char *name;          /* or NULL */
    const char *chat_template; /* or NULL */
    uint64_t parameters;
    size_t layers;
    size_t vocabulary;
    size_t context_trained;
    size_t context;
    size_t threads;
    const char *kernels; /* which set is used */
};

struct infer_text {
    const char *bytes;
    size_t length;
    bool is_whole;     /* gets the begin and end tokens that the model wants */
    bool is_continued; /* follows text, so no space is put before it */
    bool is_trusted;   /* control tokens in it are such; never for what a
                          person types */
};

struct infer_sampling {
    double temperature;    /* 0: the likeliest token */
    uint32_t top_k;        /* 0: all */
    double top_p;          /* 1: all */
    double min_p;          /* 0: all */
    double repeat_penalty; /* 1: none */
    uint32_t repeat_last;  /* tokens that count as of late; with a bound */
    uint64_t seed;
};

/*
 * Opens the model in the file, which must not change while it is open; the
 * descriptor may be closed at once.  ERROR_UNPROCESSABLE names what is wrong
 * with the file.  The caller frees *out with infer_free.
 */
int infer_open(struct infer **out, int file,
               const struct infer_options *options, struct error *err);
void infer_free(struct infer *infer); /* NULL is allowed */

/* Borrowed; lives as long as infer. */
const struct infer_facts *infer_describe(const struct infer *infer);

/* The text's tokens, in the arena. */
int infer_encode(uint32_t **out, size_t *out_count, struct arena *arena,
                 const struct infer *infer, const struct infer_text *text,
                 struct error *err);

/*
 * Adds the bytes that a token stands for, which may end inside a character.
 * previous is the token before it or INFER_NO_TOKEN.
 */
void infer_decode(struct buffer *out, const struct infer *infer,
                  uint32_t previous, uint32_t token);

/* Whether the model says with this token that it is done. */
bool infer_is_end(const struct infer *infer, uint32_t token);

/*
 * Appends at least one token to the context; logits gets (vocabulary) floats
 * after the last one, and may be NULL.  ERROR_UNPROCESSABLE for a token that
 * the model does not have, or when the context is full; ERROR_INTERRUPTED when
 * stopped.
 */
int infer_step(float *logits, struct infer *infer, const uint32_t *tokens,
               size_t count, struct error *err);

/* The same, with (count, vocabulary) logits, after each token. */
int infer_step_each(float *logits, struct infer *infer, const uint32_t *tokens,
                    size_t count, struct error *err);

/* Tokens in the context; and going back to fewer. */
size_t infer_position(const struct infer *infer);
void infer_rewind(struct infer *infer, size_t position);

/* How infer_pick chooses from now on; at first the likeliest token. */
void infer_set_sampling(struct infer *infer,
                        const struct infer_sampling *sampling);

/* Chooses the next token; infer_step has still to append it. */
uint32_t infer_pick(struct infer *infer, const float *logits);

#endif
