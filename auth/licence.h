/*
 * licence: texts that people agree to, by the SHA-256 of their bytes.
 *
 * A text that was added can be shown for ever, exactly as it was; the label
 * and the version are for people, and the first ones that came stay.
 */
#ifndef AUTH_LICENCE_H
#define AUTH_LICENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

#define LICENCE_LIMIT_BYTES ((size_t)512 * 1024)
#define LICENCE_LABEL_LIMIT 120 /* bytes, of a label or a version */

/* "sha256:", 64 hexadecimal digits and a NUL. */
#define LICENCE_NAME_SIZE 72

struct licence {
    struct digest digest; /* set by licence_add */
    const char *text;     /* NULL: none */
    size_t length;
    const char *label;    /* "Acme Research Licence" */
    const char *version;  /* "1.0"; may be "" */
    const char *language; /* "en" */
    int64_t added_by;     /* account; 0 for nobody */
};

/*
 * Keeps a text.  ERROR_BAD_REQUEST when it is empty, no UTF-8, or its label is
 * missing or too long; ERROR_TOO_LARGE over the limit.
 */
int licence_add(struct licence *licence, struct db *db, struct arena *arena,
                struct error *err);

/* With no such text out->text is NULL. */
int licence_find(struct licence *out, struct db *db, struct arena *arena,
                 const struct digest *digest, struct error *err);

/* "sha256:51ab3c…": how a licence is named in JSON, forms and commands. */
void licence_write_name(char out[LICENCE_NAME_SIZE],
                        const struct digest *digest);
/* Reads it, with or without "sha256:"; false when it is neither. */
bool licence_parse_name(struct digest *out, const char *text);

#endif
