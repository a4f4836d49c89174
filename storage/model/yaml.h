/*
 * yaml: YAML from strangers into JSON, by the core schema of YAML 1.2.
 *
 * Only plain scalars are null, true, false or numbers; everything else is
 * text.  Aliases are expanded and counted as what they expand to, so that none
 * can grow without end.  Used by card.
 */
#ifndef STORAGE_MODEL_YAML_H
#define STORAGE_MODEL_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

struct yaml_limits {
    int depth;
    size_t nodes; /* with every alias expanded */
};

/*
 * The one document in bytes; JSON null when there is none.  *out lives as long
 * as the arena.  ERROR_UNPROCESSABLE with line and column when it is malformed,
 * has two documents, two equal keys, keys that are no scalars, tags outside of
 * the core schema, NUL, or is over a limit.
 */
int yaml_read(json_t **out, struct arena *arena, const char *bytes,
              size_t length, const struct yaml_limits *limits,
              struct error *err);

#endif
