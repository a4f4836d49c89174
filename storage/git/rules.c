#include "storage/git/rules.h"

#include <string.h>

/*
 * Steps that matching one path may take, over all rules: who writes hostile
 * patterns gets files that are not ignored, and nobody waits.  A commit may
 * ask about 100,000 paths, so there is a bound for all of them too.
 */
#define STEPS_LIMIT 200000

#define LFS " filter=lfs diff=lfs merge=lfs -text\n"

/* The Hub's own list for new repositories. */
static const char default_attributes[] =
    "*.7z" LFS "*.arrow" LFS "*.bin" LFS "*.bz2" LFS "*.ckpt" LFS "*.ftz" LFS
    "*.gguf" LFS "*.gz" LFS "*.h5" LFS "*.joblib" LFS "*.lfs.*" LFS
    "*.mlmodel" LFS "*.model" LFS "*.msgpack" LFS "*.npy" LFS "*.npz" LFS
    "*.onnx" LFS "*.ot" LFS "*.parquet" LFS "*.pb" LFS "*.pickle" LFS
    "*.pkl" LFS "*.pt" LFS "*.pth" LFS "*.rar" LFS "*.safetensors" LFS
    "saved_model/**/*" LFS "*.tar.*" LFS "*.tar" LFS "*.tflite" LFS "*.tgz" LFS
    "*.wasm" LFS "*.xz" LFS "*.zip" LFS "*.zst" LFS "*tfevents*" LFS;

const char *
rules_default(void)
{
    return default_attributes;
}

/*
 * A class like [a-z] or [!x]; *end is behind it.  NULL: not closed, or too
 * long for the steps that are left.
 */
static bool
fits_class(const char *pattern, char c, const char **end, int *steps)
{
    const char *at = pattern + 1;
    bool is_negated = *at == '!' || *at == '^';
    bool is_found = false;

    at += is_negated;
    for (bool is_first = true; *at != '\0' && (is_first || *at != ']');
         is_first = false) {
        char low = *at++;
        char high = low;

        if (--*steps < 0)
            break;

        if (low == '\\' && *at != '\0')
            low = high = *at++;
        if (*at == '-' && at[1] != ']' && at[1] != '\0') {
            high = at[1];
            at += 2;
        }
        is_found = is_found || (c >= low && c <= high);
    }
    *end = *at == ']' && *steps >= 0 ? at + 1 : NULL;
    return *end != NULL && is_found != is_negated;
}

static bool fits(const char *pattern, const char *text, int *steps);

/* Two stars: any number of whole folders, or all that is below one. */
static bool
fits_stars(const char *pattern, const char *text, int *steps)
{
    if (pattern[2] == '\0')
        return true;
    if (pattern[2] != '/')
        return false;
    if (fits(pattern + 3, text, steps))
        return true;
    for (; *text != '\0'; text++)
        if (*text == '/' && fits(pattern + 3, text + 1, steps))
            return true;
    return false;
}

static bool
fits_star(const char *pattern, const char *text, int *steps)
{
    for (;; text++) {
        if (fits(pattern + 1, text, steps))
            return true;
        if (*text == '\0' || *text == '/')
            return false;
    }
}

/* Whether the whole text is what the pattern says; '*' stops at '/'. */
static bool
fits(const char *pattern, const char *text, int *steps)
{
    const char *start = pattern;

    for (; *pattern != '\0'; pattern++, text++) {
        const char *end;

        if (--*steps < 0)
            return false;
        if (*pattern == '*' && pattern[1] == '*' &&
            (pattern == start || pattern[-1] == '/'))
            return fits_stars(pattern, text, steps);
        if (*pattern == '*')
            return fits_star(pattern, text, steps);
        if (*text == '\0')
            return false;
        if (*pattern == '[') {
            if (*text == '/' || !fits_class(pattern, *text, &end, steps))
                return false;
            pattern = end - 1;
            continue;
        }
        if (*pattern == '?' && *text != '/')
            continue;
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        if (*pattern != *text)
            return false;
    }
    return *text == '\0';
}

static bool
fits_rule(const struct rule *rule, const char *path, int *steps)
{
    const char *name = strrchr(path, '/');

    if (!rule->is_anchored && name != NULL)
        path = name + 1;
    return fits(rule->pattern, path, steps);
}

/* Cuts '/' at the ends; false when nothing is left. */
static bool
add_rule(struct rule *out, struct arena *arena, const char *text, size_t length)
{
    *out = (struct rule){.is_negated = *text == '!'};
    text += out->is_negated;
    length -= out->is_negated;
    if (length > 0 && text[length - 1] == '/') {
        out->is_folder = true;
        length--;
    }
    out->is_anchored = memchr(text, '/', length) != NULL;
    if (length > 0 && *text == '/') {
        text++;
        length--;
    }
    out->pattern = arena_bytes(arena, text, length);
    return length > 0;
}

