/*
 * scan: what a file really is, by its bytes and never by its name.
 *
 * A registry of weights must not hand out programs that look like weights.
 * Safetensors and GGUF are held against their strict rules; what runs code
 * when it is loaded (pickle, Keras, ONNX with files outside, archives that hold
 * such) is told from what is only read.  Nothing is unpacked.
 */
#ifndef STORAGE_MODEL_SCAN_H
#define STORAGE_MODEL_SCAN_H

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

enum scan_format {
    SCAN_EMPTY,
    SCAN_SAFETENSORS,
    SCAN_GGUF,
    SCAN_PICKLE,
    SCAN_TORCH, /* a zip with a pickle in it */
    SCAN_ZIP,   /* any other zip */
    SCAN_NUMPY,
    SCAN_HDF5,
    SCAN_ONNX,
    SCAN_ARCHIVE, /* tar, 7z, rar, gzip, xz, bzip2, zstd: not looked into */
    SCAN_PROGRAM, /* ELF, PE, Mach-O, WebAssembly, Java class, Python bytecode
                   */
    SCAN_SCRIPT,  /* text that is a program: Python, shell, … */
    SCAN_JSON,
    SCAN_TEXT,
    SCAN_IMAGE,
    SCAN_OTHER,
};

enum scan_risk {
    SCAN_SAFE,   /* is only read */
    SCAN_CODE,   /* source that a person may read and run: marked */
    SCAN_UNSAFE, /* runs code by being loaded, or hides what it is: refused */
};

struct scan_result {
    enum scan_format format;
    enum scan_risk risk;
    const char *detail; /* one line: "pickle, protocol 2"; in the arena */
};

/*
 * path never makes a file safer: one that is called .safetensors or .gguf must
 * be one, and a text that is called .py is a program.  -1 when it cannot be
 * read, and with ERROR_UNPROCESSABLE when a safetensors or GGUF header breaks
 * its rules.
 */
int scan_file(struct scan_result *out, const struct source *source,
              const char *path, struct arena *arena, struct error *err);

/* "safetensors", "gguf", "pickle", …: as the catalogue keeps it.  Static. */
const char *scan_format_text(enum scan_format format);

#endif
