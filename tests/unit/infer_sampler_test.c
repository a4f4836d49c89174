#include "cli/infer/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tests/check.h"

#define VOCABULARY 5
#define DRAWS 20000

static const struct infer_sampling all = {
    .temperature = 1, .top_p = 1, .repeat_penalty = 1, .seed = 7};

/* ln of 0.4, 0.3, 0.2, 0.08, 0.02, in no order. */
static const float logits[VOCABULARY] = {-1.2039728F, -0.9162907F, -3.912023F,
                                         -1.6094379F, -2.5257286F};
static const double chances[VOCABULARY] = {0.3, 0.4, 0.02, 0.2, 0.08};

/* How often each token comes. */
static void
draw(double shares[VOCABULARY], const struct infer_sampling *sampling)
{
    struct sampler *sampler = sampler_open(sampling, VOCABULARY);

    memset(shares, 0, VOCABULARY * sizeof(double));
    for (int i = 0; i < DRAWS; i++)
        shares[sampler_pick(sampler, logits)] += 1.0 / DRAWS;
    sampler_free(sampler);
}

TEST(a_temperature_of_0_takes_the_likeliest)
{
    struct infer_sampling sampling = all;
    double shares[VOCABULARY];

    sampling.temperature = 0;
    draw(shares, &sampling);
    CHECK(shares[1] > 0.999);
}

TEST(each_token_comes_as_often_as_it_is_likely)
{
    double shares[VOCABULARY];
    bool is_right = true;

    draw(shares, &all);
    for (int i = 0; i < VOCABULARY; i++)
        is_right = is_right && fabs(shares[i] - chances[i]) < 0.02;
    CHECK(is_right);
}

TEST(a_low_temperature_favours_the_likely)
{
    struct infer_sampling sampling = all;
    double shares[VOCABULARY];

    sampling.temperature = 0.5; /* squares the chances: 0.16 of 0.2968 */
    draw(shares, &sampling);
    CHECK(fabs(shares[1] - 0.16 / 0.2968) < 0.02);
}

TEST(top_k_leaves_the_k_likeliest)
{
    struct infer_sampling sampling = all;
    double shares[VOCABULARY];

    sampling.top_k = 2;
    draw(shares, &sampling);
    CHECK(fabs(shares[1] - 0.4 / 0.7) < 0.02);
    CHECK(fabs(shares[0] - 0.3 / 0.7) < 0.02);
    CHECK(!(shares[3] > 0));
}

TEST(top_p_leaves_the_fewest_that_make_it_up)
{
    struct infer_sampling sampling = all;
    double shares[VOCABULARY];

    sampling.top_p = 0.75;
    draw(shares, &sampling);
    CHECK(shares[3] > 0.1 && !(shares[4] > 0) && !(shares[2] > 0));
}

TEST(min_p_leaves_those_near_the_likeliest)
{
    struct infer_sampling sampling = all;
    double shares[VOCABULARY];

    sampling.min_p = 0.45; /* of 0.4 */
    draw(shares, &sampling);
    CHECK(shares[3] > 0.1 && !(shares[4] > 0));
}

TEST(a_penalty_makes_tokens_of_late_less_likely)
{
    struct infer_sampling sampling = all;
    struct sampler *sampler;

    sampling.temperature = 0;
    sampling.repeat_penalty = 3;
    sampling.repeat_last = 2;
    sampler = sampler_open(&sampling, VOCABULARY);
    CHECK(sampler_pick(sampler, logits) == 1);
    sampler_add(sampler, 1);
    CHECK(sampler_pick(sampler, logits) == 0);
    sampler_add(sampler, 0);
    CHECK(sampler_pick(sampler, logits) == 3);
    sampler_add(sampler, 2); /* the 1 is two tokens ago: forgotten */
    CHECK(sampler_pick(sampler, logits) == 1);
    sampler_free(sampler);
}

TEST(one_seed_gives_one_sequence)
{
    struct sampler *one = sampler_open(&all, VOCABULARY);
    struct sampler *two = sampler_open(&all, VOCABULARY);
    struct infer_sampling other = all;
    struct sampler *three;
    int same = 0;

    other.seed = 8;
    three = sampler_open(&other, VOCABULARY);
    for (int i = 0; i < 100; i++) {
        uint32_t token = sampler_pick(one, logits);

        CHECK(token == sampler_pick(two, logits));
        same += token == sampler_pick(three, logits);
    }
    CHECK(same < 100);
    sampler_free(one);
    sampler_free(two);
    sampler_free(three);
}

TEST(logits_that_are_no_numbers_are_survived)
{
    static const float odd[][VOCABULARY] = {
        {NAN, NAN, NAN, NAN, NAN},
        {NAN, 1, NAN, NAN, NAN},
        {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY},
        {1, INFINITY, 2, INFINITY, NAN},
        {3e38F, -3e38F, 0, NAN, -INFINITY},
    };
    static const double temperatures[] = {0, 1e-300, 0.8, 1e6};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        for (size_t t = 0; t < 4; t++) {
            struct infer_sampling sampling = {.temperature = temperatures[t],
                                              .top_k = 3,
                                              .top_p = 0.9,
                                              .min_p = 0.1,
                                              .repeat_penalty = 1.1,
                                              .repeat_last = 2};
            struct sampler *sampler = sampler_open(&sampling, VOCABULARY);

            for (uint32_t n = 0; n < 20; n++) {
                CHECK(sampler_pick(sampler, odd[i]) < VOCABULARY);
                sampler_add(sampler, n % VOCABULARY);
            }
            sampler_free(sampler);
        }
}
