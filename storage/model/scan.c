#include "storage/model/scan.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "storage/base/text.h"
#include "storage/model/gguf.h"
#include "storage/model/onnx.h"
#include "storage/model/pickle.h"
#include "storage/model/safetensors.h"
#include "storage/model/zip.h"

#define HEAD_BYTES 65536
#define HDF5_HEAD "\x89HDF\r\n\x1a\n"
#define HDF5_BYTES 8

static const char *const formats[] = {
    [SCAN_EMPTY] = "empty",     [SCAN_SAFETENSORS] = "safetensors",
    [SCAN_GGUF] = "gguf",       [SCAN_PICKLE] = "pickle",
    [SCAN_TORCH] = "torch",     [SCAN_ZIP] = "zip",
    [SCAN_NUMPY] = "numpy",     [SCAN_HDF5] = "hdf5",
    [SCAN_ONNX] = "onnx",       [SCAN_ARCHIVE] = "archive",
    [SCAN_PROGRAM] = "program", [SCAN_SCRIPT] = "script",
    [SCAN_JSON] = "json",       [SCAN_TEXT] = "text",
    [SCAN_IMAGE] = "image",     [SCAN_OTHER] = "other",
};

/* What the first bytes tell alone. */
static const struct magic {
    size_t offset;
    const char *bytes;
    size_t length;
    enum scan_format format;
    const char *detail;
} magics[] = {
    {0,
     "\x7f"
     "ELF",
     4, SCAN_PROGRAM, "an ELF program"},
    {0, "\xfe\xed\xfa\xce", 4, SCAN_PROGRAM, "a Mach-O program"},
    {0, "\xfe\xed\xfa\xcf", 4, SCAN_PROGRAM, "a Mach-O program"},
    {0, "\xce\xfa\xed\xfe", 4, SCAN_PROGRAM, "a Mach-O program"},
    {0, "\xcf\xfa\xed\xfe", 4, SCAN_PROGRAM, "a Mach-O program"},
    {0, "\xca\xfe\xba\xbe", 4, SCAN_PROGRAM, "Java or Mach-O programs"},
    {0, "\0asm", 4, SCAN_PROGRAM, "a WebAssembly program"},
    {0, "BC\xc0\xde", 4, SCAN_PROGRAM, "LLVM bitcode"},
    {0, HDF5_HEAD, HDF5_BYTES, SCAN_HDF5, "HDF5, which may hold Keras code"},
    {0, "7z\xbc\xaf\x27\x1c", 6, SCAN_ARCHIVE, "a 7z archive"},
    {0, "Rar!\x1a\x07", 6, SCAN_ARCHIVE, "a RAR archive"},
    {0, "\x1f\x8b", 2, SCAN_ARCHIVE, "gzip"},
    {0,
     "\xfd"
     "7zXZ\0",
     6, SCAN_ARCHIVE, "xz"},
    {4, "1AY&SY", 6, SCAN_ARCHIVE, "bzip2"},
    {0, "\x28\xb5\x2f\xfd", 4, SCAN_ARCHIVE, "zstd"},
    {0, "\x04\x22\x4d\x18", 4, SCAN_ARCHIVE, "lz4"},
    {0, "!<arch>\n", 8, SCAN_ARCHIVE, "an ar archive"},
    {257, "ustar", 5, SCAN_ARCHIVE, "a tar archive"},
    {0, "\x93NUMPY", 6, SCAN_NUMPY, "a NumPy array"},
    {0, "\x89PNG\r\n\x1a\n", 8, SCAN_IMAGE, "a PNG image"},
    {0, "\xff\xd8\xff", 3, SCAN_IMAGE, "a JPEG image"},
    {0, "GIF87a", 6, SCAN_IMAGE, "a GIF image"},
    {0, "GIF89a", 6, SCAN_IMAGE, "a GIF image"},
    {8, "WEBP", 4, SCAN_IMAGE, "a WebP image"},
};

