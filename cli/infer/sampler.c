#include "cli/infer/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "storage/base/arena.h"

struct candidate {
    uint32_t token;
    float logit;
    double probability; /* of those that are left */
};

struct sampler {
    struct infer_sampling settings;
    size_t vocabulary;
    uint64_t random;
    struct candidate *candidates; /* owned, (vocabulary) */
    uint32_t *late;               /* owned, (repeat_last), a ring */
    size_t late_count;            /* of all that were added */
};

struct sampler *
sampler_open(const struct infer_sampling *settings, size_t vocabulary)
{
    struct sampler *sampler = xcalloc(1, sizeof(*sampler));

    sampler->settings = *settings;
    sampler->vocabulary = vocabulary;
    sampler->random = settings->seed;
    sampler->candidates = xcalloc(vocabulary, sizeof(struct candidate));
    sampler->late = xcalloc(settings->repeat_last, sizeof(uint32_t));
    return sampler;
}

void
sampler_free(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    free(sampler->candidates);
    free(sampler->late);
    free(sampler);
}

void
sampler_add(struct sampler *sampler, uint32_t token)
{
    size_t room = sampler->settings.repeat_last;

    if (room > 0)
        sampler->late[sampler->late_count++ % room] = token;
}

/* 64 random bits.  Source: Steele, Lea and Flood 2014, SplitMix. */
static uint64_t
next_random(struct sampler *sampler)
{
    uint64_t z = sampler->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From 0 up to 1, without 1. */
static double
next_fraction(struct sampler *sampler)
{
    return (double)(next_random(sampler) >> 11) * 0x1p-53;
}

/* All tokens; what is no number is as unlikely as can be. */
static void
list_candidates(struct sampler *sampler, const float *logits)
{
    for (size_t i = 0; i < sampler->vocabulary; i++) {
        float logit = isnan(logits[i]) ? -INFINITY : logits[i];

        sampler->candidates[i] = (struct candidate){(uint32_t)i, logit, 0};
    }
}

/* Once for each token, however often it came. */
static void
penalise(struct sampler *sampler, const float *logits)
{
    size_t room = sampler->settings.repeat_last;
    size_t count = sampler->late_count < room ? sampler->late_count : room;
    float penalty = (float)sampler->settings.repeat_penalty;

    for (size_t i = 0; i < count; i++) {
        uint32_t token = sampler->late[i];
        float logit = logits[token];

        if (isnan(logit))
            continue;
        sampler->candidates[token].logit =
            logit > 0 ? logit / penalty : logit * penalty;
    }
}

static bool
is_likelier(const struct candidate *a, const struct candidate *b)
{
    if (a->logit > b->logit)
        return true;
    return !(a->logit < b->logit) && a->token < b->token;
}

/* Keeps the heap below i, the least likely on top, a heap. */
static void
sift(struct candidate *heap, size_t n, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        struct candidate kept;

        if (child >= n)
            return;
        if (child + 1 < n && is_likelier(&heap[child], &heap[child + 1]))
            child++;
        if (!is_likelier(&heap[i], &heap[child]))
            return;
        kept = heap[i];
        heap[i] = heap[child];
        heap[child] = kept;
        i = child;
    }
}

/* The k likeliest of n to the front, the likeliest first. */
static void
sort_likeliest(struct candidate *candidates, size_t n, size_t k)
{
    for (size_t i = k / 2; i-- > 0;)
        sift(candidates, k, i);
    for (size_t i = k; i < n; i++)
        if (is_likelier(&candidates[i], &candidates[0])) {
            candidates[0] = candidates[i];
            sift(candidates, k, 0);
        }
    for (size_t i = k; i-- > 1;) {
        struct candidate least = candidates[0];

        candidates[0] = candidates[i];
        candidates[i] = least;
        sift(candidates, i, 0);
    }
}

/* Probabilities of the first n, which are sorted; returns their sum. */
static double
weigh(struct candidate *candidates, size_t n, double temperature)
{
    double most = (double)candidates[0].logit;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double below = (double)candidates[i].logit - most;

        /* An infinite logit is not below itself. */
        if (isnan(below))
            below = 0;
        candidates[i].probability = exp(below / temperature);
        sum += candidates[i].probability;
    }
    return sum;
}

/* How many of the first n make up top_p of them together. */
static size_t
cut_top_p(struct candidate *candidates, size_t n, double top_p)
{
    double wanted = top_p * weigh(candidates, n, 1);
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += candidates[i].probability;
        if (sum >= wanted)
            return i + 1;
    }
    return n;
}

/* How many of the first n are at least min_p as likely as the first. */
static size_t
cut_min_p(struct candidate *candidates, size_t n, double min_p)
{
    size_t left = 1;

    weigh(candidates, n, 1);
    while (left < n &&
           candidates[left].probability >= min_p * candidates[0].probability)
        left++;
    return left;
}

static uint32_t
draw(struct sampler *sampler, size_t n)
{
    struct candidate *candidates = sampler->candidates;
    double sum = weigh(candidates, n, sampler->settings.temperature);
    double at = next_fraction(sampler) * sum;

    for (size_t i = 0; i < n; i++) {
        at -= candidates[i].probability;
        if (at < 0)
            return candidates[i].token;
    }
    return candidates[0].token;
}

uint32_t
sampler_pick(struct sampler *sampler, const float *logits)
{
    const struct infer_sampling *settings = &sampler->settings;
    size_t n = sampler->vocabulary;

    list_candidates(sampler, logits);
    if (settings->repeat_penalty < 1 || settings->repeat_penalty > 1)
        penalise(sampler, logits);
    if (settings->temperature <= 0)
        n = 1;
    else if (settings->top_k > 0 && settings->top_k < n)
        n = settings->top_k;
    sort_likeliest(sampler->candidates, sampler->vocabulary, n);
    if (n == 1)
        return sampler->candidates[0].token;
    if (settings->top_p < 1)
        n = cut_top_p(sampler->candidates, n, settings->top_p);
    if (settings->min_p > 0)
        n = cut_min_p(sampler->candidates, n, settings->min_p);
    return draw(sampler, n);
}
