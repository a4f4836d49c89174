/*
 * merge: joins the characters of a text into tokens, best score first.
 *
 * The characters are a linked list in the order of the text; the candidates
 * are a heap.  n characters take n log n steps.
 */
#ifndef CLI_INFER_MERGE_H
#define CLI_INFER_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/infer/vocabulary.h"
#include "storage/base/arena.h"

struct merge_symbol {
    const char *text;
    uint32_t length;   /* 0 when it was joined to the one before */
    uint32_t previous; /* index, or MERGE_END */
    uint32_t next;
};

#define MERGE_END UINT32_MAX

/*
 * Cuts length bytes of text into characters and joins them.  Gives the first
 * symbol of a list in the arena; NULL for an empty text.
 */
struct merge_symbol *merge_text(struct arena *arena,
                                const struct vocabulary *vocabulary,
                                const char *text, size_t length);

/* The token that may stand for a part of a text, or VOCABULARY_NONE: not a
 * control token, nor the ones for unknown characters and single bytes. */
uint32_t merge_find(const struct vocabulary *vocabulary, const char *text,
                    size_t length);

#endif
