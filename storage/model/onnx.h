/*
 * onnx: whether bytes are an ONNX model, and where it wants to read from.
 *
 * ONNX is a protobuf message without a magic number: it is known by the fields
 * of its outermost message, which must fill the file.  Tensors may lie in other
 * files; a name that leaves the model's folder makes the loader read what it
 * should not.  Used by scan.
 */
#ifndef STORAGE_MODEL_ONNX_H
#define STORAGE_MODEL_ONNX_H

#include <stdbool.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

struct onnx {
    bool is_onnx;
    bool has_files;      /* tensors lie in other files */
    const char *outside; /* the first name that text_check_path refuses */
};

/* -1 only when the source cannot be read. */
int onnx_check(struct onnx *out, struct arena *arena,
               const struct source *source, struct error *err);

#endif
