#include "storage/base/tar.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/file.h"

/* Fields of a header: POSIX.1-1988, ustar. */
enum {
    MODE_AT = 100,
    SIZE_AT = 124,
    SIZE_LENGTH = 12,
    TIME_AT = 136,
    SUM_AT = 148,
    SUM_LENGTH = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
};

/* Eleven octal digits. */
#define OCTAL_LIMIT UINT64_C(077777777777)
#define SIZE_LIMIT (UINT64_C(1) << 62)

static unsigned
sum_of(const uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i - SUM_AT < SUM_LENGTH ? ' ' : block[i];
    return sum;
}

void
tar_write_header(uint8_t out[TAR_BLOCK], const struct tar_entry *entry)
{
    static const char magic[] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
    char *text = (char *)out;

    memset(out, 0, TAR_BLOCK);
    snprintf(text, TAR_NAME_SIZE, "%s", entry->name);
    memcpy(text + MODE_AT,
           "0000600\0"
           "0000000\0"
           "0000000",
           24);
    memcpy(text + TIME_AT, "00000000000", 12);
    if (entry->size_bytes <= OCTAL_LIMIT) {
        snprintf(text + SIZE_AT, SIZE_LENGTH, "%011llo",
                 (unsigned long long)entry->size_bytes);
    } else {
        out[SIZE_AT] = 0x80; /* GNU's and star's binary form */
        for (size_t i = 0; i < 8; i++)
            out[SIZE_AT + 4 + i] = (uint8_t)(entry->size_bytes >> (56 - 8 * i));
    }
    text[TYPE_AT] = '0';
    memcpy(text + MAGIC_AT, magic, sizeof(magic));
    snprintf(text + SUM_AT, SUM_LENGTH - 1, "%06o", sum_of(out));
    text[SUM_AT + 7] = ' ';
}

/* Octal digits up to a NUL or a blank. */
static bool
read_octal(uint64_t *out, const uint8_t *at, size_t length)
{
    size_t i = 0;

    *out = 0;
    for (; i < length && at[i] >= '0' && at[i] <= '7'; i++)
        *out = *out * 8 + (uint64_t)(at[i] - '0');
    return i > 0 && i < length && (at[i] == '\0' || at[i] == ' ');
}

static bool
read_size(uint64_t *out, const uint8_t *at)
{
    if (at[0] != 0x80)
        return read_octal(out, at, SIZE_LENGTH);
    *out = 0;
    if (at[1] != 0 || at[2] != 0 || at[3] != 0)
        return false;
    for (size_t i = 4; i < SIZE_LENGTH; i++)
        *out = *out << 8 | at[i];
    return *out > OCTAL_LIMIT && *out < SIZE_LIMIT;
}

/* Letters, digits and ._-, in segments that no dot begins. */
static bool
is_plain_name(const char *name)
{
    char before = '/';

    for (; *name != '\0'; before = *name++) {
        bool is_word = (*name >= '0' && *name <= '9') ||
                       (*name >= 'a' && *name <= 'z') ||
                       (*name >= 'A' && *name <= 'Z');

        if (!is_word && (before == '/' || strchr("/._-", *name) == NULL))
            return false;
    }
    return before != '/';
}

int
tar_parse_header(struct tar_entry *out, const uint8_t block[TAR_BLOCK],
                 struct error *err)
{
    static const uint8_t nothing[TAR_BLOCK];
    uint64_t sum;

    *out = (struct tar_entry){0};
    if (memcmp(block, nothing, TAR_BLOCK) == 0)
        return 0;
    if (memcmp(block + MAGIC_AT,
               "ustar\0"
               "00",
               8) != 0 ||
        !read_octal(&sum, block + SUM_AT, SUM_LENGTH) || sum != sum_of(block))
        return error_set(err, ERROR_BAD_REQUEST, "not an archive, or damaged");
    if (memchr(block, '\0', TAR_NAME_SIZE) == NULL ||
        !is_plain_name((const char *)block) || block[TYPE_AT] != '0' ||
        block[PREFIX_AT] != '\0' ||
        !read_size(&out->size_bytes, block + SIZE_AT))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the archive holds what no backup does");
    memcpy(out->name, block, TAR_NAME_SIZE);
    return 0;
}

static uint64_t
padding_of(uint64_t size)
{
    return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

int
tar_begin(struct tar_writer *writer, const char *name, uint64_t size_bytes,
          struct error *err)
{
    struct tar_entry entry = {.size_bytes = size_bytes};
    uint8_t block[TAR_BLOCK];

    assert(writer->left == 0 && strlen(name) < TAR_NAME_SIZE);
    snprintf(entry.name, sizeof(entry.name), "%s", name);
    tar_write_header(block, &entry);
    writer->left = size_bytes;
    writer->padding = padding_of(size_bytes);
    return file_write_all(writer->fd, block, TAR_BLOCK, err);
}

int
tar_add(struct tar_writer *writer, const void *bytes, size_t length,
        struct error *err)
{
    static const uint8_t nothing[TAR_BLOCK];

    assert(length <= writer->left);
    if (file_write_all(writer->fd, bytes, length, err) < 0)
        return -1;
    writer->left -= length;
    if (writer->left > 0)
        return 0;
    length = (size_t)writer->padding;
    writer->padding = 0;
    return file_write_all(writer->fd, nothing, length, err);
}

int
tar_finish(struct tar_writer *writer, struct error *err)
{
    static const uint8_t nothing[2 * TAR_BLOCK];

    assert(writer->left == 0);
    return file_write_all(writer->fd, nothing, sizeof(nothing), err);
}

/* Fills all of length bytes. */
static int
read_all(int fd, void *out, size_t length, struct error *err)
{
    char *at = out;

    while (length > 0) {
        ssize_t n = read(fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(err, "read of the archive");
        if (n == 0)
            return error_set(err, ERROR_BAD_REQUEST,
                             "the archive is cut short");
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

static int
pass_over(struct tar_reader *reader, struct error *err)
{
    uint8_t buffer[65536];
    uint64_t left = reader->left + reader->padding;

    while (left > 0) {
        size_t length = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);

        if (read_all(reader->fd, buffer, length, err) < 0)
            return -1;
        left -= length;
    }
    return 0;
}

int
tar_next(struct tar_reader *reader, struct error *err)
{
    uint8_t block[TAR_BLOCK];

    if (pass_over(reader, err) < 0 ||
        read_all(reader->fd, block, TAR_BLOCK, err) < 0 ||
        tar_parse_header(&reader->entry, block, err) < 0)
        return -1;
    reader->left = reader->entry.size_bytes;
    reader->padding = padding_of(reader->left);
    return 0;
}

int
tar_read(size_t *out_length, struct tar_reader *reader, void *out,
         size_t length, struct error *err)
{
    if (length > reader->left)
        length = (size_t)reader->left;
    *out_length = length;
    if (read_all(reader->fd, out, length, err) < 0)
        return -1;
    reader->left -= length;
    return 0;
}
