/*
 * home: the folders in which weigh keeps what is one person's.
 *
 * settings holds the login, keys and pins, and is readable by the person alone;
 * data holds receipts, which outlive everything; cache holds what can be made
 * again; hub is the Hub's own cache, shared with every tool that reads it.
 * $WEIGH_HOME moves the first three into one folder.
 */
#ifndef CLI_HOME_HOME_H
#define CLI_HOME_HOME_H

#include "storage/base/arena.h"
#include "storage/base/error.h"

struct home {
    const char *settings;
    const char *data;
    const char *cache;
    const char *hub;
};

/*
 * Finds the folders by the environment and makes none.  ERROR_USAGE when there
 * is neither $HOME nor another way to tell.  Texts live in the arena.
 */
int home_find(struct home *out, struct arena *arena, struct error *err);

#endif