static size_t
line_length(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));

    return (size_t)((newline != NULL ? newline : end) - line);
}

/* Makes a rule of a line; false for one that is none. */
typedef bool line_reader(struct rule *out, struct arena *arena,
                         const char *line, size_t length);

static bool
read_ignore(struct rule *out, struct arena *arena, const char *line,
            size_t length)
{
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
        length--;
    return length > 0 && *line != '#' && add_rule(out, arena, line, length);
}

/* Whether one of the words between blanks is the one asked for. */
static bool
has_word(const char *line, size_t length, const char *word)
{
    size_t wanted = strlen(word);

    for (size_t i = 0; i + wanted <= length; i++)
        if (strncmp(line + i, word, wanted) == 0 &&
            (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t') &&
            (i + wanted == length || strchr(" \t\r", line[i + wanted])))
            return true;
    return false;
}

static bool
read_weights(struct rule *out, struct arena *arena, const char *line,
             size_t length)
{
    size_t pattern = 0;
    bool is_set = has_word(line, length, "filter=lfs");

    while (pattern < length && line[pattern] != ' ' && line[pattern] != '\t')
        pattern++;
    if (pattern == 0 || *line == '#' || *line == '!' ||
        (!is_set && !has_word(line, length, "-filter") &&
         !has_word(line, length, "!filter")))
        return false;
    if (!add_rule(out, arena, line, pattern))
        return false;
    out->is_negated = !is_set;
    return true;
}

/* How many rules there may be at most: a short file takes little memory. */
static size_t
count_lines(const char *bytes, const char *end)
{
    size_t count = 0;

    for (; bytes < end && count < RULES_LIMIT; count++)
        bytes += line_length(bytes, end) + 1;
    return count;
}

static void
parse(struct rules *out, struct arena *arena, const char *bytes, size_t length,
      line_reader *reader)
{
    struct rule *rules;
    const char *end;

    if (length > RULES_FILE_LIMIT_BYTES)
        length = RULES_FILE_LIMIT_BYTES;
    end = bytes + length;
    rules = arena_array(arena, count_lines(bytes, end), sizeof(*rules));
    *out = (struct rules){rules, 0, RULES_STEPS};
    for (const char *line = bytes; line < end && out->count < RULES_LIMIT;) {
        size_t here = line_length(line, end);

        if (here > 0 && reader(&rules[out->count], arena, line, here))
            out->count++;
        line += here + 1;
    }
}

void
rules_parse_ignore(struct rules *out, struct arena *arena, const char *bytes,
                   size_t length)
{
    parse(out, arena, bytes, length, read_ignore);
}

void
rules_parse_weights(struct rules *out, struct arena *arena, const char *bytes,
                    size_t length)
{
    parse(out, arena, bytes, length, read_weights);
}

/* Whether the last rule that fits ignores the path. */
static bool
is_ignored_here(const struct rules *rules, const char *path, bool is_folder,
                int *steps)
{
    for (size_t i = rules->count; i > 0 && *steps > 0; i--) {
        const struct rule *rule = &rules->rules[i - 1];

        if ((!rule->is_folder || is_folder) && fits_rule(rule, path, steps))
            return !rule->is_negated;
    }
    return false;
}

/* The steps for one path. */
static int
open_steps(const struct rules *rules)
{
    return rules->steps_left < STEPS_LIMIT ? (int)rules->steps_left
                                           : STEPS_LIMIT;
}

/* Takes what a path used from what all may. */
static void
close_steps(struct rules *rules, int left)
{
    rules->steps_left -= open_steps(rules) - (left > 0 ? left : 0);
}

bool
rules_is_ignored(struct rules *rules, const char *path)
{
    struct arena *arena = arena_open();
    char *folder = arena_text(arena, path);
    bool is_ignored = false;
    int steps = open_steps(rules);

    /* A file in an ignored folder can't be taken back by a rule of its own. */
    for (char *at = folder; !is_ignored && (at = strchr(at, '/')) != NULL;) {
        *at = '\0';
        is_ignored = is_ignored_here(rules, folder, true, &steps);
        *at++ = '/';
    }
    is_ignored = is_ignored || is_ignored_here(rules, path, false, &steps);
    close_steps(rules, steps);
    arena_free(arena);
    return is_ignored;
}

bool
rules_is_weights(struct rules *rules, const char *path)
{
    int steps = open_steps(rules);
    bool is_weights = false;

    for (size_t i = rules->count; i > 0 && steps > 0; i--)
        if (fits_rule(&rules->rules[i - 1], path, &steps)) {
            is_weights = !rules->rules[i - 1].is_negated;
            break;
        }
    close_steps(rules, steps);
    return is_weights;
}
