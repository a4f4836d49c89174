#include "storage/git/setting.h"

#include <git2/sys/config.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>

#include "storage/git/handle.h"

/*
 * Packs are made while somebody waits: what is large is packed without looking
 * for what it resembles, and looking takes bounded memory.  libgit2 1.5 reads
 * the size that is large from the name of another setting (pack-objects.c,
 * packbuilder_config), so both are given.
 */
static const struct {
    const char *name;
    const char *value;
} settings[] = {
    {"core.bigfilethreshold", "1048576"},
    {"pack.deltacachesize", "1048576"},
    {"pack.windowmemory", "16777216"},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

struct iterator {
    git_config_iterator parent; /* first: libgit2 sees only this */
    git_config_entry entry;     /* the one given last: the iterator's */
    size_t next;
};

static void
free_entry(git_config_entry *entry)
{
    free(entry);
}

static git_config_entry *
make_entry(size_t i)
{
    git_config_entry *entry = xcalloc(1, sizeof(*entry));

    entry->name = settings[i].name;
    entry->value = settings[i].value;
    entry->level = GIT_CONFIG_LEVEL_APP;
    entry->free = free_entry;
    return entry;
}

static int
find_setting(git_config_backend *backend, const char *name,
             git_config_entry **out)
{
    (void)backend;
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0) {
            *out = make_entry(i);
            return 0;
        }
    return GIT_ENOTFOUND;
}

static int
open_backend(git_config_backend *backend, git_config_level_t level,
             const git_repository *repository)
{
    (void)backend;
    (void)level;
    (void)repository;
    return 0;
}

static int
next_entry(git_config_entry **out, git_config_iterator *parent)
{
    struct iterator *iterator = (struct iterator *)parent;

    if (iterator->next == SETTINGS)
        return GIT_ITEROVER;
    iterator->entry = (git_config_entry){
        .name = settings[iterator->next].name,
        .value = settings[iterator->next].value,
        .level = GIT_CONFIG_LEVEL_APP,
    };
    iterator->next++;
    *out = &iterator->entry;
    return 0;
}

static void
free_iterator(git_config_iterator *parent)
{
    free(parent);
}

static int
open_iterator(git_config_iterator **out, git_config_backend *backend)
{
    struct iterator *iterator = xcalloc(1, sizeof(*iterator));

    (void)backend;
    iterator->parent.next = next_entry;
    iterator->parent.free = free_iterator;
    *out = &iterator->parent;
    return 0;
}

static void
free_backend(git_config_backend *backend)
{
    free(backend);
}

static git_config_backend *make_backend(void);

/* It never changes, so that a snapshot is one more of the same. */
static int
make_snapshot(git_config_backend **out, git_config_backend *backend)
{
    (void)backend;
    *out = make_backend();
    return 0;
}

static git_config_backend *
make_backend(void)
{
    git_config_backend *backend = xcalloc(1, sizeof(*backend));

    git_config_init_backend(backend, GIT_CONFIG_BACKEND_VERSION);
    backend->readonly = 1;
    backend->open = open_backend;
    backend->get = find_setting;
    backend->iterator = open_iterator;
    backend->snapshot = make_snapshot;
    backend->free = free_backend;
    return backend;
}

int
setting_attach(struct view *view)
{
    git_config_backend *backend = make_backend();
    git_config *config = NULL;
    int outcome = git_config_new(&config);

    if (outcome == 0)
        outcome = git_config_add_backend(config, backend, GIT_CONFIG_LEVEL_APP,
                                         NULL, 0);
    if (outcome < 0)
        free(backend);
    else
        outcome = git_repository_set_config(view->git, config);
    git_config_free(config);
    return outcome;
}
