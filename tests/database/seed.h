/*
 * seed: rows that a test needs before it begins, in the database made last.
 *
 * What fails here ends the test program.
 */
#ifndef TESTS_DATABASE_SEED_H
#define TESTS_DATABASE_SEED_H

#include <stdint.h>

/* Runs SQL; the first column of the first row as a number, 0 for none. */
int64_t seed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, as text, until the next call; "" for none. */
const char *seed_text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A person NAME with the verified address NAME@example.org. */
int64_t seed_account(const char *name);
int64_t seed_organization(const char *name);
int64_t seed_member(int64_t organization, int64_t account, const char *role);

/* A public model, made by its namespace's account. */
int64_t seed_model(int64_t namespace_id, const char *name);

#endif