/* Texts that are programs, by the end of their names. */
static const char *const script_ends[] = {
    ".py",  ".pyi", ".pyw", ".sh",  ".bash",  ".zsh", ".bat",
    ".cmd", ".ps1", ".js",  ".mjs", ".cjs",   ".ts",  ".rb",
    ".pl",  ".php", ".lua", ".r",   ".ipynb",
};

struct scan {
    struct scan_result *out;
    const struct source *source;
    const char *path;
    struct arena *arena;
    const uint8_t *head;
    size_t length; /* of head */
};

/* Looks for one family; *found tells whether scan->out is filled. */
typedef int (*probe)(bool *found, struct scan *scan, struct error *err);

static bool
has_end(const char *path, const char *end)
{
    size_t length = strlen(path);
    size_t n = strlen(end);

    return length >= n && strcasecmp(path + length - n, end) == 0;
}

static int
decide(bool *found, struct scan *scan, enum scan_format format,
       enum scan_risk risk, const char *detail)
{
    *found = true;
    *scan->out = (struct scan_result){format, risk, detail};
    return 0;
}

/* ERROR_UNPROCESSABLE with the path in front. */
static int
refuse(const struct scan *scan, const char *why, struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE, "%s: %s",
                     text_line(scan->arena, scan->path), why);
}

/* A length that fits the file, and the brace that follows it. */
static bool
begins_as_safetensors(const struct scan *scan)
{
    uint64_t length = 0;

    if (scan->length < 10 || scan->head[8] != '{')
        return false;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | scan->head[i];
    return length >= 2 && length <= scan->source->size_bytes - 8;
}

static int
probe_safetensors(bool *found, struct scan *scan, struct error *err)
{
    bool is_called = has_end(scan->path, ".safetensors");
    struct safetensors header;
    struct error inner;

    if (!is_called && !begins_as_safetensors(scan))
        return 0;
    if (safetensors_read(&header, scan->source, scan->arena, &inner) == 0)
        return decide(found, scan, SCAN_SAFETENSORS, SCAN_SAFE,
                      arena_format(scan->arena, "safetensors, %zu tensors",
                                   header.count));
    if (inner.code != ERROR_UNPROCESSABLE) {
        *err = inner;
        return -1;
    }
    return is_called ? refuse(scan, inner.message, err) : 0;
}

static int
probe_gguf(bool *found, struct scan *scan, struct error *err)
{
    struct gguf gguf;
    struct error inner;

    if (scan->length < 4 || memcmp(scan->head, "GGUF", 4) != 0) {
        if (has_end(scan->path, ".gguf"))
            return refuse(scan, "not a GGUF file", err);
        return 0;
    }
    if (gguf_parse(&gguf, scan->arena, scan->source, &inner) == 0 &&
        gguf_check(&gguf, scan->source, &inner) == 0)
        return decide(found, scan, SCAN_GGUF, SCAN_SAFE,
                      arena_format(scan->arena, "GGUF version %u, %zu tensors",
                                   (unsigned)gguf.version, gguf.tensor_count));
    if (inner.code == ERROR_UNPROCESSABLE)
        return refuse(scan, inner.message, err);
    *err = inner;
    return -1;
}

/* Whether all of head is UTF-8 without what no text has. */
static bool
is_text(const struct scan *scan)
{
    size_t length = scan->length;

    for (size_t i = 0; i < length; i++)
        if (scan->head[i] == '\0' ||
            (scan->head[i] < 0x20 &&
             strchr("\t\n\r\f\x1b", scan->head[i]) == NULL))
            return false;
    /* The head may end inside of a character. */
    for (int cut = 0; cut < 4 && length > 0; cut++, length--)
        if (text_is_utf8((const char *)scan->head, length))
            return cut == 0 || scan->length == HEAD_BYTES;
    return false;
}

