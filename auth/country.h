/*
 * country: the 249 entries of ISO 3166-1, for forms that ask for one.
 */
#ifndef AUTH_COUNTRY_H
#define AUTH_COUNTRY_H

#include <stddef.h>

struct country {
    const char *code; /* alpha-2, upper case: what is stored */
    const char *name; /* in English: what is shown */
};

/* The n-th by name; NULL past the last. */
const struct country *country_at(size_t n);

/* By code, in upper case; NULL when there is none. */
const struct country *country_find(const char *code);

#endif
