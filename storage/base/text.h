/*
 * text: what names, paths and texts from outside may look like.
 *
 * One set of rules for the registry, which refuses to store what breaks them,
 * and for the tool, which refuses to write what breaks them to a disk.
 */
#ifndef STORAGE_BASE_TEXT_H
#define STORAGE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

#define TEXT_NAME_LIMIT 96     /* characters in namespace or name */
#define TEXT_PATH_LIMIT 1024   /* bytes in a path inside a repository */
#define TEXT_SEGMENT_LIMIT 255 /* bytes between two slashes */

/* Valid UTF-8 without NUL: no overlong forms, no surrogates. */
bool text_is_utf8(const char *text, size_t length);

/*
 * A namespace or a repository's name: letters, digits, '-', '_' and '.', at
 * most 96, no "--" or "..", not beginning or ending in '-' or '.', not ending
 * in ".git" or ".lock".  ERROR_BAD_REQUEST says which rule.  Source: the
 * Hub's client, huggingface_hub utils/_validators.py.
 */
int text_check_name(const char *name, struct error *err);

/*
 * A file's path inside a repository: UTF-8, '/' between segments, none of
 * them empty, ".", "..", ".git" as any disk may read it, ending in '.' or ' ',
 * or over 255 bytes; no backslash, no colon (a drive or a file's second stream
 * to some), no control character, at most 1,024 bytes.  ERROR_UNPROCESSABLE
 * says which rule.
 */
int text_check_path(const char *path, struct error *err);

/* Percent-decodes; NULL for a malformed escape or one of NUL. */
char *text_percent_read(struct arena *arena, const char *text, size_t length);

/* Percent-encodes all but letters, digits and "-._~"; keep lists more. */
char *text_percent_write(struct arena *arena, const char *text,
                         const char *keep);

/*
 * Copies, with every control character (C0, DEL, C1) shown as '?', but for
 * newline and tab; text_line shows these so too, for a message of one line.
 */
char *text_printable(struct arena *arena, const char *text);
char *text_line(struct arena *arena, const char *text);

/*
 * In Unicode's composed form with case folded and without what is not shown:
 * equal for two texts that some file system takes for one name.  Other text
 * than UTF-8 comes back as it is.
 */
char *text_fold(struct arena *arena, const char *text);

/*
 * Orders paths as if '/' came before every other byte, so that what lies in a
 * folder stays together, right behind a file of the folder's name.
 */
int text_compare_paths(const char *a, const char *b);

/* Nothing that shows: spaces, line breaks and what has no width. */
bool text_is_blank(const char *text);

/* Equal without regard to the case of ASCII letters. */
bool text_is_same_name(const char *a, const char *b);

#endif