/* An array of objects is a pickle; "descr" tells what is in it. */
static int
probe_numpy(bool *found, struct scan *scan, struct error *err)
{
    const char *head = (const char *)scan->head;
    size_t length = scan->length < 4096 ? scan->length : 4096;
    const char *at = memmem(head, length, "descr", 5);
    const char *end = memmem(head, length, "fortran_order", 13);

    (void)err;
    if (at == NULL || end == NULL || end < at)
        return decide(found, scan, SCAN_NUMPY, SCAN_UNSAFE,
                      "a NumPy array of unknown type");
    for (; at < end; at++)
        if ((*at == '\'' || *at == '|' || *at == '<' || *at == '>' ||
             *at == '=') &&
            at[1] == 'O')
            return decide(found, scan, SCAN_NUMPY, SCAN_UNSAFE,
                          "a NumPy array of objects, which is a pickle");
    return decide(found, scan, SCAN_NUMPY, SCAN_SAFE, "a NumPy array");
}

static const struct magic *
find_magic(const struct scan *scan)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *magic = &magics[i];

        if (scan->length >= magic->offset + magic->length &&
            memcmp(scan->head + magic->offset, magic->bytes, magic->length) ==
                0)
            return magic;
    }
    return NULL;
}

static bool
is_harmless(enum scan_format format)
{
    return format == SCAN_IMAGE || format == SCAN_NUMPY;
}

static int
probe_program(bool *found, struct scan *scan, struct error *err)
{
    const struct magic *magic = find_magic(scan);

    (void)err;
    if (magic != NULL && !is_harmless(magic->format))
        return decide(found, scan, magic->format, SCAN_UNSAFE, magic->detail);
    if (scan->length > 64 && memcmp(scan->head, "MZ", 2) == 0 && !is_text(scan))
        return decide(found, scan, SCAN_PROGRAM, SCAN_UNSAFE,
                      "a DOS or Windows program");
    /* Python bytecode: a number of 3.x, then \r\n. */
    if (scan->length > 16 && scan->head[2] == '\r' && scan->head[3] == '\n' &&
        scan->head[1] >= 0x0b && scan->head[1] <= 0x0f && !is_text(scan))
        return decide(found, scan, SCAN_PROGRAM, SCAN_UNSAFE,
                      "Python bytecode");
    return 0;
}

static int
probe_harmless(bool *found, struct scan *scan, struct error *err)
{
    const struct magic *magic = find_magic(scan);

    if (magic == NULL || !is_harmless(magic->format))
        return 0;
    if (magic->format == SCAN_NUMPY)
        return probe_numpy(found, scan, err);
    return decide(found, scan, magic->format, SCAN_SAFE, magic->detail);
}

static int
probe_pickle(bool *found, struct scan *scan, struct error *err)
{
    struct pickle pickle;

    if (pickle_check(&pickle, scan->arena, scan->source, err) < 0)
        return -1;
    if (!pickle.is_pickle)
        return 0;
    return decide(found, scan, SCAN_PICKLE, SCAN_UNSAFE,
                  arena_format(scan->arena, "a pickle of protocol %d%s%s",
                               pickle.protocol,
                               pickle.global != NULL ? ", calls " : "",
                               pickle.global != NULL
                                   ? text_line(scan->arena, pickle.global)
                                   : ""));
}

static int
probe_zip(bool *found, struct scan *scan, struct error *err)
{
    struct arena *arena = scan->arena;
    struct zip zip;

    if (zip_check(&zip, arena, scan->source, err) < 0)
        return -1;
    if (!zip.is_zip)
        return 0;
    if (zip.is_torch)
        return decide(found, scan, SCAN_TORCH, SCAN_UNSAFE,
                      arena_format(arena, "a zip with a pickle, %s", zip.code));
    if (zip.code != NULL)
        return decide(found, scan, SCAN_ZIP, SCAN_UNSAFE,
                      arena_format(arena, "a zip with %s", zip.code));
    if (zip.is_odd)
        return decide(found, scan, SCAN_ZIP, SCAN_UNSAFE,
                      "a zip that readers may read in different ways");
    return decide(found, scan, SCAN_ZIP, SCAN_SAFE,
                  arena_format(arena, "a zip of %zu files", zip.count));
}

