#include "storage/base/twin.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/text.h"

struct folded {
    const struct twin_path *of;
    const char *text;
};

static int
compare_folded(const void *a, const void *b)
{
    return text_compare_paths(((const struct folded *)a)->text,
                              ((const struct folded *)b)->text);
}

static int
check_pair(const struct folded *a, const struct folded *b, struct error *err)
{
    size_t length = strlen(a->text);

    if ((a->of->is_old && b->of->is_old) ||
        strncmp(a->text, b->text, length) != 0)
        return 0;
    if (b->text[length] == '\0')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%.400s and %.400s would be one file on some disks",
                         a->of->path, b->of->path);
    if (b->text[length] == '/')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%.400s cannot be a file and the folder of %.400s",
                         a->of->path, b->of->path);
    return 0;
}

/*
 * In the order of parts a file comes right before what lies in a folder of the
 * same name, and equal names lie together, so neighbours tell all.
 */
int
twin_check(const struct twin_path *paths, size_t count, struct error *err)
{
    struct arena *arena = arena_open();
    struct folded *folded = arena_array(arena, count, sizeof(*folded));
    int result = 0;

    for (size_t i = 0; i < count; i++)
        folded[i] = (struct folded){&paths[i], text_fold(arena, paths[i].path)};
    if (count > 1)
        qsort(folded, count, sizeof(*folded), compare_folded);
    for (size_t i = 1; i < count && result == 0; i++)
        result = check_pair(&folded[i - 1], &folded[i], err);
    arena_free(arena);
    return result;
}
