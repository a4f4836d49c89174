/*
 * agreement: a person's signed statement that they agree to a licence.
 *
 * The file is a DSSE envelope whose payload, JSON, names the licence by the
 * digest of its text.  Whoever made it keeps its bytes: nobody writes an
 * agreement again, all read the one that was signed.  A person at a browser
 * has no key; then the registry signs for them and the payload says so.
 */
#ifndef AUTH_KEY_AGREEMENT_H
#define AUTH_KEY_AGREEMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define AGREEMENT_TYPE "application/vnd.weighhouse.agreement+json"
#define AGREEMENT_LIMIT_BYTES (256u << 10)
#define AGREEMENT_ANSWERS_LIMIT 100

enum agreement_way {
    AGREEMENT_TERMINAL, /* typed at a prompt, after the text was shown */
    AGREEMENT_PAGE,     /* ticked in a browser; signed by the registry */
    AGREEMENT_FLAG,     /* --agree sha256:HEX, by a script */
};

struct agreement {
    const char *registry; /* base URL */
    const char *account;
    const char *model;    /* "acme/tiny" */
    const char *revision; /* commit, 40 hexadecimal digits */
    struct digest licence;
    int64_t licence_bytes;
    const char *licence_label; /* as it was shown: "Acme Licence 1.0" */
    json_t *answers;           /* question to text, in the form's order */
    enum agreement_way way;
    const char *phrase;  /* the words typed or ticked: "I agree" */
    const char *shown;   /* what was shown: "whole text in a pager" */
    int64_t shown_ms;    /* how long; 0 when nobody knows */
    const char *session; /* AGREEMENT_PAGE: the session's public id, or "" */
    int64_t at_ms;
    struct digest key; /* fingerprint of who signed; set by agreement_make */
};

/* The envelope's text, signed by key.  agreement->answers is borrowed. */
int agreement_make(char **out, size_t *out_length, struct arena *arena,
                   const struct agreement *agreement, const struct key *key,
                   struct error *err);

/*
 * Reads without checking the signature, so that the key can be looked up.
 * ERROR_BAD_REQUEST says what is wrong with it.
 */
int agreement_parse(struct agreement *out, struct arena *arena,
                    const char *bytes, size_t length, struct error *err);

/* The same, and ERROR_SIGNATURE unless key signed it. */
int agreement_verify(struct agreement *out, struct arena *arena,
                     const char *bytes, size_t length, const struct key *key,
                     struct error *err);

/* "terminal", "page", "flag".  Static. */
const char *agreement_way_text(enum agreement_way way);

#endif
