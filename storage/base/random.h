/*
 * random: unguessable bytes and names, from libsodium.
 *
 * Needs no seeding; the first call starts libsodium, from any thread.
 */
#ifndef STORAGE_BASE_RANDOM_H
#define STORAGE_BASE_RANDOM_H

#include <stddef.h>

#define RANDOM_ID_SIZE 25 /* 24 hexadecimal digits and a NUL */

void random_bytes(void *out, size_t length);

/* A public id: 24 lower-case hexadecimal digits. */
void random_id(char out[RANDOM_ID_SIZE]);

/* length letters and digits and a NUL: 5.95 bits each. */
void random_text(char *out, size_t length);

#endif
