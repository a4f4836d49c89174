#include "storage/git/library.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started; /* written once, under once */

static void
start(void)
{
    static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA,
                                 GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                                 GIT_CONFIG_LEVEL_GLOBAL};

    if (git_libgit2_init() < 0)
        return;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") < 0)
            return;
    started = 1;
}

int
library_start(struct error *err)
{
    pthread_once(&once, start);
    if (!started)
        return error_set(err, ERROR_INTERNAL, "git is not available");
    return 0;
}

int
library_refuse(struct view *view, const char *what, struct error *err)
{
    const git_error *last = git_error_last();

    if (view->failure.code != ERROR_NONE) {
        *err = view->failure;
        view->failure.code = ERROR_NONE;
        return -1;
    }
    error_set(err, ERROR_INTERNAL, NULL);
    return error_set_cause(err, "git: %s: %s", what,
                           last != NULL ? last->message : "unknown");
}
