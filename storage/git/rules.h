/*
 * rules: .gitattributes and .gitignore, as far as a registry needs them.
 *
 * Of attributes only which files are kept as weights ("filter=lfs"); of
 * ignored files all of git's rules: '!', folders, anchors, "**".  The last
 * rule that fits decides.  Matching is bounded, whatever the pattern.
 */
#ifndef STORAGE_GIT_RULES_H
#define STORAGE_GIT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"

#define RULES_FILE_LIMIT_BYTES                                                 \
    ((size_t)256 * 1024) /* more of a file is not read */
#define RULES_LIMIT 4096
/* About a second; 100,000 paths and the Hub's own list take half of it. */
#define RULES_STEPS 400000000

struct rule {
    const char *pattern; /* without '!', and without '/' at either end */
    bool is_negated;
    bool is_folder;   /* fits folders alone */
    bool is_anchored; /* fits the whole path, else the name at any depth */
};

struct rules {
    const struct rule *rules;
    size_t count;
    int64_t steps_left; /* of matching, over all paths that are asked about */
};

/* Lines of a .gitignore.  Lives in the arena; malformed lines fit nothing. */
void rules_parse_ignore(struct rules *out, struct arena *arena,
                        const char *bytes, size_t length);

/* Lines of a .gitattributes that set or unset filter=lfs. */
void rules_parse_weights(struct rules *out, struct arena *arena,
                         const char *bytes, size_t length);

/*
 * Whether the rules ignore the file, or a folder that it is in.  Matching a
 * path takes a bounded number of steps, and all paths together RULES_STEPS:
 * behind it nothing fits.
 */
bool rules_is_ignored(struct rules *rules, const char *path);

/* Whether the rules make weights of the file, by its name.  The same bounds. */
bool rules_is_weights(struct rules *rules, const char *path);

/* The .gitattributes of a new repository.  Static. */
const char *rules_default(void);

#endif