static int
probe_text(bool *found, struct scan *scan, struct error *err)
{
    const char *head = (const char *)scan->head;
    size_t blanks = 0;

    (void)err;
    if (!is_text(scan))
        return 0;
    if (scan->length > 2 && memcmp(head, "#!", 2) == 0)
        return decide(found, scan, SCAN_SCRIPT, SCAN_CODE, "a script");
    for (size_t i = 0; i < sizeof(script_ends) / sizeof(script_ends[0]); i++)
        if (has_end(scan->path, script_ends[i]))
            return decide(
                found, scan, SCAN_SCRIPT, SCAN_CODE,
                arena_format(scan->arena, "source code, %s", script_ends[i]));
    while (blanks < scan->length && strchr(" \t\r\n", head[blanks]) != NULL)
        blanks++;
    if (blanks < scan->length && (head[blanks] == '{' || head[blanks] == '['))
        return decide(found, scan, SCAN_JSON, SCAN_SAFE, "JSON");
    return decide(found, scan, SCAN_TEXT, SCAN_SAFE, "text");
}

/* HDF5 may begin at any power of two from 512 on. */
static int
probe_hdf5(bool *found, struct scan *scan, struct error *err)
{
    for (uint64_t at = 512; at + HDF5_BYTES <= scan->source->size_bytes;
         at *= 2) {
        uint8_t bytes[HDF5_BYTES];

        if (source_read(scan->source, bytes, at, sizeof(bytes), err) < 0)
            return -1;
        if (memcmp(bytes, HDF5_HEAD, HDF5_BYTES) == 0)
            return decide(found, scan, SCAN_HDF5, SCAN_UNSAFE,
                          "HDF5 behind other bytes");
    }
    return 0;
}

static int
probe_onnx(bool *found, struct scan *scan, struct error *err)
{
    struct onnx onnx;

    if (onnx_check(&onnx, scan->arena, scan->source, err) < 0)
        return -1;
    if (!onnx.is_onnx)
        return 0;
    if (onnx.outside != NULL)
        return decide(found, scan, SCAN_ONNX, SCAN_UNSAFE,
                      arena_format(scan->arena,
                                   "ONNX that reads a file elsewhere: %.200s",
                                   onnx.outside));
    return decide(found, scan, SCAN_ONNX, SCAN_SAFE,
                  onnx.has_files ? "ONNX with tensors in other files" : "ONNX");
}

/* joblib and others pack pickles by zlib, which has a checksum for a magic. */
static int
probe_zlib(bool *found, struct scan *scan, struct error *err)
{
    (void)err;
    if (scan->length > 2 && scan->head[0] == 0x78 &&
        (scan->head[0] << 8 | scan->head[1]) % 31 == 0)
        return decide(found, scan, SCAN_ARCHIVE, SCAN_UNSAFE, "zlib");
    return 0;
}

/*
 * In this order: what is held to strict rules, what runs, and only then what
 * is known by its beginning, since a picture may be a zip or a pickle as well.
 */
static const probe probes[] = {
    probe_safetensors, probe_gguf,     probe_zip,  probe_program, probe_pickle,
    probe_hdf5,        probe_harmless, probe_text, probe_onnx,    probe_zlib,
};

int
scan_file(struct scan_result *out, const struct source *source,
          const char *path, struct arena *arena, struct error *err)
{
    struct scan scan = {
        .out = out, .source = source, .path = path, .arena = arena};
    bool found = false;
    uint8_t *head;

    scan.length = source->size_bytes < HEAD_BYTES ? (size_t)source->size_bytes
                                                  : HEAD_BYTES;
    scan.head = head = arena_alloc(arena, scan.length);
    if (source_read(source, head, 0, scan.length, err) < 0)
        return -1;
    *out = (struct scan_result){SCAN_EMPTY, SCAN_SAFE, "empty"};
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]) && !found; i++)
        if ((source->size_bytes > 0 || i < 2) &&
            probes[i](&found, &scan, err) < 0)
            return -1;
    if (!found && source->size_bytes > 0)
        decide(&found, &scan, SCAN_OTHER, SCAN_SAFE, "unknown");
    return 0;
}

const char *
scan_format_text(enum scan_format format)
{
    return formats[format];
}
