/*
 * sampler: which token comes next, from the logits of all.
 *
 * First tokens of late are made less likely, then the candidates are cut down
 * (top-k, top-p, min-p), then the temperature is applied and one is drawn.  A
 * temperature of 0 takes the likeliest.  The order and the meaning of the
 * numbers are llama.cpp's; the penalty is of Keskar et al. 2019,
 * arXiv:1909.05858.  Logits may be anything, also no numbers.
 */
#ifndef CLI_INFER_SAMPLER_H
#define CLI_INFER_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "cli/infer/infer.h"

struct sampler;

/* The caller frees what it returns with sampler_free. */
struct sampler *sampler_open(const struct infer_sampling *settings,
                             size_t vocabulary);
void sampler_free(struct sampler *sampler); /* NULL is allowed */

/* Notes a token as one of late. */
void sampler_add(struct sampler *sampler, uint32_t token);

/* Picks from (vocabulary) logits; the caller adds what it takes. */
uint32_t sampler_pick(struct sampler *sampler, const float *logits);

#endif
