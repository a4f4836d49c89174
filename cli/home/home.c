#include "cli/home/home.h"

#include <stddef.h>
#include <stdlib.h>

/* The value of a variable that is set to something; else NULL. */
static const char *
variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* $variable, else $HOME/fallback, and below it weighhouse. */
static const char *
below(struct arena *arena, const char *name, const char *fallback)
{
    const char *base = variable(name);
    const char *person = variable("HOME");

    if (base != NULL && base[0] == '/')
        return arena_format(arena, "%s/weighhouse", base);
    if (person == NULL)
        return NULL;
    return arena_format(arena, "%s/%s/weighhouse", person, fallback);
}

/* As huggingface_hub finds it (constants.py). */
static const char *
find_hub(struct arena *arena)
{
    const char *path = variable("HF_HUB_CACHE");
    const char *person = variable("HOME");

    if (path != NULL)
        return path;
    path = variable("HUGGINGFACE_HUB_CACHE");
    if (path != NULL)
        return path;
    path = variable("HF_HOME");
    if (path != NULL)
        return arena_format(arena, "%s/hub", path);
    path = variable("XDG_CACHE_HOME");
    if (path != NULL)
        return arena_format(arena, "%s/huggingface/hub", path);
    if (person == NULL)
        return NULL;
    return arena_format(arena, "%s/.cache/huggingface/hub", person);
}

int
home_find(struct home *out, struct arena *arena, struct error *err)
{
    const char *one = variable("WEIGH_HOME");

    out->hub = find_hub(arena);
    if (one != NULL) {
        out->settings = out->data = one;
        out->cache = arena_format(arena, "%s/cache", one);
    } else {
        out->settings = below(arena, "XDG_CONFIG_HOME", ".config");
        out->data = below(arena, "XDG_DATA_HOME", ".local/share");
        out->cache = below(arena, "XDG_CACHE_HOME", ".cache");
    }
    if (out->hub == NULL && one != NULL)
        out->hub = arena_format(arena, "%s/hub", one);
    if (out->hub == NULL || out->settings == NULL || out->data == NULL ||
        out->cache == NULL)
        return error_set(err, ERROR_USAGE,
                         "no home: set HOME or WEIGH_HOME to a folder");
    return 0;
}
